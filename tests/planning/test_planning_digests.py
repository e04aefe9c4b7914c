"""Digests, plan files, comparison, carrying over: what is the same and what is not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.planning_builders import act, book, estate, host, many, phase, planned, run
from runbook_engine.model.errors import NotValid
from runbook_engine.model.estate import Estate, SshSettings
from runbook_engine.model.plan import Plan
from runbook_engine.model.runbook import ApprovalRule, Param, RollBack, Runbook, Takes, Who
from runbook_engine.model.text import SecretRef, plain
from runbook_engine.model.words import Per, TaskId
from runbook_engine.planning import (
    carried,
    compare,
    digest_of,
    fingerprint,
    leaves,
    read_plan,
    unchanged_phases,
    write_plan,
)

PARAMS = [Param(name="v", default="1.0", required=False), Param(name="key", secret=True, default="env:KEY", required=False)]
HOSTS = estate(*(host(n, vars={"v": i}) for i, n in enumerate("abcd")), groups={"web": list("abcd"), "few": list("abc")})


def whole(**change: object) -> Runbook:
    """A runbook with something of everything; `change` replaces what one of its parts says."""

    def get(name: str, default: object) -> object:
        return change.get(name, default)

    before = act("before", "local", {"command": "say {{ params.key }}"})
    steps = (
        run("read", get("read", "fwtool --version"), save_as="old", title=get("title", "Read on {{ host.name }}")),
        run(
            "flash",
            get("flash", "fwtool --install {{ params.v }} --on {{ host.name }} {{ old.stdout }}"),
            when=get("when", ""),
            verify=get("verify", "check {{ host.name }}"),
            takes=get("takes", Takes(low_s=60.0, high_s=120.0)),
            who=get("who", (Who(person="ana"),)),
            hosts=get("hosts", None),
            barrier=get("barrier", False),
            roll_back=get("back", RollBack(none="nothing to undo")),
        ),
    )
    first = phase(
        "p", before, *steps, batches=get("batches", [1, "50%"]), max_failures=get("most", 1), window=get("window", "")
    )
    second = phase("q", run("end", "say {{ host.name }}"), act("u", "template", {"from": "f", "to": "/t"}))
    third = phase("r", run("last", "true"), hosts="few")
    return book(first, second, third, params=PARAMS, **{k: change[k] for k in ("why", "approvals", "start") if k in change})


def plan_of(on: Estate = HOSTS, file: bytes = b"x {{ host.name }}", v: str = "1.0", **change: object) -> Plan:
    """The plan of the whole runbook."""
    return planned(whole(**change), on, {"f": file}, v=v)


BASE = plan_of()
OTHER_ADDRESS = replace(HOSTS, hosts={**HOSTS.hosts, "d": replace(HOSTS.hosts["d"], address="10.9.9.9")})
OTHER_USER = replace(HOSTS, hosts={**HOSTS.hosts, "a": replace(HOSTS.hosts["a"], ssh=SshSettings(user="x"))})
MORE = estate(*(host(n) for n in "abcde"), groups={"web": list("abcde"), "few": list("abc")})

CHANGES: list[tuple[str, Callable[[], Plan], str, str]] = [
    ("command", lambda: plan_of(flash="fwtool --install {{ params.v }}"), "p", "command changed"),
    ("guard of the next step", lambda: plan_of(verify="check2"), "p", "verified by changed"),
    ("title", lambda: plan_of(title="Look at {{ host.name }}"), "p", "title changed"),
    ("condition", lambda: plan_of(when="old.stdout != '1.0'"), "p", "condition changed"),
    ("hosts by condition", lambda: plan_of(when="host.name != 'd'"), "p", "left out"),
    ("hosts", lambda: plan_of(hosts="few"), "p", "1 hosts removed"),
    ("time", lambda: plan_of(takes=Takes(low_s=60.0, high_s=121.0)), "p", "planned time changed"),
    ("people", lambda: plan_of(who=(Who(person="tom"),)), "p", "people changed"),
    ("way back", lambda: plan_of(back=RollBack(none="too late")), "p", "way back changed"),
    ("batches", lambda: plan_of(batches=[2]), "p", "batches changed"),
    ("failures", lambda: plan_of(most=2), "p", "failures allowed changed"),
    ("window", lambda: plan_of(window="night"), "p", "window changed"),
    ("order", lambda: plan_of(barrier=True), "p", "what it waits for changed"),
    ("parameter", lambda: plan_of(v="2.0"), "p", "value changed"),
    ("file", lambda: plan_of(file=b"y {{ host.name }}"), "q", "command changed"),
    ("address", lambda: plan_of(on=OTHER_ADDRESS), "pq", "how it is reached changed"),
    ("user", lambda: plan_of(on=OTHER_USER), "pqr", "how it is reached changed"),
    ("more hosts", lambda: plan_of(on=MORE), "pq", "1 hosts added"),
    ("reason", lambda: plan_of(why="another"), "", "why changed"),
    ("approvals", lambda: plan_of(approvals=(ApprovalRule(by="eva", before="p"),)), "p", "approvals changed"),
    ("start", lambda: plan_of(start=date(2026, 11, 30)), "pqr", "start changed"),
]


@pytest.mark.law(1)
@pytest.mark.parametrize(("name", "make", "phases", "said"), CHANGES, ids=[c[0] for c in CHANGES])
def test_a_change_changes_the_digest_and_the_leaves_it_touches(
    name: str, make: Callable[[], Plan], phases: str, said: str
) -> None:
    """L1: whatever differs gives another digest, the leaf of exactly the phases it touches, and words for it."""
    other = make()
    assert other.digest != BASE.digest
    assert set(unchanged_phases(BASE, other)) == set("pqr") - set(phases)
    found = compare(BASE, other)
    assert any(said in d.what for d in found), found
    assert {d.phase for d in found if d.phase} <= set(phases)


@pytest.mark.law(1)
def test_the_same_files_give_the_same_digest() -> None:
    """L1: planning twice gives the same plan, byte for byte; where the runbook was read from does not matter."""
    again = plan_of()
    assert write_plan(again) == write_plan(BASE)
    assert compare(BASE, again) == ()
    assert digest_of(replace(BASE, file="elsewhere.yml")) == BASE.digest
    assert unchanged_phases(BASE, again) == ("p", "q", "r")


def test_a_new_phase_leaves_the_others_their_leaves() -> None:
    """Adding a phase at the end voids no approval of another."""
    old = planned(book(phase("p", run("one"))), HOSTS)
    new = planned(book(phase("p", run("one")), phase("q", run("two", title="Two"), title="The second")), HOSTS)
    assert unchanged_phases(old, new) == ("p",)
    assert [(d.where, d.what, d.after) for d in compare(old, new)] == [("phase q", "added", "The second")]
    assert [(d.where, d.what) for d in compare(new, old)] == [("phase q", "removed")]


def test_a_phase_that_is_alone_has_the_hosts_of_its_places() -> None:
    """Those of the inventory, also where the plan does nothing; one more host there is another plan."""
    hosts = [host(n, site="s1" if n in "abd" else "s2", rack="r9" if n == "c" else "") for n in "abcd"]
    on = estate(*hosts, groups={"web": ["a"]})
    made = planned(book(phase("p", run("x"), alone_at=("s1",)), phase("q", run("y"), alone_at=("r9",))), on)
    assert [p.alone_with for p in made.phases] == [("a", "b", "d"), ("c",)]
    more = planned(book(phase("p", run("x"), alone_at=("s1",))), estate(*hosts, host("e", site="s1"), groups={"web": ["a"]}))
    assert more.phases[0].leaf != made.phases[0].leaf
    assert read_plan(write_plan(made), "p.plan").phases == made.phases


def test_a_comparison_says_before_and_after() -> None:
    """The command of a step is told as it was and as it will be, with the values of the first host."""
    found = next(
        d for d in compare(BASE, plan_of(flash="fwtool {{ host.name }} {{ params.v }}")) if d.what == "command changed"
    )
    assert found.where == "step p/flash"
    assert found.before == "fwtool --install 1.0 --on a (known after p/read: stdout)"
    assert found.after == "fwtool a 1.0"
    assert found.phase == "p"


def test_steps_added_and_removed_are_told() -> None:
    """A step that only one plan has is named with what it does."""
    old = planned(book(phase("p", run("one", "first"), run("two", "second"))), HOSTS)
    new = planned(book(phase("p", run("one", "first"), run("three", "third"))), HOSTS)
    said = [(d.where, d.what, d.before, d.after) for d in compare(old, new)]
    assert ("step p/two", "removed", "two", "") in said
    assert ("step p/three", "added", "", "third") in said


def test_only_values_of_a_host_are_told_by_host() -> None:
    """When nothing but a host's own value changes, the host is named with before and after."""
    made = book(phase("p", run("s", "x {{ vars.v }}")))
    changed = replace(HOSTS, hosts={**HOSTS.hosts, "b": replace(HOSTS.hosts["b"], vars={"v": "new"})})
    found = compare(planned(made, HOSTS), planned(made, changed))
    assert [(d.what, d.before, d.after) for d in found] == [("values of 1 hosts changed (b)", "b: 1", "b: new")]


