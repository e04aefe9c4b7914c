"""The order of a procedure, and what each answer of a host means."""

import pytest

from runbook_engine.model.attempts import Answer
from runbook_engine.model.commands import AskPerson, Procedure, Shell
from runbook_engine.model.text import Later, Text, plain
from runbook_engine.model.words import Lane, Purpose, Repeat, Status, StepId
from runbook_engine.workers.faults import LONGEST_MESSAGE
from workers.scripted import ScriptedLink, attempt, outcome_of, package, sh

WHOLE = Procedure(guard=(sh("guard"),), skip_if=(sh("skip"),), apply=(sh("one"), sh("two")), verify=(sh("verify"),))
NO = Answer(exit_code=3, stderr=b"first\nno space left on device\n")


@pytest.mark.parametrize(
    ("replies", "status", "code", "message", "asked"),
    [
        ({"skip": 1, "verify": [1, 0]}, Status.OK, 0, "", "guard skip verify one two verify"),
        ({"guard": NO}, Status.REFUSED, 3, "guard says no: first\nno space left on device", "guard"),
        ({"guard": Answer()}, Status.REFUSED, None, "guard says no", "guard"),
        ({"skip": 0}, Status.SKIPPED, 0, "skip_if says there is nothing to do", "guard skip"),
        ({"skip": Answer()}, Status.FAILED, None, "skip_if gave no answer, and nothing was started", "guard skip"),
        ({"skip": 127, "verify": 0}, Status.SKIPPED, 0, "verify says it is already done", "guard skip verify"),
        (
            {"skip": 1, "verify": NO},
            Status.FAILED,
            3,
            "verify cannot tell whether it is done, and nothing was started: first\nno space left on device",
            "guard skip verify",
        ),
        ({"skip": 1, "verify": 1, "one": NO}, Status.FAILED, 3, "first\nno space left on device", "guard skip verify one"),
        (
            {"skip": 1, "verify": 1, "one": Answer(exit_code=-1)},
            Status.UNKNOWN,
            None,
            "the command ended without an exit status",
            "guard skip verify one",
        ),
        ({"skip": 1, "verify": 1, "one": 4}, Status.FAILED, 4, "exit code 4, and not a word", "guard skip verify one"),
        ({"skip": 1, "verify": 1}, Status.FAILED, 1, "it ran, but verify says not done", "guard skip verify one two verify"),
        (
            {"skip": 1, "verify": [1, Answer()]},
            Status.UNKNOWN,
            None,
            "verify gave no answer afterwards",
            "guard skip verify one two verify",
        ),
    ],
)
def test_each_answer_has_its_outcome(tmp_path, replies, status, code, message, asked) -> None:
    """Guard, skip_if, verify, apply, verify: in this order, each stopping the rest, each with its own word."""
    link = ScriptedLink(replies)
    outcome = outcome_of(attempt(package(procedure=WHOLE)), link, tmp_path)
    assert (outcome.status, outcome.exit_code, outcome.message) == (status, code, message)
    assert link.asked == asked.split()


@pytest.mark.parametrize(
    ("reply", "status", "code"),
    [
        (0, Status.OK, 0),
        (1, Status.FAILED, 1),
        (2, Status.UNKNOWN, 2),
        (127, Status.UNKNOWN, 127),
        (Answer(), Status.UNKNOWN, None),
    ],
)
def test_a_verify_attempt_only_asks(tmp_path, reply, status, code) -> None:
    """Doubt is settled by verify alone: 0 is done, 1 is not done, anything else leaves the doubt."""
    link = ScriptedLink({"verify": reply})
    outcome = outcome_of(attempt(package(procedure=WHOLE), purpose=Purpose.VERIFY), link, tmp_path)
    assert (outcome.status, outcome.exit_code) == (status, code)
    assert link.asked == ["verify"]


def test_doubt_without_a_verify_stays_doubt(tmp_path) -> None:
    """Nothing is guessed when there is nothing to ask."""
    outcome = outcome_of(attempt(purpose=Purpose.VERIFY), ScriptedLink(), tmp_path)
    assert outcome.status is Status.UNKNOWN


