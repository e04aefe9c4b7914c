"""Faults around the program on a host: kills, races, cuts, full disks. Every verdict is the truth or an admitted doubt."""

import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from runbook_engine.transports import target_requests as ask_for
from transports.target_driver import BOOT, SHELLS, WORD, Host, end, eventually

SOAK = bool(os.environ.get("RUNBOOK_SOAK"))
TIMES = 30 if SOAK else 1
KILLS, FENCES, STARTS, RUNNER_KILLS, LOOKS = (n * TIMES for n in (110, 60, 10, 20, 30))  # for each shell; one start is 8
AT_ONCE = 4


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.skipif(not shutil.which(name), reason=name)) for name in SHELLS])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Host:
    """A host with each kind of shell."""
    return Host(tmp_path, request.param)


def verdicts(trial: object, times: int) -> Counter[str]:
    """What so many trials came to; a trial says `verdict, how often it ran`."""
    assert callable(trial)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Counter(pool.map(trial, range(times)))


def assert_true_or_doubt(seen: Counter[str], exit_said: str) -> None:
    """No verdict may be wrong."""
    assert set(seen) <= {f"{exit_said} ran 1", "fenced ran 0", "lost ran 0", "lost ran 1"}, seen


def test_a_killed_launcher_leaves_no_wrong_verdict(host: Host) -> None:
    """The kept shell and its group are killed at random moments of a start."""

    def trial(number: int) -> str:
        name, chance = f"k{number}", random.Random(number)
        shell = host.begin(host.start_request(name, host.effect(name, "sleep 0.02; exit 3")))
        time.sleep(chance.uniform(0, 0.05))
        end(shell)
        return f"{host.settle(name)} {name}"

    settled = verdicts(trial, KILLS)
    seen = Counter(f"{' '.join(words[:-1])} ran {host.ran(words[-1])}" for words in map(str.split, settled))
    assert_true_or_doubt(seen, "exit 3")
    assert not [said for said in seen if said.startswith("lost")]  # nobody has killed a runner
    assert len(seen) == 2, seen  # the moments were spread over both sides of the claim


def test_a_killed_runner_is_doubt(host: Host) -> None:
    """The runner itself is killed at a random moment: lost, or an exit code that is true."""

    def trial(number: int) -> str:
        name, chance = f"r{number}", random.Random(number)
        shell = host.begin(host.start_request(name, host.effect(name, "sleep 0.05; exit 3")))
        eventually(lambda: (host.base / name).exists() and host.processes(name))
        time.sleep(chance.uniform(0, 0.06))
        with suppress(ProcessLookupError):
            os.kill(host.processes(name)[1], signal.SIGKILL)
        said = host.settle(name)
        end(shell)
        return f"{said} {name}"

    settled = verdicts(trial, RUNNER_KILLS)
    eventually(lambda: all(host.ran(f"r{number}") == 1 for number in range(RUNNER_KILLS)))
    assert_true_or_doubt(Counter(f"{said.rpartition(' ')[0]} ran {host.ran(said.split()[-1])}" for said in settled), "exit 3")


def test_eight_starts_of_one_attempt_have_one_effect(host: Host) -> None:
    """All of them hear how it ended."""
    for number in range(STARTS):
        name = f"p{number}"
        request = host.start_request(name, host.effect(name, "exit 4"))
        shells = [host.begin(request) for _ in range(8)]
        said = {shell.communicate(timeout=60)[0].split()[-3] + b" 4" for shell in shells}

        assert said == {b"exit 4"}
        assert host.ran(name) == 1


def test_a_fence_and_a_start_agree(host: Host) -> None:
    """Whoever is first; both hear the same."""

    def trial(number: int) -> str:
        name, chance = f"f{number}", random.Random(number)
        shell = host.begin(host.start_request(name, host.effect(name, "exit 5")))
        time.sleep(chance.uniform(0, 0.025))
        fenced = host.fence(name)
        started = shell.communicate(timeout=60)[0].decode().rpartition(WORD)[2].split()[:-1]
        return f"{fenced}, then {' '.join(started)}, ran {host.ran(name)}"

    seen = verdicts(trial, FENCES)
    assert set(seen) <= {"fenced, then fenced, ran 0", "running, then exit 5, ran 1", "exit 5, then exit 5, ran 1"}, seen
    assert len(seen) > 1, seen


def test_a_request_that_is_cut_does_not_run(host: Host) -> None:
    """At each of its bytes."""
    whole = host.start_request("cut", host.effect("cut", 'echo "it\'s"; exit 0'))
    program = host.program()

    def trial(length: int) -> str:
        subprocess.run([host.shell], input=program + whole[:length], capture_output=True, env=host.environment(), check=False)
        return "claimed" if (host.base / "cut").exists() else "nothing"

    assert verdicts(trial, whole.rindex(b"}")) == {"nothing": whole.rindex(b"}")}
    assert host.ran("cut") == 0
    assert host.request(whole).said == "exit 0"


