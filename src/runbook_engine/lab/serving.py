"""A whole lab, from an empty folder to the last host switched off. Start reading here."""

import asyncio
import concurrent.futures.thread  # noqa: F401 - loaded late by asyncio, when `nobody` may not be able to read it
import encodings.idna  # noqa: F401 - the same
import fcntl
import json
import os
import pwd
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import asyncssh

from runbook_engine.lab.board import Board
from runbook_engine.lab.certificates import Proof, keep_password, keep_proof
from runbook_engine.lab.controllers import USER, Controller
from runbook_engine.lab.door import Door
from runbook_engine.lab.guest import talk
from runbook_engine.lab.layout import State, prepare
from runbook_engine.lab.machine import Machine
from runbook_engine.lab.settings import Settings, read_settings, read_speed
from runbook_engine.model.errors import Refused, RunbookError

FORMAT = 1  # of lab.json
WALLS = ("namespaces", "landlock")
_NURSERY = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from runbook_engine.lab.guest.nursery import main; main(sys.argv[1:])"
)


def serve(
    names: Sequence[str], state: Path, *, faults: Iterable[str] = (), speed: float | None = None, walls: str = ""
) -> None:
    """Run a lab with these hosts until SIGTERM or SIGINT. Prints one JSON line when all of them answer.

    To be called in a process of its own: started as root, the process becomes `nobody` for good. `walls` asks for one
    kind of isolation (namespaces, landlock); empty takes the strongest that the machine allows.
    Raises Usage, or Refused when no isolation is possible or another lab uses the folder.
    """
    settings = read_settings(names, faults)
    pace = read_speed() if speed is None else speed
    folder = State(state.absolute())
    owner = working_user()
    try:
        lock = take(folder)
        prepare(folder, settings, owner)
        keys = Keys(folder, settings, owner)
    except OSError as error:
        raise Refused(f"The folder {folder.folder} cannot hold a lab.", why=str(error)) from None
    os.chdir(folder.folder)
    nursery, child = start_nursery(owner)
    give_up_root(owner)
    try:
        asyncio.run(Lab(folder, settings, keys, nursery, pace, walls).live())
    finally:
        nursery.close()
        child.wait()
        os.close(lock)


def working_user() -> tuple[int, int]:
    """The uid and gid that a lab works as: the starter's own, or those of `nobody` if that is root."""
    if os.getuid() != 0:
        return os.getuid(), os.getgid()
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def take(state: State) -> int:
    """The lock of the folder, held by this process. Raises Refused if another lab has it."""
    state.folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(state.folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Refused(f"A lab runs in {state.folder} already.", next_command="runbook lab --state ANOTHER_FOLDER") from None
    return lock


def start_nursery(owner: tuple[int, int]) -> tuple[socket.socket, "subprocess.Popen[bytes]"]:
    """The process that all hosts are children of. A fresh interpreter, so that each host costs little memory."""
    ours, theirs = talk.pair()
    source = Path(__file__).parents[2]
    command = [sys.executable, "-I", "-S", "-B", "-c", _NURSERY, str(source), str(theirs.fileno()), *map(str, owner)]
    child = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, start_new_session=True)
    theirs.close()
    return ours, child


def give_up_root(owner: tuple[int, int]) -> None:
    """Become the working user, without a way back."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(owner[1], owner[1], owner[1])
        os.setresuid(owner[0], owner[0], owner[0])


class Keys:
    """The lab's keys: one of each host, and one that opens them all. Kept from one start to the next."""

    def __init__(self, state: State, settings: Sequence[Settings], owner: tuple[int, int]) -> None:
        self.client = keep_key(state.client_key, None).convert_to_public()  # stays the starter's: the lab only needs to know it
        self.of_host = {host.name: keep_key(state.host(host.name) / "host_key", owner) for host in settings}
        self.controllers: Proof = keep_proof(state.controller_key)
        self.password = keep_password(state.controller_password)


def keep_key(path: Path, owner: tuple[int, int] | None) -> asyncssh.SSHKey:
    """The key in that file; a new one if there is none."""
    if not path.exists():
        key = asyncssh.generate_private_key("ssh-ed25519", comment="lab")
        path.touch(mode=0o600)
        key.write_private_key(path)
        if owner is not None:
            os.chown(path, *owner)
    return asyncssh.read_private_key(path)


