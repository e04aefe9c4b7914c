"""A promise for later is no harder to keep: with a later deadline no verdict is worse, and nothing new stands in the way."""

import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runbook_engine.cli import feasibility
from runbook_engine.cli.settings import settings as project_settings
from runbook_engine.model.estate import Leave
from runbook_engine.model.verdict import Feasible, Matter, Verdict
from runbook_engine.model.words import PersonId
from runbook_engine.scheduling.feasibility import verdict
from runbook_engine.scheduling.feasibility_case import Case
from scheduling.planted import AT, FAULTS, MONDAY, plant

BOOK = "runbooks/rack12.yml"
WORSE = (Feasible.YES, Feasible.AT_RISK, Feasible.NO)
AWAY = datetime.fromisoformat(AT) - timedelta(days=1)
FOUND = tuple(f for f in FAULTS if f.name in ("leave", "freeze", "certificate-expired", "limits", "travel"))


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    """The project that can be done, and with some faults, as the command makes them."""
    folder, before = tmp_path_factory.mktemp("promises"), Path.cwd()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUNBOOK_STATE", str(folder / "state"))
        patch.setenv("HOME", str(folder))
        os.chdir(folder)
        made = [_case(faults) for faults in ((), *((fault,) for fault in FOUND))]
    os.chdir(before)
    return made


def _case(faults) -> Case:
    plant(Path(), faults)
    place = project_settings(Path(BOOK))
    return feasibility._case(feasibility._read(BOOK, place, {}, None), place, datetime.fromisoformat(AT), probe=False)


def promised(case: Case, hours: int | None, away: dict[str, int]) -> Verdict:
    """The verdict if the end is promised so many hours after Monday 9:00, and people are away until then."""
    people = dict(case.estate.people)
    for name, until in away.items():
        person = PersonId(name)
        people[person] = replace(people[person], leave=(Leave(start=AWAY, end=MONDAY + timedelta(hours=until)),))
    by = None if hours is None else MONDAY + timedelta(hours=hours)
    return verdict(replace(case, plan=replace(case.plan, deadline=by), estate=replace(case.estate, people=people)))


def refused(told: Verdict) -> set[tuple[str, ...]]:
    """The approvals that stand in the way."""
    return {one.about for one in told.findings if one.matter is Matter.APPROVAL and one.blocks}


@given(
    number=st.integers(0, len(FOUND)),
    first=st.integers(1, 160),
    later=st.integers(1, 400) | st.none(),
    away=st.dictionaries(st.sampled_from(("eva.koster", "tom.li", "sam.ito", "ben.ott")), st.integers(1, 150), max_size=3),
)
@settings(max_examples=60, deadline=None)
@example(number=0, first=13, later=4, away={"eva.koster": 4})
@example(number=0, first=14, later=None, away={"eva.koster": 9, "ben.ott": 3})
def test_a_later_promise_makes_nothing_worse(cases, number, first, later, away):
    """Neither the verdict, nor what is said of an approval."""
    early = promised(cases[number], first, away)
    late = promised(cases[number], None if later is None else first + later, away)

    assert WORSE.index(late.feasible) <= WORSE.index(early.feasible)
    assert refused(late) <= refused(early)


def test_the_end_that_can_be_promised_is_told_and_can_be(cases):
    """Whoever must approve is back before the deadline, but too late for it: told with the end that holds, and it does."""
    found = [one for one in promised(cases[0], 13, {"eva.koster": 9}).findings if one.matter is Matter.APPROVAL]
    way = found[0].ways_out[-1].words

    assert found[0].blocks
    assert way.startswith("start phase cabling after Tue 1 Dec 2026 09:00 CET, and promise the end for ")
    ends = datetime.strptime(way.rpartition(" for ")[2].removesuffix(" CET"), "%a %d %b %Y %H:%M").astimezone(MONDAY.tzinfo)
    hours = int((ends - MONDAY).total_seconds() // 3600) + 1
    assert promised(cases[0], hours, {"eva.koster": 9}).feasible is Feasible.AT_RISK
