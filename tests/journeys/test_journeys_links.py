"""Steps that must not end, or begin, at any time: what a person at the command line is refused, told, and lets go on."""

import re
import time

from journeys.command_line import Person, plain
from journeys.machines import HEAD

BOOK = (
    HEAD.format(name="together")
    + """phases:
  - id: work
    title: Work
    steps:
      - {id: swap, title: Swap the disk, manual: Swap it., takes: 1m}
      - id: watch
        title: Watch the other one
        manual: Watch it.
        takes: 1m
        needs: [{step: swap, kind: finish-finish, lag: LAG}]
      - {id: check, title: Check, manual: Check it., takes: 1s..1m, needs: [watch]}
      - {id: seal, title: Seal, local: 'true', takes: 1m, needs: [check, {step: swap, at_most: MOST}]}
"""
)


def run_of(person: Person, lag: str, most: str) -> None:
    """A run in which two tasks are open side by side."""
    person.writes("runbooks/together.yml", BOOK.replace("LAG", lag).replace("MOST", most))
    assert "NOT ENFORCED" not in person.types("validate", "runbooks/together.yml", code=0).all
    said = plain(person.types("run", "runbooks/together.yml", "--yes", code=5).all)
    assert "runbook done together-1 work/swap" in said
    assert "runbook done together-1 work/watch" in said


def test_what_is_done_too_early_is_refused_and_taken_later(person: Person) -> None:
    """With what holds it, until when, and what to type; `why`, `status` and the list of tasks say the same."""
    run_of(person, "2s", "1h")
    early = person.types("done", "last", "work/watch", code=4).err
    assert "work/watch may not end yet: it ends 2s after work/swap has ended; runbook why together-1 work/swap" in early
    why = plain(person.types("why", "last", "work/watch", code=0).out)
    assert "it ends 2s after work/swap has ended" in why
    told = plain(person.types("status", "last", code=5).out)
    assert "May not end yet" in told
    assert "runbook done together-1 work/swap" in told
    assert "runbook done together-1 work/watch" not in told
    assert "runbook done together-1 work/watch" not in why
    listed = {row["task"]: row for row in person.types("tasks", "last", "--json", code=0).json()["tasks"]}
    assert (listed["work/swap"]["ready"], listed["work/watch"]["ready"]) == (True, False)
    assert listed["work/watch"]["blocked_by"] == ["it ends 2s after work/swap has ended"]

    person.types("done", "last", "work/swap", code=0)
    begun = time.monotonic()
    offered = re.search(
        r"(from [^:]+:[0-9:]+ on: )?runbook done together-1 work/watch", plain(person.types("status", "last").out)
    )
    assert offered
    assert offered[1] or time.monotonic() - begun > 1
    early = person.types("done", "last", "work/watch")
    assert early.code == 4 or time.monotonic() - begun > 1
    if early.code == 4:
        assert "until 20" in early.err
        time.sleep(2.1)
        person.types("done", "last", "work/watch", code=0)
    person.types("resume", "last", code=5)
    person.types("done", "last", "work/check", code=0)
    person.types("resume", "last", code=0)


def test_what_is_late_waits_for_a_word_and_a_reason(person: Person) -> None:
    """How long there is left is said before, an alarm after; with the reason it is done, and the evidence holds it."""
    run_of(person, "0s", "3s")
    person.types("done", "last", "work/swap", code=0)
    told = person.types("status", "last", "--json", code=5).json()["limits"]
    assert [(one["task"], one["has_to"], one["of"], one["before"], one["at_most_s"]) for one in told] == [
        ("work/seal", "begin", "end", "work/swap", 3.0)
    ]
    person.types("done", "last", "work/watch", code=0)
    person.types("resume", "last", code=5)
    time.sleep(3)
    person.types("done", "last", "work/check", code=0)
    said = plain(person.types("resume", "last", code=5).all)
    assert "LATE: work/seal had to begin within 3s of the end of work/swap" in said
    assert "Next: runbook resume together-1 --late work/seal --reason TEXT" in said
    assert "ALARM" in plain(person.types("status", "last", code=5).out)
    assert "does not catch up by itself" in plain(person.types("why", "last", "work/seal", code=0).out)

    assert "--reason TEXT" in person.types("resume", "last", "--late", "seal", code=2).err
    assert "Nothing of watch is held" in person.types("resume", "last", "--late", "watch", "--reason", "x", code=4).err
    assert "Did you mean work/seal" in person.types("resume", "last", "--late", "work/seel", "--reason", "x", code=2).err
    person.types("resume", "last", "--late", "seal", "--reason", "the glue is still soft", code=0)
    assert "work/seal done although LATE" in plain(person.types("log", "last", code=0).out)
    page = person.folder / "proof.html"
    person.types("evidence", "last", "-o", str(page), code=0)
    assert "late, and done all the same" in page.read_text(encoding="utf-8")
    assert "the glue is still soft" in page.read_text(encoding="utf-8")


def test_a_run_that_is_over_is_not_rolled_back(person: Person) -> None:
    """It is refused before anything is shown as undone."""
    steps = "phases: [{id: work, title: Work, steps: [{id: look, title: Look, local: 'true', repeat: safe}]}]\n"
    person.writes("runbooks/small.yml", HEAD.format(name="small") + steps)
    person.types("run", "runbooks/small.yml", "--yes", code=0)
    refused = person.types("roll-back", "last", "--reason", "not wanted", "--yes", code=4)

    assert "small-1 is over (done): it cannot be rolled back any more" in refused.err
    assert "runbook log small-1" in refused.err
    assert "Undone" not in refused.all
