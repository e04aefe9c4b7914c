"""The first process of a make-believe host: starts what the lab asks for, opens files for SFTP, tells what ended."""
# Bare system calls, each as the kernel takes it:
# ruff: noqa: PTH104, PTH208

import contextlib
import fcntl
import os
import select
import signal
import socket
import termios
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runbook_engine.lab.guest import kernel, talk
from runbook_engine.lab.guest.walls import OPS, Place

NAMES_AT_ONCE = 500  # names of a folder in one answer


def _open(path: str, flags: int, mode: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, mode)


def _names(path: str, start: int) -> list[str]:
    return sorted(os.listdir(path))[start : start + NAMES_AT_ONCE]


def _rename_new(old: str, new: str) -> None:
    if os.path.lexists(new):
        raise FileExistsError(17, "the target exists")
    os.rename(old, new)


FILE_CALLS: Mapping[str, Callable[..., Any]] = {
    "open": _open,
    "names": _names,
    "stat": os.stat,
    "lstat": os.lstat,
    "realpath": os.path.realpath,
    "readlink": os.readlink,
    "mkdir": os.mkdir,
    "rmdir": os.rmdir,
    "unlink": os.unlink,
    "rename": _rename_new,
    "replace": os.replace,
    "symlink": os.symlink,
    "link": os.link,
    "chmod": os.chmod,
    "truncate": os.truncate,
    "utime": lambda path, seen, changed: os.utime(path, (seen, changed)),
}
"""What SFTP may ask for. Paths are absolute, and mean what they mean inside the walls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where the host's programs find things."""

    name: str
    place: Place
    fenced: bool
    init: int = 1

    def environment(self, user: str) -> dict[str, str]:
        """What a login starts with."""
        own = {
            "USER": user,
            "LOGNAME": user,
            "HOME": self.of(user),
            "SHELL": "/bin/sh",
            "LANG": "C.UTF-8",
            "PATH": self.place.path,
        }
        if not self.fenced:
            return own
        lab, state = self.place.lab, f"{self.place.homes}/lab"
        files = {
            "LAB_STATE": state,
            "LAB_EFFECTS": f"{lab}/effects.log",
            "LAB_BOOT_ID": f"{lab}/boot_id",
            "TMPDIR": f"{self.place.homes}/tmp",  # noqa: S108 - the host's own
        }
        return {**own, **files, "LAB_HOST": self.name, "LAB_INIT": str(self.init)}

    def of(self, user: str) -> str:
        """The user's home directory."""
        base = self.place.homes.rstrip("/")
        return f"{base}/root" if user == "root" else f"{base}/home/{user}"


class Init:
    """Serves one socket until the lab closes it; then everything on the host ends with it."""

    def __init__(self, control: socket.socket, home: Home) -> None:
        self._control = control
        self._home = home
        self._tasks: dict[int, int] = {}  # process → number of the order
        self._wake, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGINT):
            signal.signal(number, lambda *_: None)

    def serve(self) -> None:
        """Answer orders until the lab is gone."""
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        while True:
            for descriptor, _ in poll.poll():
                if descriptor == self._wake:
                    self._woken()
                elif not self._order():
                    return

    def _woken(self) -> None:
        numbers = os.read(self._wake, 4096)
        if signal.SIGCHLD in numbers:
            self._reap()
        if signal.SIGINT in numbers:  # what the three-finger salute does on Linux: restart
            self._say({"wants": "restart"})

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                process, status = os.waitpid(-1, os.WNOHANG)
                if process == 0:
                    return
                order = self._tasks.pop(process, None)
                if order is not None:
                    self._say({"id": order, "ended": os.waitstatus_to_exitcode(status)})

    def _order(self) -> bool:
        message, fds = talk.receive(self._control)
        if message is None:
            return False
        try:
            self._carry_out(message, fds)
        finally:
            for descriptor in fds:
                os.close(descriptor)
        return True

    def _carry_out(self, message: talk.Message, fds: list[int]) -> None:
        match message["do"]:
            case "run":
                self._start(message, fds)
            case "signal":
                self._signal(message["task"], message["signal"])
            case "file":
                self._file(message)

    def _start(self, message: talk.Message, fds: Sequence[int]) -> None:
        try:
            process = os.fork()
        except OSError as error:  # the host has all the processes that it may have
            os.write(fds[-1], f"sh: cannot start: {error.strerror}\n".encode())
            self._say({"id": message["id"], "ended": 254})
            return
        if process == 0:
            become(message, fds, self._home)
        self._tasks[process] = message["id"]

    def _signal(self, order: int, number: int) -> None:
        process = next((p for p, o in self._tasks.items() if o == order), None)
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process, number)

    def _file(self, message: talk.Message) -> None:
        try:
            value = FILE_CALLS[message["call"]](*message["args"])
        except OSError as error:
            self._say({"id": message["id"], "errno": error.errno or 5, "reason": error.strerror or str(error)})
            return
        if message["call"] == "open":
            self._say({"id": message["id"], "value": None}, [value])
            os.close(value)
        else:
            self._say({"id": message["id"], "value": list(value) if isinstance(value, os.stat_result) else value})

    def _say(self, message: talk.Message, fds: Sequence[int] = ()) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the lab is gone: the next read says so
            talk.send(self._control, message, fds)


def become(message: talk.Message, fds: Sequence[int], home: Home) -> None:
    """In a new child: turn into the shell that was asked for. Never returns."""
    try:
        _stand_alone(fds, terminal=bool(message["term"]))
        environment = home.environment(message["user"])
        if message["term"]:
            environment["TERM"] = message["term"]
        os.chdir(environment["HOME"])
        if message["user"] == "root" and not home.fenced:
            kernel.unshare(kernel.NEWUSER)
            kernel.map_users(0, OPS, OPS)
        os.execve("/bin/sh", _words(message["command"]), environment)  # noqa: S606 - it is the shell
    except OSError as error:
        os.write(2, f"sh: {error.strerror}\n".encode())
    finally:
        os._exit(126)


def _words(command: str | None) -> list[str]:
    return ["-sh"] if command is None else ["sh", "-c", command]


def _stand_alone(fds: Sequence[int], *, terminal: bool) -> None:
    """Lead a session of one's own with these three streams, and take signals as a fresh program does."""
    os.setsid()
    if terminal:
        fcntl.ioctl(fds[0], termios.TIOCSCTTY, 0)
    for target, source in enumerate((fds[0], fds[0], fds[0]) if terminal else fds[:3]):
        os.dup2(source, target)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
