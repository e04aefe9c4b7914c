"""What is said of a rehearsal: it can never be taken for a live run."""

import json
from dataclasses import replace
from datetime import timedelta

from runbook_engine.model.rehearsal import FaultKind, Rehearsal
from runbook_engine.model.words import Status
from runbook_engine.reporting.rehearsal_data import rehearsal_data
from runbook_engine.reporting.rehearsal_text import rehearsal_log, rehearsal_text
from runbook_engine.simulating import rehearse_all, standard_faults
from simulating.small_plans import HOSTS, night, upgrade
from stand import START, manual, phase, plan


def standard():
    made = upgrade()
    return rehearse_all(made, standard_faults(made), 1, START)


def test_the_first_and_the_last_line_begin_with_rehearsal():
    """Whoever sees the beginning or the end of it knows what it is; and that nothing was touched."""
    for found in (standard(), night(upgrade())[0]):
        lines = rehearsal_text(found).splitlines()

        assert lines[0].startswith("REHEARSAL ")
        assert lines[-1].startswith("REHEARSAL ")
        assert "Nothing was touched" in lines[1]
        assert "Nothing was touched" in lines[-1]


def test_every_line_of_the_log_begins_with_rehearsal():
    """Also when a prompt has several lines: 'REHEARSAL 22:03:11 …'."""
    found, _ = night(plan(phase("p", [manual("p/a\nb", hosts=HOSTS[:1])])))
    lines = rehearsal_log(found).splitlines()

    assert len(lines) > 5
    assert all(line.startswith("REHEARSAL ") for line in lines)
    assert lines[2].startswith("REHEARSAL 22:00:00 run rehearsal created")


def test_a_night_over_midnight_names_its_days():
    """Hours alone would say nothing."""
    found, _ = night(upgrade(), (FaultKind.LATE, "ask/go"))

    assert [line for line in rehearsal_log(found).splitlines() if "Dec 2026" in line] == ["REHEARSAL Tue 1 Dec 2026"]


def test_the_report_names_nights_words_commands_and_branches():
    """Each fault with its place, how it ended, what had to be typed, and what was not tried."""
    text = rehearsal_text(standard(), file="up.plan")

    assert "ask/go is answered no-go" in text
    assert "REFUSED" in text
    assert "rolled back" in text
    assert "runbook resume rehearsal --skip" in text
    assert "up: more fails than is allowed (on_failure: roll_back)" in text
    assert "not tried  up/look: its host cannot be reached" in text
    assert "try them   runbook rehearse up.plan --fault " in text
    assert "Next: runbook run up.plan" in text


def test_a_single_night_tells_what_was_asked_and_typed():
    """With the time that people took."""
    text = rehearsal_text(night(upgrade())[0])

    assert "ask/go: go after " in text
    assert "runbook decide rehearsal ask/go --choice go" in text
    assert "took " in text
    assert "planned " in text


def dead_end() -> Rehearsal:
    found, one = night(upgrade())
    stuck = replace(one, ended=Status.UNKNOWN.value, as_planned=False, why="no command leads on", left=("up/install",))
    return replace(found, scenarios=(stuck,))


def test_a_dead_end_is_loud():
    """In its night, in the last line, and in what to do next."""
    text = rehearsal_text(dead_end())

    assert "NOT AS PLANNED: no command leads on" in text
    assert "Stays changed, and has no way back: up/install" in text
    assert text.splitlines()[-1].startswith("REHEARSAL  1 of 1 night ended where nobody can go on as the plan says.")
    assert "Next: runbook rehearse PLAN --seed 1 --log" in text


def test_the_data_say_what_the_values_say():
    """Plain JSON; lengths of time in seconds; all words of status counted."""
    found = standard()
    data = json.loads(json.dumps(rehearsal_data(found)))

    assert (data["format"], data["kind"], data["as_planned"]) == (1, "rehearsal", True)
    first = data["scenarios"][0]
    assert first["simulated_s"] == (found.scenarios[0].over - found.scenarios[0].began) / timedelta(seconds=1)
    assert set(first["tasks"]) == set(Status)
    assert {phase["phase"] for phase in first["phases"]} == {"ask", "up"}
    assert len(data["branches"]) == len(found.branches)
    assert "events" not in first


def test_the_data_hold_the_log_when_it_is_asked_for():
    """Each line marked, as in the log."""
    found = standard()
    data = rehearsal_data(found, log=True)

    assert all(event["text"].startswith("REHEARSAL ") for one in data["scenarios"] for event in one["events"])
    assert len(data["scenarios"][0]["events"]) == found.scenarios[0].recorded
