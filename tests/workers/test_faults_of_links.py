"""Every fault in every part of a procedure: what is said of the attempt."""

from itertools import product

import pytest

from runbook_engine.model.commands import Download, Http, Procedure
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.text import plain
from runbook_engine.model.words import Cause, Purpose, Repeat, Status
from runbook_engine.workers.shown import shown
from workers.scripted import ScriptedLink, attempt, outcome_of, package, sh

WHOLE = Procedure(guard=(sh("guard"),), skip_if=(sh("skip"),), apply=(sh("one"), sh("two")), verify=(sh("verify"),))
REFUSED_CAUSES = {
    Cause.HOST_KEY_UNKNOWN,
    Cause.HOST_KEY_CHANGED,
    Cause.CERTIFICATE,
    Cause.SUDO,
    Cause.SECRET,
    Cause.LOCAL,
    Cause.CONFIGURATION,
    Cause.STOPPED,
}


def fault(cause: Cause, *, started: bool) -> TransportFault:
    """A fault with everything that one can say."""
    return TransportFault(cause, f"it broke: {cause}", started=started, why="A test.", next_command="runbook doctor")


def replies(part: str, error: TransportFault) -> dict:
    """Everything goes well until `part`."""
    well = {"guard": 0, "skip": 1, "verify": [1, 0], "one": 0, "two": 0}
    places = {"before": {"verify": error}, "after": {"verify": [1, error]}}
    return {**well, **places.get(part, {part: error})}


def expected(part: str, cause: Cause, started: bool, repeat: Repeat) -> Status:
    """The table, written a second time."""
    untouched = part in ("guard", "skip", "before") or (part == "one" and not started)
    if untouched and cause is Cause.NOT_BEGUN:
        return Status.NOT_STARTED
    if untouched:
        return Status.REFUSED if cause in REFUSED_CAUSES else Status.UNREACHABLE
    if part == "two" and not started:
        return Status.FAILED
    return Status.FAILED if repeat is Repeat.SAFE else Status.UNKNOWN


@pytest.mark.law(8)
@pytest.mark.parametrize("part", ["guard", "skip", "before", "one", "two", "after"])
def test_every_fault_in_every_part_has_its_word(tmp_path, part) -> None:
    """Unreachable, refused, failed and unknown are never mixed up: all causes, begun or not, all kinds of repeat."""
    for cause, started, repeat in product(Cause, (False, True), Repeat):
        work = attempt(package(procedure=WHOLE, repeat=repeat))
        outcome = outcome_of(work, ScriptedLink(replies(part, fault(cause, started=started))), tmp_path)
        assert outcome.status is expected(part, cause, started, repeat), (cause, started, repeat)
        assert (outcome.cause, outcome.exit_code) == (cause, None)
        assert outcome.message == f"it broke: {cause}. A test.\nnext: runbook doctor"


@pytest.mark.law(8)
def test_a_fault_leaves_doubt_as_it_is(tmp_path) -> None:
    """A probe that could not be asked settles nothing."""
    for cause, started in product(Cause, (False, True)):
        work = attempt(package(procedure=WHOLE), purpose=Purpose.VERIFY)
        outcome = outcome_of(work, ScriptedLink({"verify": fault(cause, started=started)}), tmp_path)
        assert (outcome.status, outcome.exit_code) == (Status.UNKNOWN, None)


@pytest.mark.law(8)
@pytest.mark.parametrize(
    "command",
    [
        Download(source=plain("/etc/hosts"), target=plain("hosts")),
        Http(url=plain("http://x/")),
        Http(url=plain("http://x/"), method="HEAD"),
    ],
)
def test_what_only_reads_leaves_no_doubt(tmp_path, command) -> None:
    """A download or a GET that breaks off has changed nothing, so nobody is asked about it."""
    link = ScriptedLink(dict.fromkeys([shown(command)], fault(Cause.LOST, started=True)))
    outcome = outcome_of(attempt(package(procedure=Procedure(apply=(command,)))), link, tmp_path)
    assert outcome.status is Status.UNREACHABLE


@pytest.mark.law(8)
def test_a_post_that_breaks_off_is_unknown(tmp_path) -> None:
    """A request that may change something is a change."""
    link = ScriptedLink({"POST http://x/": fault(Cause.TIMED_OUT, started=True)})
    post = package(procedure=Procedure(apply=(Http(url=plain("http://x/"), method="POST"),)))
    assert outcome_of(attempt(post), link, tmp_path).status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("verify", "status"),
    [
        ([1, fault(Cause.LOST, started=False), 0], Status.OK),
        ([1, 1], Status.FAILED),
        ([1, fault(Cause.NO_ROUTE, started=False)], Status.UNKNOWN),
    ],
)
def test_a_link_that_was_expected_to_drop(tmp_path, verify, status) -> None:
    """With drops_link the loss is no verdict: verify decides once the host answers again, and within a limit."""
    link = ScriptedLink({"one": fault(Cause.LOST, started=True), "verify": verify})
    net = package(procedure=Procedure(apply=(sh("one"),), verify=(sh("verify"),)), drops_link=True)
    assert outcome_of(attempt(net), link, tmp_path).status is status


def test_a_dropped_link_without_verify_is_doubt(tmp_path) -> None:
    """Expected or not: without a verify nobody can tell."""
    link = ScriptedLink({"apply": fault(Cause.LOST, started=True)})
    assert outcome_of(attempt(package(drops_link=True)), link, tmp_path).status is Status.UNKNOWN


@pytest.mark.law(8)
def test_a_log_that_cannot_be_opened_refuses_before_anything_starts(tmp_path) -> None:
    """Without a log nothing is started."""
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    link = ScriptedLink()
    outcome = outcome_of(attempt(), link, blocked)
    assert (outcome.status, outcome.cause, link.asked) == (Status.REFUSED, Cause.LOCAL, [])
    assert "the log cannot be written" in outcome.message
