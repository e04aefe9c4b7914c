"""Where a host keeps its records: for whom it is, what is refused, what is forgotten, and what is told at the start."""

import os
import shutil
import stat
import time
from pathlib import Path

import pytest

from runbook_engine.transports import target_requests as ask_for
from runbook_engine.transports.target_requests import Standing, TargetState
from transports.target_driver import BOOT, SHELLS, WORD, Host, eventually

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.skipif(not shutil.which(name), reason=name)) for name in SHELLS])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Host:
    """A host with each kind of shell."""
    return Host(tmp_path, request.param)


def test_everything_is_for_its_owner_only(host: Host) -> None:
    """Whatever the login's umask; and the script has that one."""
    before = os.umask(0o027)
    try:
        seen = host.start("a-1", f"umask; true >'{host.folder}/made'; sleep 0.1")
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in host.base.iterdir()}

    assert (seen.said, seen.output.strip(), modes) == ("exit 0", b"0027", {0o600})
    assert stat.S_IMODE(host.base.stat().st_mode) == 0o700
    assert stat.S_IMODE((host.folder / "made").stat().st_mode) == 0o640


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702, 0o755])
def test_a_base_that_others_can_use_is_refused(host: Host, mode: int) -> None:
    """Nothing is done in it."""
    host.base.mkdir()
    host.base.chmod(mode)

    assert host.open().said == "badbase"
    assert host.start("a-1", host.effect("a-1")).said == "badbase"
    assert list(host.base.iterdir()) == []


def test_a_base_that_is_a_link_or_a_file_is_refused(host: Host) -> None:
    """Also with a slash behind it, and one that leads nowhere."""
    (host.folder / "real").mkdir(mode=0o700)
    for name, aim in (("link", "real"), ("nowhere", "missing")):
        (host.folder / name).symlink_to(host.folder / aim)
        for end_of_path in ("", "/"):
            host.base = Path(host.folder / name)
            refused = host.begin_at(f"{host.folder}/{name}{end_of_path}", ask_for.fence(WORD, "a-1"))
            assert refused == "badbase"
    (host.folder / "file").touch(mode=0o700)
    assert host.begin_at(f"{host.folder}/file", ask_for.fence(WORD, "a-1")) == "badbase"
    assert host.begin_at("relative", ask_for.fence(WORD, "a-1")) == "badbase"
    assert list((host.folder / "real").iterdir()) == []


@ROOT_ONLY
def test_a_base_of_somebody_else_is_refused(host: Host) -> None:
    """Even when only they can write to it."""
    host.base.mkdir(mode=0o700)
    os.chown(host.base, 65534, 65534)

    assert host.open().said == "badbase"


@pytest.mark.parametrize("attempt", ["../x", "a/b", "''", "-rf", "1e5", "12", "'a;b'", "'a b'", "'$(id)'", "+swept", "."])
def test_what_is_not_an_id_is_refused(host: Host, attempt: str) -> None:
    """By the host as well."""
    assert host.request(f"{{ rb_fence {WORD} {attempt}; }}\n".encode()).said == "badid"
    with pytest.raises(ValueError, match="cannot be part"):
        ask_for.fence(WORD, attempt.strip("'"))


def test_old_records_are_forgotten_once_a_day(host: Host) -> None:
    """Those that have ended more than 30 days ago; never one that may still run."""
    host.base.mkdir(mode=0o700)
    (host.base / "+swept").touch()
    ended = f"boot {BOOT} .\n\nrun 1 1 .\n\nfence .\nexit 0 .\n"
    for name, text in (("old", ended), ("old+out", "x"), ("open", f"boot {BOOT} .\n\nrun 1 1 .\n"), ("new", ended)):
        (host.base / name).write_text(text)
    for name in ("old", "old+out", "open"):
        os.utime(host.base / name, (0, time.time() - 32 * 86400))
    host.open()
    assert (host.base / "old").exists()  # it was done today
    os.utime(host.base / "+swept", (0, time.time() - 3 * 86400))
    host.open()
    eventually(lambda: not (host.base / "old").exists())

    eventually(lambda: {path.name for path in host.base.iterdir()} == {"+swept", "new", "open"})


@ROOT_ONLY
@pytest.mark.parametrize(
    ("scope", "main", "later", "told"),
    [
        ("session-3.scope", "#KillUserProcesses=no\n", "", False),
        ("session-3.scope", "#KillUserProcesses=yes\n", "", True),
        ("session-3.scope", "[Login]\nKillUserProcesses=no\n", "KillUserProcesses=yes\n", True),
        ("session-3.scope", "KillUserProcesses=yes\n", "KillUserProcesses=no\n", False),
        ("ssh.service", "KillUserProcesses=yes\n", "", False),
    ],
)
def test_the_end_of_processes_at_logout_is_told(host: Host, scope: str, main: str, later: str, told: bool) -> None:
    """As systemd-logind is set, if this is one of its sessions; root is spared."""
    (host.folder / "etc" / "logind.conf.d").mkdir(parents=True)
    (host.folder / "etc" / "logind.conf").write_text(main)
    (host.folder / "etc" / "logind.conf.d" / "x.conf").write_text(later)
    (host.folder / "cgroup").write_text(f"0::/user.slice/user-1000.slice/{scope}\n")
    host.replaced |= {"/etc/systemd": f"{host.folder}/etc", "/proc/self/cgroup": f"{host.folder}/cgroup"}
    assert host.open().state == TargetState(standing=Standing.READY, boot=BOOT)
    host.replaced["rb_uid=$(id -u)"] = "rb_uid=1000"
    host.replaced['-user "$rb_uid"'] = "-user 0"

    assert host.open().state == TargetState(standing=Standing.READY, boot=BOOT, ended_at_logout=told)
