"""Ports that answer late: what comes in is handed on after a delay, either way. A process of its own, and a way to start it.

    python bench/execution/delay.py ADDRESS MILLISECONDS PORT=TARGET …      each way; a round trip is twice as long

A target of 0 is nobody: what comes in is said back at once.
"""

import asyncio
import selectors
import socket
import subprocess
import sys
import time
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

START_S = 10.0


@contextmanager
def late(address: str, ports: dict[int, int], milliseconds: float) -> Iterator[None]:
    """Have these ports of an address of loopback lead to others, with a delay each way, until the end."""
    pairs = [f"{port}={target}" for port, target in ports.items()]
    process = subprocess.Popen([sys.executable, __file__, address, str(milliseconds), *pairs])
    try:
        until = time.monotonic() + START_S
        for port in ports:
            while not _open(address, port) and time.monotonic() < until:
                time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()


def round_trip_ms(address: str, port: int, times: int = 100) -> float:
    """The median time of one byte there and back, through a port behind which it is said back."""
    waits = []
    with socket.create_connection((address, port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(times):
            began = time.perf_counter()
            sock.send(b".")
            sock.recv(1)
            waits.append((time.perf_counter() - began) * 1000)
    return sorted(waits)[times // 2]


def _open(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port)).close()
    except OSError:
        return False
    return True


async def _hand_on(reader: StreamReader, writer: StreamWriter, delay_s: float) -> None:
    """Everything, in its order, each piece so much later; then the end."""
    loop = asyncio.get_running_loop()
    pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def out() -> None:
        piece = b"."
        while piece:
            at, piece = await pieces.get()
            await asyncio.sleep(max(0.0, at - loop.time()))
            writer.write(piece)
        writer.close()

    handing = asyncio.create_task(out())
    piece = b"."
    while piece:
        try:
            piece = await reader.read(1 << 16)
        except ConnectionError:
            piece = b""
        pieces.put_nowait((loop.time() + delay_s, piece))
    with suppress(ConnectionError):
        await handing


async def _serve(address: str, port: int, target: int, delay_s: float) -> None:
    async def meet(reader: StreamReader, writer: StreamWriter) -> None:
        _at_once(writer)
        if not target:
            await _hand_on(reader, writer, 0.0)
            return
        there, back = await asyncio.open_connection(address, target)
        _at_once(back)
        await asyncio.gather(_hand_on(reader, back, delay_s), _hand_on(there, writer, delay_s))

    async with await asyncio.start_server(meet, address, port) as server:
        await server.serve_forever()


def _at_once(writer: StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


async def _all(address: str, delay_s: float, pairs: list[str]) -> None:
    ports = [[int(number) for number in pair.split("=")] for pair in pairs]
    await asyncio.gather(*(_serve(address, port, target, delay_s) for port, target in ports))


def main() -> None:
    # select counts microseconds, epoll as Python uses it rounds up to a millisecond
    loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
    loop.run_until_complete(_all(sys.argv[1], float(sys.argv[2]) / 1000, sys.argv[3:]))


if __name__ == "__main__":
    main()
