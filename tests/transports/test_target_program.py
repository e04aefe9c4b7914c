"""The program on a host, in three shells: how a script runs, what is said of it, and what is kept from whom."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from runbook_engine.transports import target_requests as ask_for
from runbook_engine.transports.target_requests import parse_state, split_answer
from transports.target_driver import BOOT, SHELLS, WORD, Host, end, eventually

SECRET = "c0rrect-h0rse-battery"


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.skipif(not shutil.which(name), reason=name)) for name in SHELLS])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Host:
    """A host with each kind of shell."""
    return Host(tmp_path, request.param)


@pytest.mark.parametrize(
    "script",
    [
        b"exit 3",
        b"",
        b"-x",
        b"echo $0 $#; umask; pwd",
        b"cat; echo end",
        b"trap 'echo bye; exit 9' EXIT; false",
        b"trap 'echo asked' INT; kill -INT $$; echo on",
        b"kill -9 $$",
        b"exec sh -c 'exit 7'",
        b"if true; then",
        b"echo 'one'\"two\"`echo three` \\\\ \\n # four\n\n# a remark",
        b"cat <<'X'\nit's $HOME\nX\necho \"}\"; }",
        b"printf '\\0\\1\\377'; printf '\\200' >&2; (exit 200)",
        b"echo out; echo err >&2; set -e; false; echo not",
        b"rb_f=1; echo ${rb_1-unset} ${rb_word-unset}; [ -t 0 ] || echo no terminal",
        b"echo '" + bytes(n for n in range(1, 256) if n != 39) + b"'",
    ],
)
def test_a_script_runs_as_sh_would_run_it(host: Host, script: bytes) -> None:
    """The same exit code and the same output, to the last byte; how a shell words its complaints is its own."""
    known = subprocess.run(
        [host.shell, "-c", b" " + script], stdin=subprocess.DEVNULL, capture_output=True, check=False, cwd=host.folder
    )
    seen = host.start("a-1", script)

    assert seen.said == f"exit {known.returncode if known.returncode >= 0 else 128 - known.returncode}"
    assert seen.output == known.stdout
    assert seen.errors == known.stderr or known.returncode in {2, 127}


def test_much_output_arrives_whole(host: Host) -> None:
    """Five million bytes on each stream."""
    seen = host.start("a-1", "head -c 5000000 /dev/zero; head -c 5000000 /dev/zero >&2; printf end")

    assert (seen.output, seen.errors, seen.said) == (bytes(5_000_000) + b"end", bytes(5_000_000), "exit 0")


def test_a_long_script_arrives_whole(host: Host) -> None:
    """Longer than a pipe holds and than a command line may be."""
    assert host.start("a-1", ": 'it''s'\n" * 30_000 + "echo whole").output == b"whole\n"


def test_a_background_process_holds_up_nothing(host: Host) -> None:
    """The attempt ends with its script."""
    seen = host.start("a-1", "sleep 60 & echo $!")

    assert seen.said == "exit 0"
    os.kill(int(seen.output), 9)


def test_output_that_looks_like_an_answer_is_output(host: Host) -> None:
    """The script cannot know the word of the request."""
    text = "\nguessed5b7e2c9a4 exit 0 boot\n\nexit 0\nrun 1 1 .\n"
    seen = host.start("a-1", f"printf '{text}'; printf '{text}' >&2; env; exit 5")

    assert seen.said == "exit 5"
    assert seen.output.startswith(text.encode())
    assert WORD.encode() not in seen.output


def test_a_second_start_only_hears_of_the_first(host: Host) -> None:
    """Also after the output was cleaned away."""
    assert host.start("a-1", host.effect("a-1", "echo first; exit 3")).output == b"first\n"
    again = host.start("a-1", host.effect("a-1", "echo second"))

    assert (again.output, again.said, host.ran("a-1")) == (b"first\n", "exit 3", 1)
    assert host.request(ask_for.clean(WORD, "a-1")).said == "exit 3"
    assert sorted(p.name for p in host.base.iterdir()) == ["+swept", "a-1"]
    cleaned = host.start("a-1", host.effect("a-1", "echo third"))
    assert (cleaned.output, cleaned.said, host.ran("a-1")) == (b"", "exit 3", 1)


def test_several_are_cleaned_at_once(host: Host) -> None:
    """All that have ended, and no other: what runs keeps its output."""
    running = host.begin(host.start_request("a-2", f"echo kept; while [ ! -e '{host.folder}/go' ]; do sleep 0.05; done"))
    eventually(lambda: (host.base / "a-2+out").exists() and (host.base / "a-2+out").stat().st_size)
    host.start("a-1", "echo first")
    host.start("a-3", "echo third; exit 4")

    assert host.request(ask_for.clean(WORD, "a-1", "a-2", "a-9", "a-3")).said == "exit 4"
    assert sorted(p.name for p in host.base.iterdir()) == ["+swept", "a-1", "a-2", "a-2+err", "a-2+out", "a-3"]
    (host.folder / "go").touch()
    end(running)
    assert host.attach("a-2").output == b"kept\n"


def test_a_fenced_attempt_never_starts(host: Host) -> None:
    """Also when nobody had asked for it."""
    assert host.ask("a-1") == "gone"
    assert host.fence("a-1") == "fenced"
    assert host.start("a-1", host.effect("a-1")).said == "fenced"
    assert host.ran("a-1") == 0


@pytest.mark.parametrize(("out", "err"), [(0, 0), (4, 0), (10, 3), (15, 8)])
def test_attach_goes_on_where_it_was_left(host: Host, out: int, err: int) -> None:
    """From any offset, while it runs, to the last byte."""
    shell = host.begin(
        host.start_request("a-1", "printf 0123456789; printf abc >&2; sleep 0.5; printf vwxyz; printf defgh >&2; exit 2")
    )
    eventually(lambda: (host.base / "a-1+err").exists() and (host.base / "a-1+err").stat().st_size >= 3)
    seen = host.attach("a-1", out, err)
    end(shell)

    assert (seen.output, seen.errors, seen.said) == (b"0123456789vwxyz"[out:], b"abcdefgh"[err:], "exit 2")


def test_attach_hands_over_before_the_end(host: Host) -> None:
    """Output is there while the script still runs."""
    starting = host.begin(
        host.start_request("a-1", f"echo early; while [ ! -e '{host.folder}/go' ]; do sleep 0.05; done; echo late")
    )
    eventually((host.base / "a-1").exists)
    following = host.begin(ask_for.attach(WORD, "a-1"))
    assert following.stdout
    lines = [following.stdout.readline() for _ in range(3)]  # the answer of rb_open is two of them
    (host.folder / "go").touch()

    assert lines[2] == b"early\n"
    assert split_answer(WORD, following.communicate(timeout=60)[0])[0] == b"late\n"
    assert starting.communicate(timeout=60)[0].endswith(f"exit 0 {BOOT}\n".encode())


def test_a_step_outlives_its_kept_shell_and_its_group(host: Host) -> None:
    """Hung up and killed, with nobody left to read."""
    shell = host.begin(host.start_request("a-1", "echo early; sleep 0.5; echo late; echo late >&2; exit 3"))
    eventually(lambda: (host.base / "a-1+out").exists() and (host.base / "a-1+out").stat().st_size)
    os.killpg(shell.pid, 1)
    end(shell)
    seen = host.attach("a-1")

    assert (seen.output, seen.errors, seen.said) == (b"early\nlate\n", b"late\n", "exit 3")


def test_a_limit_is_kept_with_nobody_there(host: Host) -> None:
    """The script's group is sent TERM and then KILL; that its time was up is known, whatever its exit code."""
    script = f"trap '' TERM; (while :; do sleep 0.1; echo x >>'{host.folder}/alive'; done) & sleep 60; sleep 60"
    shell = host.begin(host.start_request("a-1", script, limit_s=3))  # it must still run when it is asked, on any machine
    eventually((host.folder / "alive").exists)
    end(shell)
    assert host.ask("a-1") == "running"
    eventually(lambda: host.ask("a-1") == "timeout")
    lived = (host.folder / "alive").stat().st_size
    time.sleep(0.3)

    assert (host.folder / "alive").stat().st_size == lived
    assert host.start("a-2", "trap 'exit 0' TERM; while :; do sleep 0.1; done", limit_s=0.2).said == "timeout"
    assert host.start("a-3", "exit 4", limit_s=60).said == "exit 4"
    runner = host.processes("a-3")[1]
    eventually(lambda: not watched(runner))