def test_a_script_that_is_cut_on_its_way_to_its_shell_does_not_run(host: Host) -> None:
    """The pipe holds less than this script: it breaks when the kept shell's group is killed before all is in it."""
    name = "big"
    script = host.effect(name, "sleep 0.01\n" * 60_000)
    host.open()
    host.replaced[f'( exec "$5" {host.shell} -s'] = f'sleep 1; ( exec "$5" {host.shell} -s'  # time for the kill
    shell = host.begin(host.start_request(name, script))
    eventually(lambda: (host.base / name).exists() and "boot" in (host.base / name).read_text())
    time.sleep(0.3)
    end(shell)
    eventually(lambda: host.ask(name) == "fenced")

    assert host.ran(name) == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 pages."""
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small file system, and not in every container")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_never_makes_a_verdict_wrong(host: Host, small_disk: Path) -> None:
    """It is filled to each of the last pages before the start, and the script fills the rest."""
    seen: Counter[str] = Counter()
    pages = 64
    for left in (*range(8), 40):
        name, host.base = f"d{left}", small_disk / f"base{left}"
        host.base.mkdir(mode=0o700)
        padding = small_disk / "padding"
        with padding.open("wb", buffering=0) as file:
            used = pages - os.statvfs(small_disk).f_bavail
            assert file.write(bytes((pages - used - left) * 4096)) == (pages - used - left) * 4096
        said = host.start(name, host.effect(name, "head -c 300000 /dev/zero; exit 6")).said
        asked = host.settle(name)
        assert said in ("full", asked)
        seen[f"{said} ran {host.ran(name)}"] += 1
        padding.unlink()
        if said == "full":
            assert host.fence(name) == "fenced"
            assert host.start(name, host.effect(name)).said == "fenced"
            assert host.ran(name) == 0
        shutil.rmtree(host.base)
    assert set(seen) <= {"full ran 0", "fenced ran 0", "exit 6 ran 1"}, seen
    assert seen["full ran 0"]
    assert seen["exit 6 ran 1"] >= 2


def gone(number: int) -> bool:
    """Whether no process has this number."""
    return not Path(f"/proc/{number}").exists()


def test_another_boot(host: Host) -> None:
    """A late request of an earlier boot is refused; what ran before a restart is in doubt, whatever its record holds."""
    assert host.start("late", host.effect("late"), boot="an-earlier-boot").said == "otherboot"
    assert host.ask("late") == "gone"
    shell = host.begin(host.start_request("night", host.effect("night", "sleep 60")))
    eventually(lambda: host.ran("night"))
    assert host.ask("night") == "running"
    host.stop("night", "KILL")
    end(shell)
    for number in host.processes("night"):
        eventually(partial(gone, number))
    (host.base / "night").write_text((host.base / "night").read_text().partition("\nfence")[0])
    assert host.ask("night") == "lost"
    host.boot_file.write_text("another-boot\n")

    assert host.ask("night") == "rebooted"
    (host.base / "night").write_text(f"boot {BOOT} .\n")  # the second claim had not reached the disk
    assert host.fence("night") == "rebooted"
    (host.base / "night").write_text("")  # nor the first
    late = host.request(ask_for.fence(WORD, "night")).state
    assert late
    assert not late.never_starts(BOOT)


def test_a_process_that_got_the_runners_number_is_not_the_runner(host: Host) -> None:
    """It is known by its command line, where the id is whole."""
    other = subprocess.Popen([host.shell, "-c", "sleep 60; exit 0", "# rb reused-more;"])
    try:
        host.open()
        (host.base / "reused").write_text(f"boot {BOOT} .\n\nrun {other.pid} {other.pid} .\n")

        assert host.ask("reused") == "lost"
        (host.base / "reused-more").write_text(f"boot {BOOT} .\n\nrun {other.pid} {other.pid} .\n")
        assert host.ask("reused-more") == "running"
    finally:
        other.kill()
        other.wait()


def test_the_last_bytes_are_never_missed(host: Host) -> None:
    """Scripts end right after their last word, at random moments; whoever looks is slow after each look at the output."""
    host.replaced["rb_e=0; }"] = "rb_e=0; }; sleep 0.1"

    def trial(number: int) -> str:
        name = f"l{number}"
        shell = host.begin(host.start_request(name, f"sleep 0.{random.Random(number).randrange(100, 300)}; echo last; exit 3"))
        eventually((host.base / name).exists)
        seen = host.attach(name)
        end(shell)
        return f"{seen.said} {seen.output!r}"

    assert set(verdicts(trial, LOOKS)) == {"exit 3 b'last\\n'"}


@pytest.mark.parametrize(
    "record", ["", "boot", f"boot {BOOT} .\n\nru", f"boot {BOOT} .\n\nrun 12 1", f"boot {BOOT} .\n\nfence"]
)
def test_half_a_record_is_none(host: Host, record: str) -> None:
    """It neither starts nor fences, and a fence can still be put behind it."""
    host.open()
    (host.base / "half").write_text(record)

    assert host.ask("half") == "claimed"
    assert host.fence("half") == "fenced"
