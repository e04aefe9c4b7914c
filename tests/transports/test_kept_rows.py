"""Rows: quick commands that are sent at once and heard one by one, each only if the one before ended with 0."""

import pytest

from runbook_engine.model.attempts import Ticket
from runbook_engine.model.words import Lane

pytestmark = pytest.mark.sshd


@pytest.fixture
def row(link, sh):
    """Sends scripts ahead, and has each done."""

    def send(*scripts):
        commands = [sh(script) for script in scripts]
        link.send_row(commands)
        return commands

    return send


def ask(link, command, sink=lambda _stream, _data: None):
    """Have it done in the quick lane."""
    return link.perform(command, sink, lane=Lane.QUICK)


def test_each_command_of_a_row_has_its_own_answer(link, row, log):
    """Output, errors and exit codes of one do not run into those of the next, whatever comes together on the wire."""
    commands = row("printf one; echo e1 >&2", "head -c 300000 /dev/zero", "true", "printf 'four\n'; echo e4 >&2")
    answers = [ask(link, command, log) for command in commands]
    assert link.in_row == 0
    assert [a.exit_code for a in answers] == [0, 0, 0, 0]
    assert [(a.stdout, a.stderr) for a in (answers[0], *answers[2:])] == [(b"one", b"e1\n"), (b"", b""), (b"four\n", b"e4\n")]
    assert (answers[1].output_bytes, log.text(1)) == (300_000, b"one" + b"\0" * 300_000 + b"four\n")


def test_a_failure_ends_the_row(link, row, sh, tmp_path):
    """What stands behind it does not run, and the shell is ready for something else."""
    first, failing, _ = row("echo 1", "exit 3", f"touch {tmp_path}/effect")
    assert [ask(link, c).exit_code for c in (first, failing)] == [0, 3]
    assert link.in_row == 0
    assert not (tmp_path / "effect").exists()
    assert ask(link, sh(f"touch {tmp_path}/effect; echo again")).stdout == b"again\n"
    assert (tmp_path / "effect").exists()


def test_a_row_that_nobody_hears_to_its_end_runs_out(link, row, sh):
    """Another command waits for the rest, and is not given an answer of it."""
    first, _, _ = row("echo 1", "echo 2", "sleep 0.2; echo 3")
    assert ask(link, first).stdout == b"1\n"
    assert ask(link, sh("echo other")).stdout == b"other\n"
    assert ask(link, sh("echo 2")).stdout == b"2\n"


def test_a_row_that_was_not_begun_is_forgotten(link, row, sh, tmp_path):
    """It is sent with its first command; when something else comes before, nothing of it runs."""
    row(f"touch {tmp_path}/effect", "echo 2")
    assert ask(link, sh("echo other")).stdout == b"other\n"
    assert not (tmp_path / "effect").exists()


def test_a_changing_step_comes_after_the_row(link, row, sh):
    """The durable lane uses the same shell, and waits until the row is over."""
    boot = link.greet().boot
    first, _ = row("echo 1", "sleep 0.2; echo 2")
    assert ask(link, first).stdout == b"1\n"
    ticket = Ticket(id=f"row-{id(row)}.1", boot=boot)
    answer = link.perform(sh("echo changed"), lambda _s, _d: None, lane=Lane.DURABLE, ticket=ticket)
    assert answer.stdout == b"changed\n"


def test_a_step_that_kills_its_shell_ends_the_row(link, row, sh):
    """The others were not begun; the next command has a new shell."""
    killer, _ = row("read -r line </proc/self/stat; set -- ${line##*) }; kill -9 $3", "echo 2")
    assert ask(link, killer).exit_code == 137
    assert link.in_row == 0
    assert ask(link, sh("echo 2")).stdout == b"2\n"