def test_a_plan_survives_its_file() -> None:
    """What is read is what was written, in the same order."""
    read = read_plan(write_plan(BASE), "x.plan")
    assert read == BASE
    assert list(read.packages) == list(BASE.packages)
    assert list(read.targets) == list(BASE.targets)
    assert {p.id: p.leaf for p in read.phases} == leaves(read)


@pytest.mark.law(1)
@settings(max_examples=600, deadline=None)
@given(st.data())
def test_no_byte_of_a_plan_file_can_change_unnoticed(data: st.DataObject) -> None:
    """L1: one changed, lost or added byte anywhere is refused with the place."""
    whole_file = SMALL_FILE
    at = data.draw(st.integers(0, len(whole_file) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != whole_file[at]))
    kind = data.draw(st.sampled_from(["flip", "lose", "add"]))
    changed = {
        "flip": whole_file[:at] + bytes([byte]) + whole_file[at + 1 :],
        "lose": whole_file[:at] + whole_file[at + 1 :],
        "add": whole_file[:at] + bytes([byte]) + whole_file[at:],
    }[kind]
    with pytest.raises(NotValid) as caught:
        read_plan(changed, "x.plan")
    assert str(caught.value.mistakes[0].place) == "x.plan:1:1"


SMALL_FILE = write_plan(planned(book(phase("p", run("s", "x {{ host.name }}", takes=Takes(low_s=1.5, high_s=60.0)))), HOSTS))


