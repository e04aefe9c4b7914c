"""Bad hosts of loopback, each bad in its own way: a process of its own that listens for all of them, and a way to start it.

    python bench/execution/trouble.py SERVER_PORT KIND=ADDRESS …

The port of a kind is in PORTS. What leads to the server leads to an address of TO_SERVER, so that a command can tell.
"""

import asyncio
import socket
import subprocess
import sys
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

PORTS = {
    "blackhole": 2281,
    "says nothing": 2282,
    "says it slowly": 2283,
    "speaks HTTP": 2284,
    "silent after banner": 2285,
    "lost in mid-step": 2286,
    "frozen in mid-step": 2287,
}
TO_SERVER = "127.0.250."
BREAKS_S = 3.0  # after so long a connection that leads to the server is lost, or freezes
START_S = 10.0
FILLED = 4  # connections that nobody accepts: the next one finds no room, and its first packet is dropped
Meet = Callable[[StreamReader, StreamWriter], Awaitable[None]]


@contextmanager
def trouble(server_port: int, where: Mapping[str, str]) -> Iterator[None]:
    """Have these kinds of trouble (kind → address) until the end."""
    told = [f"{kind}={address}" for kind, address in where.items()]
    process = subprocess.Popen([sys.executable, __file__, str(server_port), *told], stdout=subprocess.PIPE)
    try:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n", "bad hosts did not start"
        yield
    finally:
        process.terminate()
        process.wait()


async def _nothing(reader: StreamReader, writer: StreamWriter) -> None:
    """Accept, and never say a word."""
    with suppress(ConnectionError):
        while await reader.read(1 << 16):
            pass
    writer.close()


async def _slowly(reader: StreamReader, writer: StreamWriter) -> None:
    """A line that is not the banner every half second, without an end."""
    with suppress(ConnectionError):
        while not reader.at_eof():
            writer.write(b"please wait\r\n")
            await writer.drain()
            await asyncio.sleep(0.5)
    writer.close()


async def _http(reader: StreamReader, writer: StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    writer.close()


async def _silent(reader: StreamReader, writer: StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.2p1\r\n")
    await _nothing(reader, writer)


def _breaking(server_port: int, *, lost: bool) -> Meet:
    """Lead to the server; after a while the connection is cut, or nothing goes through it any more."""

    async def meet(reader: StreamReader, writer: StreamWriter) -> None:
        last = writer.get_extra_info("sockname")[0].rpartition(".")[2]
        there, back = await asyncio.open_connection(f"{TO_SERVER}{last}", server_port)
        both = [asyncio.create_task(_pass_on(reader, back)), asyncio.create_task(_pass_on(there, writer))]
        await asyncio.wait(both, timeout=BREAKS_S)
        for one in both:
            one.cancel()
        if lost:
            writer.transport.abort()
        else:
            await asyncio.sleep(3600)
        back.transport.abort()

    return meet


async def _pass_on(reader: StreamReader, writer: StreamWriter) -> None:
    with suppress(ConnectionError):
        while piece := await reader.read(1 << 16):
            writer.write(piece)
    writer.close()


def _full(address: str, port: int) -> list[socket.socket]:
    """A listener without room."""
    listener = socket.create_server((address, port), backlog=0)
    filled = [socket.socket() for _ in range(FILLED)]
    for sock in filled:
        sock.setblocking(False)
        sock.connect_ex((address, port))
    return [listener, *filled]


async def _all(server_port: int, where: list[tuple[str, str]]) -> None:
    meets: dict[str, Meet] = {
        "says nothing": _nothing,
        "says it slowly": _slowly,
        "speaks HTTP": _http,
        "silent after banner": _silent,
        "lost in mid-step": _breaking(server_port, lost=True),
        "frozen in mid-step": _breaking(server_port, lost=False),
    }
    kept = [_full(address, PORTS[kind]) for kind, address in where if kind not in meets]
    for kind, address in where:
        if kind in meets:
            await asyncio.start_server(meets[kind], address, PORTS[kind])
    print("ready", flush=True)
    while kept is not None:
        await asyncio.sleep(3600)


def main() -> None:
    where = [word.rpartition("=") for word in sys.argv[2:]]
    asyncio.run(_all(int(sys.argv[1]), [(kind, address) for kind, _, address in where]))


if __name__ == "__main__":
    main()
