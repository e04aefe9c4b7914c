"""One make-believe host as the lab sees it: it is switched on, runs commands, opens files, restarts, is switched off."""

import asyncio
import contextlib
import itertools
import os
import socket
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from runbook_engine.lab.guest import talk
from runbook_engine.lab.settings import INSTALL_S, Settings
from runbook_engine.model.errors import RunbookError

START_WITHIN_S = 20.0
_FULL_WAIT_S = 0.002


class SwitchedOff(ConnectionError):
    """The host went down before it answered."""


class Machine:
    """One host. All its methods are called in the lab's event loop."""

    def __init__(self, settings: Settings, folder: Path, nursery: socket.socket, speed: float, walls: str) -> None:
        self.settings = settings
        self.speed = speed
        self.on_restart: Callable[[], None] = lambda: None
        self._folder = folder  # relative to the state folder, which is the present one
        self._nursery = nursery
        self._walls = walls
        self._link: socket.socket | None = None
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[tuple[talk.Message, list[int]]]] = {}

    @property
    def name(self) -> str:
        """The host's name."""
        return self.settings.name

    @property
    def on(self) -> bool:
        """Whether its first process lives."""
        return self._link is not None

    async def switch_on(self) -> None:
        """Boot: a new boot id, then a new first process. Raises RunbookError with the kernel's reason."""
        (self._folder / "boot_id").write_text(f"{uuid.uuid4()}\n", encoding="utf-8")
        link, other = talk.pair()
        link.setblocking(False)
        order = {"host": self.name, "folder": str(self._folder), "walls": self._walls, "settings": self._furniture()}
        talk.send(self._nursery, order, [other.fileno()])
        other.close()
        answer = await asyncio.wait_for(_first_message(link), START_WITHIN_S)
        if answer is None or "ready" not in answer:
            link.close()
            raise RunbookError(
                f"{self.name} does not start", why=(answer or {}).get("failed", "its first process ended at once")
            )
        self._link = link
        asyncio.get_running_loop().add_reader(link, self._hear)

    def _furniture(self) -> dict[str, dict[str, str]]:
        return {"times": {"install": f"{INSTALL_S / self.speed:.3f}"}, "faults": dict(self.settings.tools)}

    def switch_off(self) -> None:
        """Everything that runs on the host ends at once."""
        if self._link is not None:
            asyncio.get_running_loop().remove_reader(self._link)
            self._link.close()
            self._link = None
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(SwitchedOff(self.name))
        self._answers.clear()

    async def run(self, command: str | None, user: str, term: str, fds: Sequence[int]) -> tuple[int, "asyncio.Future[Any]"]:
        """Start a command, or a shell. The number to signal it by, and what becomes its exit code (negative: a signal)."""
        return await self._order({"do": "run", "command": command, "user": user, "term": term}, fds)

    async def signal(self, task: int, number: int) -> None:
        """Send a signal to all processes of a command."""
        await self._send({"do": "signal", "task": task, "signal": number})

    async def file(self, call: str, *arguments: object) -> tuple[Any, list[int]]:
        """A file call inside the walls: its value and the descriptors it opened. Raises OSError as the call did."""
        _, answer = await self._order({"do": "file", "call": call, "args": arguments})
        message, fds = await answer
        if "errno" in message:
            raise OSError(message["errno"], message["reason"])
        return message["value"], fds

    async def _order(self, message: talk.Message, fds: Sequence[int] = ()) -> tuple[int, "asyncio.Future[Any]"]:
        number = next(self._numbers)
        self._answers[number] = answer = asyncio.get_running_loop().create_future()
        await self._send({"id": number, **message}, fds)
        return number, answer

    async def _send(self, message: talk.Message, fds: Sequence[int] = ()) -> None:
        while self._link is not None:
            try:
                talk.send(self._link, message, fds)
            except BlockingIOError:  # its first process is busy; it always reads again
                await asyncio.sleep(_FULL_WAIT_S)
            else:
                return
        raise SwitchedOff(self.name)

    def _hear(self) -> None:
        link = self._link
        if link is None:
            return
        try:
            message, fds = talk.receive(link)
        except BlockingIOError:
            return
        except OSError:
            message, fds = None, []
        if message is None:
            self.switch_off()
            self.on_restart()
        elif message.get("wants") == "restart":
            self.on_restart()
        else:
            self._take(message, fds)

    def _take(self, message: talk.Message, fds: list[int]) -> None:
        answer = self._answers.pop(message["id"], None)
        if answer is None or answer.done():
            for descriptor in fds:
                os.close(descriptor)
            return
        answer.set_result((message, fds))


async def _first_message(link: socket.socket) -> talk.Message | None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(link, ready.set)
    try:
        await ready.wait()
        return talk.receive(link)[0]
    finally:
        with contextlib.suppress(ValueError):
            loop.remove_reader(link)