def test_error_text_is_bounded_harmless_and_the_last_of_it(tmp_path) -> None:
    """What a person reads of a failure is its end, at most 2,000 characters, and cannot act on a terminal."""
    noise = b"".join(b"line %d\n" % n for n in range(2000)) + b"\x1b]0;title\x07\x1b[31mdisk \xff full\x1b[0m\r\n"
    link = ScriptedLink({"apply": Answer(exit_code=1, stderr=noise)})
    message = outcome_of(attempt(), link, tmp_path).message
    assert len(message) <= LONGEST_MESSAGE
    assert message.endswith("\\x1b]0;title\\x07disk \ufffd full")
    assert message.startswith("line ")


def test_stdout_speaks_when_stderr_is_silent(tmp_path) -> None:
    """Tools that complain on stdout are heard too."""
    outcome = outcome_of(attempt(), ScriptedLink({"apply": Answer(exit_code=1, stdout=b"E: locked\n")}), tmp_path)
    assert outcome.message == "E: locked"


def test_save_as_keeps_text(tmp_path) -> None:
    """What is saved is stdout, stderr and the exit code, as text that is always valid."""
    link = ScriptedLink({"apply": Answer(exit_code=0, stdout=b"2.19\xff\n", stderr=b"w\n", output_bytes=8)})
    outcome = outcome_of(attempt(package(save_as="old")), link, tmp_path)
    assert outcome.saved == {"stdout": "2.19\ufffd\n", "stderr": "w\n", "exit_code": "0"}
    assert outcome.output_bytes == 8


@pytest.mark.parametrize("answer", [Answer(exit_code=0, stdout=b"x" * 65537), Answer(exit_code=0, truncated=True)])
def test_too_much_to_save_is_a_failure(tmp_path, answer) -> None:
    """A value that is not whole is never handed to a later step."""
    outcome = outcome_of(attempt(package(save_as="old")), ScriptedLink({"apply": answer}), tmp_path)
    assert (outcome.status, outcome.saved) == (Status.FAILED, {})
    assert "too much to save" in outcome.message


def test_a_value_that_is_not_there_stops_before_anything_starts(tmp_path) -> None:
    """A hole that cannot be filled is a refusal, and nothing was sent."""
    text = Text(("flash ", Later(StepId("firmware/before"), ("stdout",))), True)
    link = ScriptedLink()
    outcome = outcome_of(attempt(package(procedure=Procedure(apply=(sh("one"), Shell(script=text))))), link, tmp_path)
    assert outcome.status is Status.FAILED, "the first command had been carried out"
    assert link.asked == ["one"]
    alone = outcome_of(attempt(package(procedure=Procedure(apply=(Shell(script=text),)))), ScriptedLink(), tmp_path)
    assert alone.status is Status.REFUSED
    assert "firmware/before saved nothing" in alone.message


@pytest.mark.parametrize("repeat", list(Repeat))
def test_a_mistake_of_our_own_is_never_a_lost_outcome(tmp_path, repeat) -> None:
    """An unexpected error is UNKNOWN once something may have begun, FAILED before; its traceback is in the log."""
    begun = outcome_of(attempt(package(repeat=repeat)), ScriptedLink({"apply": ZeroDivisionError("boom")}), tmp_path)
    guarded = package(procedure=WHOLE)
    before = outcome_of(attempt(guarded), ScriptedLink({"guard": ZeroDivisionError("boom")}), tmp_path)
    assert (begun.status, before.status) == (Status.UNKNOWN, Status.FAILED)
    assert "ZeroDivisionError: boom" in begun.message
    assert "Traceback" in (tmp_path / "firmware" / "flash@r12-u01.log").read_text()


@pytest.mark.parametrize("repeat", list(Repeat))
def test_only_what_may_be_done_again_takes_the_quick_lane(tmp_path, repeat) -> None:
    """Questions always do; what changes something does if the author declared it safe to repeat."""
    link = ScriptedLink({"skip": 1, "verify": [1, 0]})
    outcome_of(attempt(package(procedure=WHOLE, repeat=repeat)), link, tmp_path)
    changing = Lane.QUICK if repeat is Repeat.SAFE else Lane.DURABLE
    assert link.lanes == dict.fromkeys(("guard", "skip", "verify"), Lane.QUICK) | dict.fromkeys(("one", "two"), changing)


def test_work_for_a_person_is_refused(tmp_path) -> None:
    """A question never gets lost in a worker."""
    asks = package(procedure=Procedure(apply=(AskPerson(prompt=plain("Mount it")),)))
    assert outcome_of(attempt(asks), ScriptedLink(), tmp_path).status is Status.REFUSED
