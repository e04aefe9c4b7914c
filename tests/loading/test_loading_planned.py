"""What a runbook says for whoever schedules it: lags, crews, milestones, dates, whose people. Each mistake at its place."""

from datetime import date, datetime
from pathlib import Path

import pytest

from runbook_engine.loading import check, load_runbook
from runbook_engine.model.errors import NotValid
from runbook_engine.model.estate import Estate, Person, Resource
from runbook_engine.model.jobs import LinkKind
from runbook_engine.model.runbook import Deadline, Lag, Runbook, Step, Takes, Who

HEAD = """\
runbook: try
title: Try it
kind: install
owner: ana
why: To see
impact: None
"""
STEPS = """\
phases:
  - id: p
    title: P
    steps:
      - {id: first, title: A, manual: x, who: ana}
"""


def runbook(folder: Path, text: str) -> Runbook:
    """The runbook with this text after its head."""
    file = folder / "try.yml"
    file.write_text(HEAD + text, encoding="utf-8")
    return load_runbook(file)


def step(folder: Path, written: str) -> Step:
    """The step that stands after the first one."""
    return runbook(folder, f"{STEPS}      - {{id: second, title: B, {written}}}\n").phases[0].steps[1]


def mistakes(folder: Path, text: str) -> list[str]:
    """Each mistake of a text after the head."""
    with pytest.raises(NotValid) as no:
        runbook(folder, text)
    return [f"{m.place.line}:{m.place.column} {m.message} / {m.hint}".removesuffix(" / ") for m in no.value.mistakes]


def test_a_step_follows_another_with_a_lag(tmp_path: Path) -> None:
    """Short and long entries stand side by side; a lead is a lag of less than nothing; what says nothing more has no lag."""
    found = step(tmp_path, "manual: y, needs: [{step: first, lag: 30m, kind: start-start, at_most: 2h}]")
    assert (found.needs, found.lags) == (
        ("first",),
        {"first": Lag(kind=LinkKind.START_START, lag_s=1800.0, at_most_s=7200.0)},
    )
    assert step(tmp_path, "manual: y, needs: [{step: p/first, lead: 10m}]").lags == {"p/first": Lag(lag_s=-600.0)}
    assert step(tmp_path, "manual: y, needs: [{step: first, kind: finish-start}]").lags == {}


def test_a_crew_counts_who_does_it(tmp_path: Path) -> None:
    """Of a single entry without a count it says how many; an entry that says the same is no mistake."""
    assert step(tmp_path, "who: {skill: hands, certificate: esd}, takes: {low: 2h, crew: 2, pausable: true}").who == (
        Who(skill="hands", count=2, certificate="esd"),
    )
    both = step(tmp_path, "who: [{skill: hands}, ana], takes: {low: 10m, high: 25m, crew: 2}")
    assert [w.count for w in both.who] == [1, 1]
    assert step(tmp_path, "who: ana, takes: {low: 2h, pausable: true}").takes == Takes(low_s=7200, high_s=7200, pausable=True)


def test_steps_without_length_and_milestones(tmp_path: Path) -> None:
    """A dummy of a plain project takes no time; a milestone needs nothing at all."""
    assert step(tmp_path, "takes: 0m").takes == Takes(low_s=0.0, high_s=0.0)
    reached = step(tmp_path, "milestone: true, deadline: {by: 2026-12-11, soft: true}")
    assert (reached.milestone, reached.deadline) == (True, Deadline(by=date(2026, 12, 11), soft=True))


def test_dates_of_runbook_phase_and_step(tmp_path: Path) -> None:
    """A deadline is hard unless it says that it is soft; the long form of the runbook's is the same."""
    text = STEPS.replace("    title: P", "    title: P\n    earliest: 2026-12-01 08:00\n    deadline: 2026-12-04")
    found = runbook(tmp_path, f"deadline: {{by: 2026-12-11, soft: true}}\npriority: -3\n{text}")
    assert (found.deadline, found.deadline_soft, found.priority) == (date(2026, 12, 11), True, -3)
    assert found.phases[0].earliest == datetime(2026, 12, 1, 8)  # noqa: DTZ001 - on the wall of the site
    assert found.phases[0].deadline == Deadline(by=date(2026, 12, 4))


def test_whose_people_do_it_and_where(tmp_path: Path) -> None:
    """One step or a list; on site or from anywhere."""
    found = step(tmp_path, "manual: y, other_people_than: first, on_site: false")
    assert (found.other_people_than, found.same_people_as, found.on_site) == (("first",), (), False)
    assert step(tmp_path, "manual: y, same_people_as: [p/first]").same_people_as == ("p/first",)