def watched(group: int) -> bool:
    """Whether a process of this group is left: the watchdog and its sleep are in the runner's."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(("name", "code"), [("TERM", 143), ("KILL", 137)])
def test_stop_ends_the_group_and_the_exit_code_is_kept(host: Host, name: str, code: int) -> None:
    """The runner is in another group."""
    shell = host.begin(
        host.start_request(
            "a-1", f"sleep 60 & echo $! >'{host.folder}/child.new'; mv '{host.folder}'/child.new '{host.folder}'/child; wait"
        )
    )
    eventually((host.folder / "child").exists)
    assert host.stop("a-1", name) in {"running", f"exit {code}"}

    assert host.attach("a-1").said == f"exit {code}"
    child = int((host.folder / "child").read_text())
    eventually(lambda: not Path(f"/proc/{child}").exists() or " Z " in Path(f"/proc/{child}/stat").read_text())
    end(shell)
    assert host.stop("a-1", name) == f"exit {code}"


def test_a_secret_is_in_no_argument_environment_or_file(host: Host) -> None:
    """Looked for in all processes and files of the host while the script runs, and after."""
    shell = host.begin(host.start_request("a-1", f"secret='{SECRET}'; echo >'{host.folder}/begun'; sleep 0.5; : $secret"))
    sent = next(host.folder.glob("requests-*"))  # stands for the connection
    sent.unlink()
    seen = looks = 0
    while shell.poll() is None:
        looks += (host.folder / "begun").exists()
        seen += sum(SECRET.encode() in content for content in everything(host.folder))

    assert looks > 3
    assert seen == 0
    assert shell.communicate()[0].endswith(f"exit 0 {BOOT}\n".encode())
    assert not [content for content in everything(host.folder) if SECRET.encode() in content]


def everything(folder: Path) -> list[bytes]:
    """What anybody could read."""
    found = []
    for path in (*Path("/proc").glob("[0-9]*/cmdline"), *Path("/proc").glob("[0-9]*/environ"), *folder.rglob("*")):
        try:
            found.append(path.read_bytes())
        except OSError:
            continue
    return found


@pytest.mark.parametrize("line", ["", "exit", "exit 3", "exit x boot", "exit 3 4 boot", "running 3 boot", "begun boot"])
def test_what_is_not_a_state_is_none(line: str) -> None:
    """A cut or foreign line is no answer."""
    assert parse_state(line) is None
    assert split_answer(WORD, f"out\n{WORD} exit 3 boot".encode())[1] is None


def test_what_cannot_be_asked_is_refused() -> None:
    """Before anything is sent."""
    with pytest.raises(ValueError, match="NUL"):
        ask_for.start(WORD, "a-1", BOOT, b"a\0b")
    with pytest.raises(ValueError, match="limit"):
        ask_for.start(WORD, "a-1", BOOT, b"", limit_s=-1)
    with pytest.raises(ValueError, match="offset"):
        ask_for.attach(WORD, "a-1", -1)
    with pytest.raises(ValueError, match="cannot be part"):
        ask_for.stop(WORD, "a-1", "TERM; id")


def test_what_is_armed_begins_after_its_delay(host: Host) -> None:
    """Nobody waits for it, its shell is gone, and it begins once; its time limit counts from then."""
    began = time.monotonic()
    assert host.start("a-1", host.effect("a-1", "sleep 1.5; echo back"), after_s=1, limit_s=10).said == "armed"
    assert time.monotonic() - began < 1
    assert host.ran("a-1") == 0
    eventually(lambda: host.ran("a-1"))
    seen = host.attach("a-1", wait=True)
    assert (seen.said, seen.output, host.ran("a-1")) == ("exit 0", b"back\n", 1)


def test_what_is_armed_and_fenced_never_begins(host: Host) -> None:
    """It sleeps on, and then finds the fence before its own claim."""
    assert host.start("a-1", host.effect("a-1"), after_s=1).said == "armed"
    assert (host.attach("a-1").said, host.fence("a-1")) == ("claimed", "fenced")
    time.sleep(1.5)
    assert (host.ask("a-1"), host.ran("a-1")) == ("fenced", 0)


def test_arming_again_begins_nothing(host: Host) -> None:
    """One id, one beginning; and a host that was restarted since promises nothing."""
    assert host.start("a-1", host.effect("a-1"), after_s=2).said == "armed"
    assert host.start("a-1", host.effect("a-1"), after_s=2).said == "claimed"
    assert host.start("a-2", host.effect("a-2"), after_s=1, boot="another").said == "otherboot"
    eventually(lambda: host.ask("a-1") == "exit 0")
    assert (host.ran("a-1"), host.ran("a-2")) == (1, 0)
