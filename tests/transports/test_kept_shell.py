"""The kept shell: a step leaves nothing in it, nobody writes into another step's answer, and every loss is told as ever."""

import hashlib
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from runbook_engine.model.commands import Shell
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.text import SecretRef, Text, plain
from runbook_engine.model.words import Cause, Lane
from runbook_engine.transports import Secrets

pytestmark = pytest.mark.sshd

GROUP = "read -r line </proc/self/stat; set -- ${line##*) }; echo $3"  # the process group, which is the kept shell's id
STATE = 'pwd; umask; trap; echo "$- $# $PATH ${X-} ${Y-}"; ulimit -n; alias; ls -l /proc/self/fd | wc -l; command -v f'
BACKGROUND = "eval \"$(printf '%s \\046' '{}')\""  # a background process that the text does not show
SECRET = SecretRef("env:TEST_PASSWORD")


def nowhere(_stream, _data):
    """A sink that keeps nothing."""


@pytest.fixture
def quick(link, sh):
    """Has a script done by the kept shell."""
    return asker(link, sh)


def asker(link, sh):
    """What has a script done by the link's kept shell."""

    def ask(script, sink=nowhere, **other):
        return link.perform(sh(script, **other), sink, lane=Lane.QUICK)

    return ask


def test_steps_of_a_connection_share_one_shell(link, quick, sh):
    """All quick steps run in one process group; other steps in groups of their own."""
    groups = {quick(GROUP).stdout for _ in range(4)}
    others = {link.perform(sh(GROUP), nowhere).stdout for _ in range(2)}
    assert len(groups) == 1
    assert len(others | groups) == 3


def test_both_streams_and_the_exit_code(quick, log):
    """As on a channel of its own: bytes, order within a stream, no input, no arguments."""
    answer = quick("printf 'a\\nb'; cat; echo $# >&2; exit 7", log)
    assert (answer.exit_code, answer.stdout, answer.stderr, answer.detail) == (7, b"a\nb", b"0\n", "")
    assert (log.text(1), log.text(2)) == (b"a\nb", b"0\n")
    assert quick("true").exit_code == 0


def test_environment_and_directory(quick):
    """They hold for one step; a folder that is not there is the step's failure."""
    command = {"environment": (("X", plain("it's")),), "directory": plain("/usr")}
    assert quick('echo "$X"; pwd', **command).stdout == b"it's\n/usr\n"
    assert quick("echo ran", directory=plain("/no/such/folder")).stdout == b""
    assert b"/usr" not in quick('echo "${X-none}"; pwd').stdout


@pytest.mark.parametrize(
    "script",
    [
        "cd /", "exit 3", "set -eux", "umask 077", "trap 'echo bye' EXIT", "export X=1; Y=2", "exec >/dev/null 2>/dev/null",
        "exec sleep 0", "alias ls=false", "f() { :; }", "runbook_end() { echo fake; exit 0; }", "PATH=", "ulimit -n 20",
        "exec 0<&- 1>&- 2>&-", "exec 3>&1 4>&1 5>&1 6>&1 8>&1 9>&1", "set -- a b", "trap '' TERM PIPE", "readonly X=1",
        "unset -f runbook_end; trap - EXIT", "set -n", "exec true", "return 3", "break", "shift 5",
    ],
)  # fmt: skip
def test_a_step_leaves_nothing_behind(quick, script):
    """Directory, options, variables, functions, traps, limits and descriptors are the next step's own."""
    before, group = quick(STATE).stdout, quick(GROUP).stdout
    quick(script)
    assert quick(STATE).stdout == before
    assert quick(GROUP).stdout == group


@pytest.mark.parametrize(
    "script", ["if", "'", '"', ")", "}", "done", "echo $((", "echo `", "cat <<E\nx", "a() {", "echo a \\", "fi;"]
)
def test_a_mistake_in_a_script_is_the_script_s_own(link, quick, sh, script):
    """The exit code is that of a channel of its own, and the shell stays."""
    group = quick(GROUP).stdout
    assert quick(script).exit_code == link.perform(sh(script), nowhere).exit_code
    assert quick(GROUP).stdout == group


