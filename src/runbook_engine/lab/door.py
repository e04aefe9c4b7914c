"""The SSH door of one make-believe host: who may enter, commands and shells with their streams, going down and up."""

import asyncio
import contextlib
import os
import signal
import socket
import sys

import asyncssh

from runbook_engine.lab.files import Files
from runbook_engine.lab.machine import Machine, SwitchedOff
from runbook_engine.lab.settings import BOOT_S, SLOW_S
from runbook_engine.model.errors import RunbookError

USERS = ("ops", "root")
REBOOT_NOTICE_S = 0.1  # from the wish to restart to the loss of all connections
LINGER_S = 2.0  # how long output is waited for after a command has ended
LOGIN_WITHIN_S = 60
_CHUNK = 65536


class Door:
    """Listens on one port of 127.0.0.1, which stays reserved while the host is down."""

    def __init__(self, machine: Machine, host_key: asyncssh.SSHKey, client_key: asyncssh.SSHKey, port: int) -> None:
        self.machine = machine
        self.client_key = client_key
        self.connections: set[asyncssh.SSHServerConnection] = set()
        self._host_key = host_key
        self._reserved = reserve(port)
        self.port = int(self._reserved.getsockname()[1])
        self._listener: asyncssh.SSHAcceptor | None = None
        self._silent: socket.socket | None = None
        self._restart: asyncio.Task[None] | None = None
        self.powered = machine.settings.link != "off"
        machine.on_restart = self.restart

    async def open(self) -> None:
        """Switch the host on and answer its port, as far as its faults let it. Raises RunbookError."""
        if self.machine.settings.link == "down" or not self.powered:
            return
        await self.machine.switch_on()
        if self.machine.settings.link == "mute":
            self._silent = listening(self.port)
        else:
            self._listener = await asyncssh.listen(
                sock=listening(self.port),
                server_factory=lambda: Visitor(self),
                server_host_keys=[self._host_key],
                process_factory=self._session,
                sftp_factory=lambda channel: Files(channel, self.machine),
                encoding=None,
                line_editor=False,
                login_timeout=LOGIN_WITHIN_S,
                server_version="lab",
            )

    def close(self) -> None:
        """Go down at once: no connection is ended politely, as when a machine restarts."""
        if self._listener is not None:
            self._listener.close()
        if self._silent is not None:
            self._silent.close()
        self._listener = self._silent = None
        for connection in tuple(self.connections):
            connection.abort()
        self.machine.switch_off()

    def release(self) -> None:
        """Go down for good, and give the port back."""
        if self._restart is not None:
            self._restart.cancel()
        self.close()
        self._reserved.close()

    def restart(self) -> None:
        """The host wants to restart, or its first process has ended: go down, and come up again after a while."""
        if self.powered and (self._restart is None or self._restart.done()):
            self._restart = asyncio.get_running_loop().create_task(self._go_down_and_up())

    def switch_on(self) -> None:
        """The controller has switched the host on: it answers after a while."""
        if not self.powered:
            self.powered = True
            self._restart = asyncio.get_running_loop().create_task(self._come_up())

    def switch_off(self) -> None:
        """The controller has cut the power: everything ends at once, and nothing starts until it is switched on."""
        self.powered = False
        if self._restart is not None:
            self._restart.cancel()
        self.close()

    async def _go_down_and_up(self) -> None:
        await asyncio.sleep(REBOOT_NOTICE_S)
        self.close()
        await self._come_up()

    async def _come_up(self) -> None:
        await asyncio.sleep(BOOT_S / self.machine.speed)
        try:
            await self.open()
        except (RunbookError, OSError) as error:
            sys.stderr.write(f"lab: {self.machine.name} stays down: {error}\n")

    async def slowness(self) -> None:
        """Wait, if this host is slow."""
        if self.machine.settings.link == "slow":
            await asyncio.sleep(SLOW_S / self.machine.speed)

    async def _session(self, process: "asyncssh.SSHServerProcess[bytes]") -> None:
        """One exec request or shell, from its start to its exit code."""
        try:
            await self.slowness()
            ended = await self._carry_out(process)
        except (SwitchedOff, asyncssh.Error):
            return  # the host went down: the connection is cut as well
        except ValueError as error:
            process.stderr.write(f"lab: {error}\n".encode())
            ended = 126
        tell_end(process, ended)

    async def _carry_out(self, process: "asyncssh.SSHServerProcess[bytes]") -> int:
        terminal = process.term_type or ""
        streams = Streams.for_terminal() if terminal else Streams.for_pipes()
        user = process.get_extra_info("username")
        try:
            task, answer = await self.machine.run(process.command, user, terminal, streams.theirs)
        finally:
            streams.give_away()
        await process.redirect(stdout=streams.output, stderr=streams.errors)
        feeding = asyncio.get_running_loop().create_task(self._feed(process, streams.input, task))
        try:
            message, _ = await answer
        finally:
            feeding.cancel()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(process.stdout.drain(), process.stderr.drain()), LINGER_S)
        return int(message["ended"])

    async def _feed(self, process: "asyncssh.SSHServerProcess[bytes]", target: int, task: int) -> None:
        """Carry what the client sends to the command: data, signals, end."""
        try:
            while True:
                try:
                    data = await process.stdin.read(_CHUNK)
                except asyncssh.SignalReceived as received:
                    await self.machine.signal(task, number_of(received.signal))
                except (asyncssh.TerminalSizeChanged, asyncssh.BreakReceived):
                    continue
                else:
                    if not data:
                        return
                    await write_all(target, data)
        except (OSError, asyncssh.Error):
            return  # the command does not read, or the connection is gone
        finally:
            os.close(target)