@pytest.mark.law(1)
def test_every_position_of_a_plan_file_is_guarded() -> None:
    """L1: a sweep with one flip at each byte, not a sample."""
    refused = 0
    for at in range(len(SMALL_FILE)):
        with pytest.raises(NotValid):
            read_plan(SMALL_FILE[:at] + bytes([SMALL_FILE[at] ^ 1]) + SMALL_FILE[at + 1 :], "x")
        refused += 1
    assert refused == len(SMALL_FILE)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not a plan"),
        (b"runbook: x\n", "not a plan"),
        (b"\xff\xfe", "not UTF-8"),
        (b"{}", "not a plan"),
        (b"[" * 100_000, "not a plan"),
        (b'{"kind":"runbook-plan","format":2}', "format 2"),
        (b'{"kind":"runbook-plan","format":1}', "damaged"),
        (write_plan(BASE).replace(b"fwtool --install", b"fwtool --remove!"), "in p"),
        (write_plan(BASE).replace(b"because", b"Because"), "outside its phases"),
        (write_plan(BASE).rstrip(b"\n"), "changed after it was written"),
        (write_plan(BASE).replace(b"{", b"{ ", 1), "changed after it was written"),
        (write_plan(BASE).replace(b'"file":"book.yml"', b'"file":"evil.yml"'), "changed after it was written"),
    ],
)
def test_what_is_no_plan_is_refused_and_says_why(data: bytes, said: str) -> None:
    """Not a plan, another format, or changed: the phase that was changed is named."""
    with pytest.raises(NotValid) as caught:
        read_plan(data, "x.plan")
    assert said in caught.value.mistakes[0].message
    assert "runbook plan" in caught.value.mistakes[0].hint


