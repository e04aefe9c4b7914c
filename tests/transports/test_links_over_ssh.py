"""A shell command on a real sshd: what it prints, how it ends, what it is given."""

import resource
import statistics
import time

import pytest

from runbook_engine.model.commands import Shell
from runbook_engine.model.text import plain, shell

pytestmark = pytest.mark.sshd


def test_exit_code_and_both_streams_come_back(link, sh, log):
    """A command's exit code, stdout and stderr are what it gave, handed on as they come and kept."""
    answer = link.perform(sh("echo out; echo err >&2; exit 3"), log)
    assert (answer.exit_code, answer.stdout, answer.stderr) == (3, b"out\n", b"err\n")
    assert (log.text(1), log.text(2), answer.output_bytes, answer.truncated) == (b"out\n", b"err\n", 8, False)


def test_output_is_handed_on_while_the_command_runs(link, sh):
    """A line is in the log before the command has ended."""
    times = []
    link.perform(sh("echo one; sleep 0.5; echo two"), lambda _stream, _data: times.append(time.monotonic()))
    assert len(times) == 2
    assert times[1] - times[0] > 0.4


def test_bytes_pass_through_unchanged(link, sh, log):
    """Invalid UTF-8, NUL and split characters are kept byte by byte."""
    answer = link.perform(sh(r"printf '\377\376\000\342\202'; sleep 0.1; printf '\254\033[31m'"), log)
    assert answer.stdout == log.text(1) == b"\xff\xfe\x00\xe2\x82\xac\x1b[31m"


def test_the_environment_is_quoted_and_the_directory_is_entered(link, sh, log, tmp_path):
    """Values with spaces, quotes, dollars and line breaks arrive as they are; the command runs in its directory."""
    value = "a 'b' \"c\" $HOME `id` \\ \n end ü"
    folder = tmp_path / "a 'folder'"
    folder.mkdir()
    command = sh('printf %s "$VALUE"; pwd', environment=(("VALUE", plain(value)),), directory=plain(str(folder)))
    assert link.perform(command, log).stdout.decode() == f"{value}{folder}\n"


def test_a_missing_directory_ends_the_command_before_it_begins(link, sh, log):
    """Nothing of the script runs when its directory cannot be entered."""
    answer = link.perform(sh("echo ran", directory=plain("/no/such/folder")), log)
    assert answer.exit_code != 0
    assert answer.stdout == b""


def test_the_script_is_run_by_sh_whatever_it_holds(link, log):
    """Quotes, line breaks, comments, here-documents and a syntax error mean what /bin/sh says they mean."""
    script = "cat <<'X'\nit's \"here\" $0 !\nX\n# comment\nif true; then echo 'yes'; fi"
    assert link.perform(Shell(script=shell(script)), log).stdout == b'it\'s "here" $0 !\nyes\n'
    assert link.perform(Shell(script=shell("if")), log).exit_code == 2


def test_a_long_script_is_not_limited_by_the_length_of_an_argument(link, log):
    """A script of 300 KB runs."""
    script = ": " + "x" * 300_000 + "\necho done"
    assert link.perform(Shell(script=shell(script)), log).stdout == b"done\n"


def test_standard_input(link, sh, log):
    """A command reads the text it is given, all 5 MB of it while it answers as much; without one it reads nothing."""
    text = "0123456789abcdef" * (5_000_000 // 16)
    answer = link.perform(sh("tee /dev/stderr | wc -c", stdin=plain(text)), log)
    assert int(answer.stdout) == 5_000_000
    assert log.text(2) == text.encode()
    assert link.perform(sh("cat; echo end"), log).stdout == b"end\n"
    assert link.perform(sh("cat", stdin=plain("")), log).stdout == b""
    assert link.perform(sh("true", stdin=plain(text)), log).exit_code == 0  # nobody reads it


def test_one_connection_serves_all_steps(link, sh, log):
    """Steps of a host run over the connection that the first one opened."""
    ports = {link.perform(sh("echo $SSH_CONNECTION"), log).stdout for _ in range(5)}
    assert len(ports) == 1


def test_a_server_that_allows_one_session_at_a_time(new_links, new_server, sh, log):
    """With MaxSessions 1, where nothing can be opened ahead, every step still runs."""
    link = new_links()(new_server(MaxSessions="1"))
    assert [link.perform(sh(f"echo {n}"), log).stdout for n in range(4)] == [b"%d\n" % n for n in range(4)]


def test_the_end_by_a_signal_is_told_as_a_shell_tells_it(link, sh, log):
    """128 + the number of the signal, and its name in words."""
    answer = link.perform(sh("kill -KILL $$"), log)
    assert (answer.exit_code, answer.detail) == (137, "ended by signal KILL")


def test_a_background_process_that_holds_the_output_does_not_hold_the_step(link, sh, log):
    """The exit code counts, a moment after the last output."""
    began = time.monotonic()
    answer = link.perform(sh("sleep 20 & echo started"), log)
    assert (answer.exit_code, answer.stdout) == (0, b"started\n")
    assert "background process" in answer.detail
    assert time.monotonic() - began < 5


def test_large_output_is_cheap_and_bounded_and_complete_in_the_log(link, sh):
    """50 MB cost at most 0.6 s of processor time and 16 MiB of memory; the answer keeps both ends."""
    size = 0

    def sink(_stream: int, data: bytes) -> None:
        nonlocal size
        size += len(data)

    link.perform(sh("true"), sink)
    memory, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    answer = link.perform(sh("printf begin; head -c 50000000 /dev/zero; printf end"), sink)
    assert time.process_time() - began < 0.6
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 16 << 10
    assert size == answer.output_bytes == 50_000_008
    assert answer.truncated
    assert answer.stdout.startswith(b"begin\0")
    assert answer.stdout.endswith(b"\0end")
    assert b"[... 49934472 bytes left out ...]" in answer.stdout


def test_one_line_of_10_mb_and_20_mb_on_stderr(link, sh):
    """Neither a long line nor a full stderr makes anything slow or stuck."""
    began = time.monotonic()
    sizes = {1: 0, 2: 0}

    def sink(stream: int, data: bytes) -> None:
        sizes[stream] += len(data)

    link.perform(sh("head -c 20000000 /dev/zero >&2; head -c 10000000 /dev/zero | tr '\\0' x"), sink)
    assert sizes == {1: 10_000_000, 2: 20_000_000}
    assert time.monotonic() - began < 20


def test_a_trivial_step_costs_little(link, sh):
    """On an open connection a step takes little of our processor time, however slow the server's machine is."""
    command, nowhere = sh("true"), lambda _stream, _data: None
    for _ in range(5):
        link.perform(command, nowhere)
    costs = []
    for _ in range(5):
        began = time.process_time()
        for _ in range(20):
            link.perform(command, nowhere)
        costs.append((time.process_time() - began) / 20)
    assert statistics.median(costs) < 0.006


def test_the_boot_id_is_that_of_the_machine(link):
    """What proves a restart is the kernel's own word."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        assert link.boot_id() == file.read().strip()