def test_an_end_cannot_be_forged(new_links, target, sh):
    """A step finds no mark of its own anywhere, and the marks of earlier steps are text like any other."""
    marks = []

    def marker():
        marks.append(f"{len(marks):04x}{os.urandom(6).hex()}")
        return marks[-1]

    ask = asker(new_links(marker=marker)(target), sh)
    ask("true")
    answer = ask(f"echo {marks[-1]}0; echo {marks[-1]}0 >&2; echo rest")
    assert (answer.stdout, answer.stderr) == (f"{marks[-2]}0\nrest\n".encode(), f"{marks[-2]}0\n".encode())
    seen = ask("set; env; jobs; alias; ls -l /proc/self/fd; cat /proc/self/environ /proc/self/cmdline; cat /proc/$PPID/cmdline")
    assert marks[-1].encode() not in seen.stdout + seen.stderr
    assert len(seen.stdout) > 200


@pytest.mark.parametrize("words", ["sleep 0.5; echo late", "sleep 0.5; echo late >/proc/self/fd/2"])
def test_what_a_background_process_writes_later_belongs_to_its_own_step(new_links, target, sh, words):
    """The answer waits for it, as on a channel of its own, and the next step gets another shell."""
    quick = asker(new_links(linger_s=60.0)(target), sh)
    group = quick(GROUP).stdout
    answer = quick("echo now; " + BACKGROUND.format("{ " + words + "; }") + "; exit 4")
    assert (answer.exit_code, answer.detail) == (4, "")
    assert answer.stdout + answer.stderr == b"now\nlate\n"
    later = quick(GROUP)
    assert later.stdout != group
    assert (quick("sleep 0.7; echo own").stdout, quick(GROUP).stdout) == (b"own\n", later.stdout)


def test_a_background_process_that_holds_the_output_open(quick):
    """It is not waited for longer than on a channel of its own, the answer says so, and it does not reach later steps."""
    answer = quick("echo started; " + BACKGROUND.format("{ sleep 1; echo late; }") + "; exit 4")
    assert (answer.exit_code, answer.stdout) == (4, b"started\n")
    assert "holds the output open" in answer.detail
    assert quick("sleep 1; echo own").stdout == b"own\n"


def test_a_background_process_that_holds_no_output_is_not_waited_for(new_links, target, sh):
    """It has let go of the output: that is an end without a remark. It is in no process group of a later step."""
    ask = asker(new_links(linger_s=60.0)(target), sh)
    answer = ask(BACKGROUND.format("sleep 30 </dev/null >/dev/null 2>/dev/null") + "; echo $!")
    assert (answer.exit_code, answer.detail) == (0, "")
    child = int(answer.stdout)
    group = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[2]
    assert ask(GROUP).stdout.decode().strip() != group
    os.kill(child, signal.SIGKILL)


def test_output_between_two_steps_is_nobody_s(link, quick):
    """A process that closed every descriptor but its output speaks between two steps: the shell is not used again."""
    group = quick(GROUP).stdout
    popen = "import subprocess; subprocess.Popen(['sh', '-c', 'sleep 0.3; echo late'])"
    assert quick(f'python3 -c "{popen}"').exit_code == 0
    time.sleep(0.8)
    answer = quick(GROUP)
    assert b"late" not in answer.stdout
    assert answer.stdout != group


@pytest.mark.parametrize(("script", "code"), [("kill -KILL $$", 137), ("kill -TERM 0", 143), ("kill -KILL 0", 137)])
def test_a_step_that_kills_its_shell(quick, script, code):
    """What the channel says is the answer, and the next step has a new shell."""
    quick("true")
    answer = quick(f"echo before; {script}; echo after")
    assert (answer.exit_code, answer.stdout) == (code, b"before\n")
    assert "ended by signal" in answer.detail
    assert quick("echo next").stdout == b"next\n"


@pytest.mark.law(8)
@pytest.mark.parametrize("script", ["sleep 60", "while :; do :; done", "trap '' TERM; while :; do sleep 0.1; done", "yes"])
def test_a_time_limit_leaves_no_process(quick, script):
    """The step's whole process group is ended on the host; the fault is that of a channel of its own."""
    group = int(quick(GROUP).stdout)
    with pytest.raises(TransportFault) as caught:
        quick(script, timeout_s=0.6)
    assert (caught.value.cause, caught.value.started) == (Cause.TIMED_OUT, True)
    assert "did not end within 0.6 s; it was ended" in caught.value.message
    assert group_is_gone(group)
    assert quick("echo next").stdout == b"next\n"