def test_a_plan_changed_consistently_is_another_plan() -> None:
    """Whoever changes a plan and seals it again gets another digest, which no approval names."""
    from runbook_engine.planning.digests import sealed

    forged = sealed(replace(BASE, title="Another"))
    assert read_plan(write_plan(forged), "x") == forged
    assert forged.digest != BASE.digest


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"title": "Another title of {{ host.name }} {{ host.address }}"}, True),
        ({"who": (), "takes": None}, True),
        ({"most": 3, "window": "night"}, True),
        ({"flash": "other {{ host.name }}"}, False),
        ({"verify": "other"}, False),
        ({"when": "old.stdout == 'x'"}, False),
        ({"v": "2.0"}, False),
        ({"on": OTHER_USER}, False),
    ],
)
def test_finished_work_is_carried_over_when_what_decides_it_is_equal(change: dict[str, object], same: bool) -> None:
    """A title, a person or a window does not undo work; a command, a check, a condition or another address does."""
    task = TaskId("p/flash@a")
    new = plan_of(**change)
    assert (fingerprint(BASE, task) == fingerprint(new, task)) is same
    assert carried(BASE, new, [task]) == (((task,), ()) if same else ((), (task,)))


def test_what_a_new_plan_no_longer_has_is_not_carried_over() -> None:
    """A task that is gone, or is now another host's, counts as changed."""
    new = plan_of(hosts="few", batches=[1])
    done = [TaskId(t) for t in ("p/before", "p/read@a", "p/flash#3@d", "p/read#3@d", "r/last@a")]
    assert carried(BASE, new, done) == (("p/before", "p/read@a", "r/last@a"), ("p/flash#3@d", "p/read#3@d"))
    with pytest.raises(KeyError):
        fingerprint(BASE, TaskId("p/flash@zzz"))


def test_carrying_over_many_tasks_is_quick() -> None:
    """The fingerprints of 30,000 tasks take a few seconds at most."""
    import time

    made = book(phase("p", *(run(f"s{n}", "x {{ host.name }}") for n in range(10))))
    plan = planned(made, many(3000))
    done = [TaskId(f"{p.id}@{h}") for p in plan.packages.values() for h in p.hosts]
    began = time.process_time()
    assert carried(plan, plan, done) == (tuple(done), ())
    assert time.process_time() - began < 8


@pytest.mark.law(5)
def test_no_secret_value_reaches_a_plan_file() -> None:
    """L5: a plan file names secrets; it could not hold their values, for planning never sees them."""
    on = estate(host("a", vars={"pw": SecretRef("cmd:pass show bmc")}), groups={"web": ["a"]})
    steps = (run("s", "x {{ vars.pw }}", environment=(("TOKEN", plain("{{ params.t }}")),)), run("o", per=Per.PHASE))
    data = write_plan(planned(book(phase("p", *steps), params=[Param(name="t", secret=True)]), on, t="env:TOKEN"))
    assert b"cmd:pass show bmc" in data
    assert b'"is":"SecretRef","name":"env:TOKEN"' in data
