"""Starts the first process of each make-believe host: a small process that gives up root before it does anything else."""
# Bare system calls, each as the kernel takes it:
# ruff: noqa: PTH103, PTH110, PTH123

import contextlib
import os
import signal
import socket
import sys

from runbook_engine.lab.guest import kernel, talk, walls
from runbook_engine.lab.guest.init import Home, Init

STATE_FILES = ("times", "faults")  # folders of small files that the tools read


def main(arguments: list[str]) -> None:
    """`arguments`: the descriptor of the lab's socket, and the uid and gid to work as. The state folder is the present one."""
    control = socket.socket(fileno=int(arguments[0]))
    give_up_root(int(arguments[1]), int(arguments[2]))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the lab says when it is over
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    kernel.adopt_orphans()
    while True:
        message, fds = talk.receive(control)
        if message is None:
            break
        if os.fork() == 0:
            control.close()
            _be_host(message, fds[0])
        for descriptor in fds:
            os.close(descriptor)


def give_up_root(uid: int, gid: int) -> None:
    """Work as that user from now on, without a way back."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
        kernel.be_dumpable()


def _be_host(message: talk.Message, descriptor: int) -> None:
    """Never returns."""
    link = socket.socket(fileno=descriptor)
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _live(message, link)
    except OSError as error:
        with contextlib.suppress(OSError):
            talk.send(link, {"failed": str(error)})
    finally:
        os._exit(0)


def _live(message: talk.Message, link: socket.socket) -> None:
    if message["walls"] == "landlock":
        _live_fenced(message, link)
        return
    walls.leave_machine()
    if os.fork() == 0:  # the child is the first of the new process namespace; when it ends, the kernel ends the others
        place = walls.build_root(message["folder"], message["host"])
        _furnish(walls.INSIDE.lab + "/state", message["settings"])
        _serve(link, Home(name=message["host"], place=place, fenced=False))


def _live_fenced(message: talk.Message, link: socket.socket) -> None:
    kernel.adopt_orphans()
    listed = os.open(f"/proc/self/task/{os.getpid()}/children", os.O_RDONLY | os.O_CLOEXEC)
    place = walls.fence_off(message["folder"])
    _furnish(f"{place.homes}/lab", message["settings"])
    _serve(link, Home(name=message["host"], place=place, fenced=True, init=os.getpid()))
    _end_children(listed)


def _serve(link: socket.socket, home: Home) -> None:
    talk.send(link, {"ready": True})
    Init(link, home).serve()


def _furnish(folder: str, settings: dict[str, dict[str, str]]) -> None:
    """Write the settings that the tools read; from inside the walls, so that no planted link leads out."""
    for kind in STATE_FILES:
        os.makedirs(f"{folder}/{kind}", exist_ok=True)
        for name, text in settings[kind].items():
            if kind == "faults" and os.path.exists(f"{folder}/{kind}/{name}.spent"):
                continue
            with open(f"{folder}/{kind}/{name}", "w", encoding="utf-8") as file:
                file.write(text + "\n")


def _end_children(listed: int) -> None:
    """Without a process namespace: kill children until none is left; orphans become children. At most 10,000 rounds."""
    for _ in range(10_000):
        children = os.pread(listed, 65536, 0).split()
        if not children:
            return
        for child in children:
            with contextlib.suppress(OSError):
                os.kill(int(child), signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, 0)


if __name__ == "__main__":
    main(sys.argv[1:])
