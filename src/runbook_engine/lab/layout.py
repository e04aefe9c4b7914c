"""The state folder of a lab: what is in it, and how a new one is made. Steps change only what is below a host's disk."""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from runbook_engine.lab.settings import Settings
from runbook_engine.model.errors import Refused
from runbook_engine.model.values import dataclass

_USERS = """root:x:0:0:root:/root:/bin/sh
ops:x:1000:1000:Operations:/home/ops:/bin/sh
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
postgres:x:110:110:postgres:/var/lib/postgresql:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
"""
_GROUPS = "root:x:0:\nops:x:1000:\nwww-data:x:33:\npostgres:x:110:\nnogroup:x:65534:\n"
_OS_RELEASE = 'PRETTY_NAME="Make-believe Linux 1 (lab)"\nNAME="Make-believe Linux"\nVERSION_ID="1"\nID=lab\n'
_FOLDERS = ("root", *(f"disk/{name}" for name in ("etc/alternatives", "etc/systemd/system", "home/ops", "opt", "root", "srv")))
_MORE_FOLDERS = (
    "disk/tmp",
    "disk/var/tmp",
    "disk/var/log",
    "disk/var/lib",
    "disk/var/www",
    "disk/usr-local/bin",
    "disk/lab/units",
    "disk/lab/versions",
)
_RELEASE = "4.1.0"  # the release of orders-web that a web server starts with


@dataclass(frozen=True, slots=True)
class State:
    """The state folder, by an absolute path."""

    folder: Path

    @property
    def lab_file(self) -> Path:
        """What the lab tells about itself while it runs."""
        return self.folder / "lab.json"

    @property
    def client_key(self) -> Path:
        """The private key that opens every host; only its owner can read it."""
        return self.folder / "id"

    @property
    def controller_key(self) -> Path:
        """The certificate of the management controllers, and its private key."""
        return self.folder / "controllers.pem"

    @property
    def controller_password(self) -> Path:
        """The password of the management controllers; only its owner can read it."""
        return self.folder / "controllers.password"

    @property
    def known_hosts(self) -> Path:
        """The host keys of the lab, in the format of OpenSSH."""
        return self.folder / "known_hosts"

    def host(self, name: str) -> Path:
        """The folder of one host: host_key, boot_id, effects.log, disk."""
        return self.folder / "hosts" / name


def prepare(state: State, settings: Sequence[Settings], owner: tuple[int, int]) -> None:
    """Make in the folder whatever a host does not have yet. `owner` is the uid and gid that the lab will work as."""
    _refuse_foreign(state, owner)
    (state.folder / "hosts").mkdir(exist_ok=True)
    _copy_tools(state)
    for host in settings:
        _make_host(state, host)
    for path in _to_hand_over(state):
        os.chown(path, *owner, follow_symlinks=False)


def _refuse_foreign(state: State, owner: tuple[int, int]) -> None:
    hosts = state.folder / "hosts"
    if hosts.exists() and hosts.stat().st_uid != owner[0]:
        raise Refused(
            f"{state.folder} was made by another user's lab",
            why="The disks of its hosts belong to that user.",
            next_command="runbook lab --state ANOTHER_FOLDER",
        )


def _to_hand_over(state: State) -> Iterator[Path]:
    """What the lab writes itself. Nothing below the disk of a host that exists already: steps had their hands on it."""
    yield from (state.folder, state.folder / "hosts")
    for new in sorted((state.folder / "hosts").glob(".new-*")):
        yield from (new, *new.rglob("*"))
    for new in sorted((state.folder / "hosts").glob(".new-*")):
        new.rename(new.with_name(new.name.removeprefix(".new-")))


def _copy_tools(state: State) -> None:
    """Copied, because the lab's own user may not be able to read where this program is installed."""
    target = state.folder / "tools"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(Path(__file__).parent / "tools", target, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (target, *target.rglob("*")):
        path.chmod(0o755)


def _make_host(state: State, host: Settings) -> None:
    """A new host is made beside its place and renamed, so that a half-made one is never used."""
    if state.host(host.name).exists():
        return
    new = state.folder / "hosts" / f".new-{host.name}"
    shutil.rmtree(new, ignore_errors=True)
    for folder in (*_FOLDERS, *_MORE_FOLDERS):
        (new / folder).mkdir(parents=True)
    for name, text in _first_files(host).items():
        (new / name).parent.mkdir(parents=True, exist_ok=True)
        (new / name).write_text(text, encoding="utf-8")


def _first_files(host: Settings) -> Mapping[str, str]:
    files = {
        "effects.log": "",
        "boot_id": "",
        "disk/etc/passwd": _USERS,
        "disk/etc/group": _GROUPS,
        "disk/etc/hostname": f"{host.name}\n",
        "disk/etc/hosts": f"127.0.0.1 localhost {host.name}\n",
        "disk/etc/os-release": _OS_RELEASE,
        "disk/etc/ld.so.cache": "",
        "disk/lab/versions/firmware": "2.17.3\n",
        **{f"disk/lab/units/{unit}": "active\n" for unit in ("ssh", "cron", "chrony")},
    }
    return {**files, **_by_role(host.name)}


def _by_role(name: str) -> Mapping[str, str]:
    """What the host's name promises: a web server has the order application, a database server PostgreSQL."""
    if name.startswith("web"):
        release = f"disk/opt/orders-web/releases/{_RELEASE}"
        return {
            f"{release}/VERSION": f"{_RELEASE}\n",
            "disk/opt/orders-web/CURRENT": f"{_RELEASE}\n",
            "disk/etc/orders-web/orders-web.conf": "listen = 8080\nworkers = 4\n",
            "disk/lab/units/orders-web": "active\n",
            "disk/lab/versions/orders-web": f"{_RELEASE}\n",
        }
    if name.startswith("db"):
        return {"disk/lab/units/postgresql": "active\n"}
    return {}
