"""A runbook against its estate: people, roles, skills, windows and resources must be there, and be enough."""

from dataclasses import replace
from pathlib import Path

import pytest

from runbook_engine.loading import check, load_runbook, settled
from runbook_engine.model.estate import Department, Estate, Host, Person, Resource, Window
from runbook_engine.model.runbook import Who
from runbook_engine.model.words import HostName

EXAMPLE = Path(__file__).parent / "data" / "rack12-install.yml"
PEOPLE = {
    "ana.duarte": Person(id="ana.duarte", department="infrastructure", skills={"datacenter-hands": 2}),
    "tom.li": Person(id="tom.li", department="infrastructure", skills={"datacenter-hands": 1}),
    "eva.koster": Person(id="eva.koster"),
}
ESTATE = Estate(
    people=PEOPLE,
    departments={
        "infrastructure": Department(name="infrastructure", head="eva.koster"),
        "finance": Department(name="finance", head="eva.koster"),
    },
    roles={"change-board": ("eva.koster", "tom.li"), "order-team": ("tom.li",)},
    windows={"night": Window(name="night"), "working-hours": Window(name="working-hours")},
    resources={"server-lift": Resource(name="server-lift", capacity=1)},
)


def found(estate, text=None, tmp_path=None):
    """The mistakes of the example, or of a changed one, against an estate."""
    file = EXAMPLE
    if text is not None:
        file = tmp_path / "try.yml"
        file.write_text(text)
    return [
        f"{m.place.line}:{m.place.column} {m.message} / {m.hint}".removesuffix(" / ") for m in check(load_runbook(file), estate)
    ]


def test_the_example_fits_its_estate():
    """Everything that it names is there."""
    assert found(ESTATE) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("window: night", "window: nigth"), "37:13 there is no window 'nigth' / did you mean 'night'?"),
        (
            ("owner: ana.duarte", "owner: ana.duart"),
            "4:8 there is no person, role or department 'ana.duart' / did you mean 'ana.duarte'?",
        ),
        (
            ("head-of-finance", "head-of-finances"),
            "11:54 there is no person, role or department 'head-of-finances' / did you mean 'head-of-finance'?",
        ),
        (
            ("by: change-board", "by: change-bord"),
            "16:10 there is no person, role or department 'change-bord' / did you mean 'change-board'?",
        ),
        (("firmware, count: 2", "firmware, count: 3"), "16:49 3 must sign, but change-board is 2 people"),
        (
            ("who: order-team", "who: order-teem"),
            "18:11 there is no person, role or department 'order-teem' / did you mean 'order-team'?",
        ),
        (
            ("skill: datacenter-hands", "skill: datacenter-hand"),
            "29:22 nobody has the skill 'datacenter-hand' / did you mean 'datacenter-hands'?",
        ),
        (
            ("skill: datacenter-hands", "skill: datacenter-hands, level: 2"),
            "29:57 2 different people are needed, but datacenter-hands at level 2 is 1 person",
        ),
        (
            ("{skill: datacenter-hands, count: 2}", "change-bord"),
            "29:14 there is no person, role or department 'change-bord' / did you mean 'change-board'?",
        ),
        (
            ("{skill: datacenter-hands, count: 2}", "[tom.li, {role: order-team, count: 2}]"),
            "29:49 2 different people are needed, but order-team is 1 person",
        ),
        (
            ("{skill: datacenter-hands, count: 2}", "[tom.li, order-team, {person: tom.li}]"),
            "29:44 tom.li is named already, and nobody is two people / name somebody else, or leave this out",
        ),
        (("{server-lift: 1}", "{server-lifts: 1}"), "30:16 there is no resource 'server-lifts' / did you mean 'server-lift'?"),
        (("{server-lift: 1}", "{server-lift: 2}"), "30:29 2 × server-lift are needed, but there are only 1"),
    ],
)
def test_each_unknown_name_is_told_with_the_nearest_one(tmp_path, change, expected):
    """A table of references that lead nowhere, or to too few."""
    text = EXAMPLE.read_text().replace(*change)
    assert found(ESTATE, text, tmp_path) == [expected]


def test_an_estate_without_people_or_resources_checks_none():
    """People and resources are optional; a window that a phase names is not."""
    bare = Estate(windows=ESTATE.windows)
    assert found(bare) == []
    assert found(replace(bare, windows={})) == [
        "22:13 there is no window 'working-hours' / write it in the inventory under windows:",
        "37:13 there is no window 'night' / write it in the inventory under windows:",
    ]


def test_a_place_to_be_alone_at_has_hosts(tmp_path):
    """A site or a rack of some host; the nearest one is told."""
    hosts = {HostName("r12-u01"): Host(name=HostName("r12-u01"), site="ams1", rack="r12")}
    change = ("window: night", "window: night\n    alone_at: [ams1, r13]")
    text = EXAMPLE.read_text().replace(*change)
    assert found(replace(ESTATE, hosts=hosts), text, tmp_path) == [
        "38:22 no host is in a site or rack 'r13' / did you mean 'r12'?"
    ]


def test_departments_and_their_heads_are_roles_by_themselves(tmp_path):
    """`who: infrastructure` means two people, `who: head-of-infrastructure` one."""
    for who, expected in (
        ("{role: infrastructure, count: 2}", []),
        ("{role: head-of-infrastructure}", []),
        ("infrastructure", []),
    ):
        text = EXAMPLE.read_text().replace("{skill: datacenter-hands, count: 2}", who)
        assert found(ESTATE, text, tmp_path) == expected


def test_a_bare_word_becomes_what_the_estate_knows(tmp_path):
    """A word is a person if there is one of that name, else a role."""
    file = tmp_path / "try.yml"
    file.write_text(
        EXAMPLE.read_text().replace("{skill: datacenter-hands, count: 2}", "[tom.li, change-board, {skill: datacenter-hands}]")
    )
    runbook = settled(load_runbook(file), ESTATE)
    assert runbook.phases[0].steps[0].who == (Who(person="tom.li"), Who(role="change-board"), Who(skill="datacenter-hands"))