def test_an_included_step_means_its_own_neighbours(tmp_path: Path) -> None:
    """With a prefix the names of an included file still mean its own steps."""
    (tmp_path / "steps.yml").write_text(
        "steps:\n  - {id: mount, title: M, manual: m}\n"
        "  - {id: look, title: L, manual: l, needs: [{step: mount, lag: 1h}], other_people_than: mount}\n",
        encoding="utf-8",
    )
    found = runbook(tmp_path, "phases: [{id: p, title: P, steps: [{include: steps.yml, prefix: a-}]}]\n").phases[0].steps[1]
    assert (found.needs, dict(found.lags), found.other_people_than) == (
        ("a-mount",),
        {"a-mount": Lag(lag_s=3600.0)},
        ("a-mount",),
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("manual: y, needs: [{step: fist, lag: 5m}]", "the phase 'p' has no step 'fist' / did you mean 'first'?"),
        ("manual: y, needs: [{step: first, lag: 5m, lead: 1m}]", "lag is later and lead is earlier: say one of them"),
        (
            "manual: y, needs: [{step: first, lag: 2h, at_most: 1h}]",
            "at_most is shorter than lag, so that it could never start",
        ),
        ("manual: y, needs: [first, {step: first, lag: 2h}]", "'first' is needed twice / keep the entry with the lag"),
        ("manual: y, needs: [7]", "expected the id of a step, phase/step, or step, kind, lag and at_most, found number 7"),
        ("takes: {low: 1h, crew: 2}", "2 people do it, and nobody is named / add who, such as who: {skill: NAME}"),
        (
            "takes: {low: 1h, crew: 3}, who: {skill: hands, count: 2}",
            "the crew is 3, but who names 2 / say the same in both, or leave one out",
        ),
        ("run: x, takes: 0m", "run takes some time / say how long, or milestone: true if there is nothing to do"),
        (
            "milestone: true, run: x",
            "a milestone is a moment that is reached, not work: it has no run / take it out, or make a step of its own of it",
        ),
        ("milestone: true, takes: 5m", "a milestone takes no time / take it out"),
        (
            "milestone: true, earliest: 2026-12-05, deadline: 2026-12-04",
            "the deadline is before the earliest start, 2026-12-05 / change one of the two",
        ),
        ("manual: y, same_people_as: second", "a step cannot be compared with itself / name another step"),
        ("manual: y, other_people_than: [firts]", "the phase 'p' has no step 'firts' / did you mean 'first'?"),
        (
            "manual: y, same_people_as: first, other_people_than: first",
            "the people of 'first' are to do it, and must not / take one of the two out",
        ),
    ],
)
def test_what_contradicts_itself_is_said_at_its_place(tmp_path: Path, written: str, expected: str) -> None:
    """One mistake each, on the line of the step."""
    (found,) = mistakes(tmp_path, f"{STEPS}      - {{id: second, title: B, {written}}}\n")
    assert found.startswith("12:")
    assert found.split(" ", 1)[1] == expected


def test_a_way_back_and_a_check_are_no_milestones(tmp_path: Path) -> None:
    """Both are said at once."""
    more = "    healthy_when: [{milestone: true, title: H}]\n    roll_back: [{milestone: true, title: R}]\n"
    found = mistakes(tmp_path, STEPS + more)
    assert [m.partition(" ")[2].partition(" /")[0] for m in found] == [
        "a check is no milestone",
        "a step of the way back has no milestone: these steps follow each other as written, each once",
    ]


@pytest.mark.parametrize("needs", ["{step: first, lag: 1h}", "{step: first, lead: 1h, at_most: 2h, kind: finish-finish}"])
def test_the_run_keeps_every_way_to_follow(tmp_path: Path, needs: str) -> None:
    """Nothing of `needs` is among what has no effect yet."""
    kept = runbook(tmp_path, f"{STEPS}      - {{id: b, title: B, manual: y, deadline: 2026-12-01, needs: [{needs}]}}\n")
    assert kept.unenforced == ()


def test_certificates_and_parts_against_the_inventory(tmp_path: Path) -> None:
    """A certificate that nobody has is a mistake, and so are more people than have it; parts on order count as there."""
    text = f"{STEPS}      - {{id: b, title: B, who: {{skill: hands, certificate: WHICH, count: 2}}, uses: {{disk: 5}}}}\n"
    people = {
        "ana": Person(id="ana", skills={"hands": 1}, certificates={"esd": None}),
        "ben": Person(id="ben", skills={"hands": 1}),
    }
    estate = Estate(people=people, resources={"disk": Resource(name="disk", stock=1, arrives=((date(2026, 12, 3), 4),))})

    def found(certificate: str) -> list[str]:
        return [f"{m.message} / {m.hint}" for m in check(runbook(tmp_path, text.replace("WHICH", certificate)), estate)]

    assert found("esdd") == ["nobody has the certificate 'esdd' / did you mean 'esd'?"]
    assert found("esd") == ["2 different people are needed, but hands with the certificate esd is 1 person / "]