def group_is_gone(group):
    """Whether no process of a group is left, soon."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_large_output_arrives_byte_for_byte(quick):
    """50 MB of NUL bytes, a line of 10 MB, invalid UTF-8 and a full stderr; the answer keeps both ends."""
    found = {1: hashlib.sha256(), 2: hashlib.sha256()}

    def sink(stream, data):
        found[stream].update(data)

    script = "printf begin; head -c 50000000 /dev/zero; printf '\\377\\342\\202'; head -c 10000000 /dev/zero | tr '\\0' x"
    answer = quick(f"{script}; printf end; head -c 20000000 /dev/zero >&2; exit 9", sink)
    expected = b"begin" + bytes(50_000_000) + b"\377\342\202" + b"x" * 10_000_000 + b"end"
    assert found[1].digest() == hashlib.sha256(expected).digest()
    assert found[2].digest() == hashlib.sha256(bytes(20_000_000)).digest()
    assert (answer.exit_code, answer.truncated, answer.output_bytes) == (9, True, len(expected) + 20_000_000)
    assert len(answer.stdout) < 70_000


def test_a_long_script(quick):
    """It takes many packets, and every byte is as it was."""
    words = "x" * 90_000
    assert quick(f"printf %s {words} | wc -c").stdout == b"90000\n"
    assert quick("printf %s '\\ \u20ac\t$(false)' \"it's\"\n\n#'").stdout == "\\ \u20ac\t$(false)it's".encode()


@pytest.mark.parametrize("script", ["cat", "echo $$", "sleep 0 &", "sudo -n true"])
def test_what_is_not_fit_takes_a_channel_of_its_own(link, quick, sh, script):
    """Input, the shell's own id, background processes, other users: as without a kept shell."""
    group = quick(GROUP).stdout
    stdin = plain("input") if script == "cat" else None
    answer = quick(f"{script} 2>/dev/null; {GROUP}", stdin=stdin)
    assert group not in answer.stdout
    assert answer.stdout.startswith(b"input") is (script == "cat")


def test_without_kept_shells(new_links, target, sh):
    """The setting turns them off."""
    ask = asker(new_links(kept_shells=False)(target), sh)
    assert ask(GROUP).stdout != ask(GROUP).stdout


REFUSALS = ["exit 1", "cat", "sleep 60", "echo This account is not available; exit 1", "yes"]


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_login_shell_that_gives_no_shell(new_links, new_server, tmp_path, sh, refusal):
    """Steps go by channels of their own, and the host is asked for a shell once a connection."""
    asked = tmp_path / "asked"
    case = f'case $SSH_ORIGINAL_COMMAND in "exec /bin/sh") echo >>{asked}; {refusal};; '
    force = case + '*) exec sh -c "$SSH_ORIGINAL_COMMAND";; esac'
    link = new_links(channel_s=1.0)(new_server(ForceCommand=force))
    ask = asker(link, sh)
    assert [ask(f"echo {number}").stdout for number in range(3)] == [b"0\n", b"1\n", b"2\n"]
    assert asked.read_text() == "\n"
    link.reset()
    assert ask("echo again").stdout == b"again\n"
    assert asked.read_text() == "\n\n"


def test_noise_of_a_login_shell_is_left_out(new_links, new_server, sh):
    """What a start-up file prints before the shell is there belongs to no step."""
    force = 'echo welcome; echo warning >&2; exec sh -c "$SSH_ORIGINAL_COMMAND"'
    answer = asker(new_links()(new_server(ForceCommand=force)), sh)("echo one; echo two >&2")
    assert (answer.stdout, answer.stderr) == (b"one\n", b"two\n")


@pytest.mark.parametrize("sessions", ["1", "2"])
def test_a_host_with_few_sessions(new_links, new_server, sh, sessions):
    """The kept shell gives way when a channel of its own is needed, and all is done."""
    link = new_links()(new_server(MaxSessions=sessions))
    ask = asker(link, sh)
    ports = set()
    for _ in range(2):
        assert ask("echo quick").stdout == b"quick\n"
        ports.add(link.perform(sh("echo $SSH_CONNECTION"), nowhere).stdout)
        assert ask("echo again").stdout == b"again\n"
    assert len(ports) == 1