class Visitor(asyncssh.SSHServer):
    """One connection. Only the lab's own key opens, for the users of the lab."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Remember it, so that it can be cut when the host goes down."""
        self._connection = conn
        self._door.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as asyncssh calls it
        """Forget it."""
        if self._connection is not None:
            self._door.connections.discard(self._connection)

    async def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - as asyncssh calls it
        """Everybody has to show a key."""
        await self._door.slowness()
        return True

    def public_key_auth_supported(self) -> bool:
        """Keys are the only way in."""
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Whether this is the lab's key, and the user exists."""
        return username in USERS and bool(key == self._door.client_key)


class Streams:
    """The two sides of a command's streams: `theirs` go to the command, the others stay here."""

    def __init__(self, theirs: tuple[int, ...], into: int, output: int, errors: int | None) -> None:
        self.theirs = theirs
        self.input = into
        self.output = output
        self.errors = errors
        os.set_blocking(into, False)

    @classmethod
    def for_pipes(cls) -> "Streams":
        """Three pipes."""
        (in_read, in_write), (out_read, out_write), (error_read, error_write) = os.pipe(), os.pipe(), os.pipe()
        return cls((in_read, out_write, error_write), in_write, out_read, error_read)

    @classmethod
    def for_terminal(cls) -> "Streams":
        """One terminal."""
        ours, theirs = os.openpty()
        return cls((theirs,), os.dup(ours), ours, None)

    def give_away(self) -> None:
        """Close the command's side here; it has its own copies."""
        for descriptor in self.theirs:
            os.close(descriptor)


def reserve(port: int) -> socket.socket:
    """A socket that keeps a port of 127.0.0.1 ours without answering it; 0 or a port in use gives another one."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(("127.0.0.1", port))
    except OSError:
        sock.bind(("127.0.0.1", 0))
    return sock


def listening(port: int) -> socket.socket:
    """A socket that answers a reserved port."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    sock.listen(128)
    sock.setblocking(False)
    return sock


def number_of(name: str) -> int:
    """The number of a signal by its SSH name (TERM, KILL …); SIGTERM for a name that nobody knows."""
    return int(getattr(signal, f"SIG{name}", signal.SIGTERM))


def tell_end(process: "asyncssh.SSHServerProcess[bytes]", ended: int) -> None:
    """Send the exit code, or the name of the signal that ended the command (negative)."""
    if ended >= 0:
        process.exit(ended)
    else:
        process.exit_with_signal(signal.Signals(-ended).name.removeprefix("SIG"))


async def write_all(target: int, data: bytes) -> None:
    """Write to a descriptor that does not block. Raises OSError when nobody reads it any more."""
    loop = asyncio.get_running_loop()
    while data:
        try:
            data = data[os.write(target, data) :]
        except BlockingIOError:
            room = asyncio.Event()
            loop.add_writer(target, room.set)
            try:
                await room.wait()
            finally:
                loop.remove_writer(target)