class Lab:
    """All hosts, in one event loop."""

    def __init__(
        self, state: State, settings: Sequence[Settings], keys: Keys, nursery: socket.socket, speed: float, walls: str
    ) -> None:
        self._state = state
        self._settings = settings
        self._keys = keys
        self._nursery = nursery
        self._speed = speed
        self._wanted = walls
        self._doors: dict[str, Door] = {}
        self._controllers: dict[str, Controller] = {}

    async def live(self) -> None:
        """Open all doors, say so, and close them when asked to."""
        asked = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, asked.set)
        ports, boards = former_ports("port"), former_ports("controller")
        mark_over()  # of a lab that ended without saying so
        walls = await self._choose_walls()
        self._doors = {host.name: self._door(host, walls, ports.get(host.name, 0)) for host in self._settings}
        self._controllers = {name: self._controller(door, boards.get(name, 0)) for name, door in self._doors.items()}
        parts: list[Door | Controller] = [*self._doors.values(), *self._controllers.values()]
        try:
            for part in parts:
                await part.open()
            self._tell(walls)
            await asked.wait()
        finally:
            for part in parts:
                part.release()
            mark_over()

    def _machine(self, host: Settings, walls: str) -> Machine:
        return Machine(host, Path("hosts") / host.name, self._nursery, self._speed, walls)

    def _door(self, host: Settings, walls: str, port: int) -> Door:
        return Door(self._machine(host, walls), self._keys.of_host[host.name], self._keys.client, port)

    def _controller(self, door: Door, port: int) -> Controller:
        board = Board(door, Path("hosts") / door.machine.name)
        return Controller(board, self._keys.password, self._keys.controllers.context, port)

    async def _choose_walls(self) -> str:
        """The strongest walls in which a host starts. Raises Refused when there are none."""
        reasons = []
        for walls in [self._wanted] if self._wanted else WALLS:
            machine = self._machine(self._settings[0], walls)
            try:
                await machine.switch_on()
            except RunbookError as error:
                reasons.append(f"{walls}: {error.why}")
            else:
                machine.switch_off()
                return walls
        raise Refused(
            "The lab does not start: steps could reach this machine.",
            why="The kernel offers no sandbox to this user (" + "; ".join(reasons) + ").",
            next_command="allow user namespaces (sysctl user.max_user_namespaces; in a container, its seccomp profile)",
        )

    def _tell(self, walls: str) -> None:
        """Write known_hosts, then lab.json (by rename, so that nobody reads half of it), then the line on stdout."""
        lines = [known_host(door.port, self._keys.of_host[name]) for name, door in self._doors.items()]
        write_whole(Path("known_hosts"), "".join(lines))
        ports = {name: (door.port, self._controllers[name].port) for name, door in self._doors.items()}
        told = description(self._state, ports, walls, self._speed, self._keys.controllers.fingerprint)
        write_whole(Path("lab.json"), json.dumps(told, indent=1) + "\n")
        ready = {
            "lab": "ready",
            "state": str(self._state.folder),
            "hosts": len(self._doors),
            "isolation": walls,
            "pid": os.getpid(),
        }
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()


def description(
    state: State, ports: dict[str, tuple[int, int]], walls: str, speed: float, fingerprint: str
) -> dict[str, object]:
    """The content of lab.json."""
    hosts = {
        name: {
            "address": "127.0.0.1",
            "port": port,
            "controller": controller,
            "folder": str(state.host(name)),
            "effects": str(state.host(name) / "effects.log"),
        }
        for name, (port, controller) in ports.items()
    }
    keys = {"user": "ops", "key": str(state.client_key), "known_hosts": str(state.known_hosts)}
    bmc = {"user": USER, "password": f"file:{state.controller_password}", "verify": fingerprint}
    about = {"format": FORMAT, "pid": os.getpid(), "isolation": walls, "speed": speed}
    return {**about, **keys, "bmc": bmc, "hosts": hosts}


def former_ports(which: str) -> dict[str, int]:
    """The ports of the last time, so that they stay the same where they can."""
    for path in (Path("lab.json"), Path("lab.last.json")):
        try:
            hosts = json.loads(path.read_text(encoding="utf-8"))["hosts"]
            return {name: int(host[which]) for name, host in hosts.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return {}


def known_host(port: int, key: asyncssh.SSHKey) -> str:
    """A line of known_hosts."""
    kind, value = key.export_public_key().decode().split()[:2]
    return f"[127.0.0.1]:{port} {kind} {value}\n"


def write_whole(path: Path, text: str) -> None:
    """Replace a file in one step."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def mark_over() -> None:
    """lab.json is there only while the lab runs; its ports are kept for the next time."""
    if Path("lab.json").exists():
        Path("lab.json").replace("lab.last.json")