@pytest.mark.law(5)
def test_a_secret_stays_in_its_step(new_links, target, sh, tmp_path):
    """While a step with a secret runs no process shows it in its arguments; no later step has it in any variable."""
    value = "s3cr3t 'quoted' $value"
    link = new_links(secrets=Secrets({"TEST_PASSWORD": value}))(target)
    ask = asker(link, sh)
    ask("true")
    seen, done = [], threading.Event()

    def look():
        while not done.wait(0.02):
            seen.extend(path for path in Path("/proc").glob("[0-9]*/cmdline") if b"s3cr3t" in content(path))

    watcher = threading.Thread(target=look)
    watcher.start()
    script = Text(("x=", SECRET, '; sleep 0.5; printf %s "$x"'), shell=True)
    answer = link.perform(Shell(script=script, environment=(("T", Text((SECRET,))),)), nowhere, lane=Lane.QUICK)
    done.set()
    watcher.join()
    assert (answer.stdout, seen) == (b"[secret env:TEST_PASSWORD]", [])
    ask(f"(set; env; cat /proc/self/environ /proc/$PPID/environ) >{tmp_path}/all 2>/dev/null")
    assert b"s3cr3t" not in (tmp_path / "all").read_bytes()


def content(path):
    """A file of a process that may be gone."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def server_of(ask):
    """The sshd process that serves the connection: the parent of the kept shell."""
    group = ask(GROUP).stdout.decode().strip()
    return int(Path(f"/proc/{group}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_connection_killed_in_the_middle(quick):
    """Lost at once, started; the next step has a new connection and a new shell."""
    pid = server_of(quick)
    threading.Timer(0.3, os.kill, (pid, signal.SIGKILL)).start()
    with pytest.raises(TransportFault) as caught:
        quick("sleep 30")
    assert (caught.value.cause, caught.value.started) == (Cause.LOST, True)
    assert quick("echo again").stdout == b"again\n"


def test_a_frozen_host_is_noticed(new_links, target, sh):
    """A host that stops answering while a step runs: connection lost, started."""
    ask = asker(new_links(quiet_s=0.3, answer_s=0.7)(target), sh)
    pid = server_of(ask)
    threading.Timer(0.3, os.kill, (pid, signal.SIGSTOP)).start()
    try:
        with pytest.raises(TransportFault) as caught:
            ask("sleep 30")
    finally:
        os.kill(pid, signal.SIGKILL)
    assert (caught.value.cause, caught.value.started) == (Cause.LOST, True)
    assert "stopped answering" in caught.value.message


def test_a_connection_that_died_while_idle_leaves_no_doubt(new_links, target, sh):
    """Before a step is sent over a connection that was long unused, the host is asked; a dead one is replaced."""
    ask = asker(new_links(check_idle_s=0.0, answer_s=0.5)(target), sh)
    pid = server_of(ask)
    os.kill(pid, signal.SIGSTOP)
    try:
        assert ask("echo again").stdout == b"again\n"
    finally:
        os.kill(pid, signal.SIGKILL)


def test_the_boot_id_needs_no_command_of_its_own(new_links, new_server, tmp_path, sh):
    """The shell has said it when it began; a host that no longer answers is not taken at its old word."""
    force = f'echo "$SSH_ORIGINAL_COMMAND" >>{tmp_path}/asked; exec sh -c "$SSH_ORIGINAL_COMMAND"'
    link = new_links(answer_s=0.5)(new_server(ForceCommand=force))
    ask = asker(link, sh)
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert [link.boot_id(), link.boot_id()] == [boot, boot]
    ask("true")
    assert (tmp_path / "asked").read_text() == "exec /bin/sh\n"
    pid = server_of(ask)
    os.kill(pid, signal.SIGSTOP)
    try:
        assert link.boot_id() == boot
    finally:
        os.kill(pid, signal.SIGKILL)
    assert (tmp_path / "asked").read_text() == "exec /bin/sh\n" * 2  # of a new connection


def test_a_sink_that_cannot_write(quick):
    """A full disk here is a fault of the control machine; the next step is not disturbed by what was left."""

    def full(_stream, _data):
        raise OSError(28, "No space left on device")

    with pytest.raises(TransportFault) as caught:
        quick("echo x; sleep 0.3; echo y", full)
    assert (caught.value.cause, caught.value.started) == (Cause.LOCAL, True)
    assert quick("echo own").stdout == b"own\n"
