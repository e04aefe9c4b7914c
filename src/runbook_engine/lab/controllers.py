"""The management controller of a make-believe host: a small, truthful Redfish over HTTPS, one port of 127.0.0.1 for each."""

import asyncio
import base64
import contextlib
import hmac
import json
import secrets
import socket
import ssl
from collections.abc import Mapping
from typing import Any

from runbook_engine.lab.board import Board, NotOffered
from runbook_engine.lab.door import listening, reserve

USER = "ops"
ROOT = "/redfish/v1"
LARGEST = 1 << 16  # bytes of a request, head and body each
WITHIN_S = 10.0  # for a whole request to come
SESSIONS = f"{ROOT}/SessionService/Sessions"

Reply = tuple[int, Any, Mapping[str, str]]
WORDS = {200: "OK", 201: "Created", 204: "No Content", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found"}


class Controller:
    """Answers for one host. It works while the host is off."""

    def __init__(self, board: Board, password: str, context: ssl.SSLContext, port: int) -> None:
        self._board = board
        self._password = password
        self._context = context
        self._reserved = reserve(port)
        self.port = int(self._reserved.getsockname()[1])
        self._server: asyncio.Server | None = None
        self._tokens: dict[str, str] = {}  # number of a session → its token

    async def open(self) -> None:
        """Answer."""
        sock: socket.socket = listening(self.port)
        self._server = await asyncio.start_server(self._visit, sock=sock, ssl=self._context, limit=LARGEST)

    def release(self) -> None:
        """End, and give the port back."""
        if self._server is not None:
            self._server.close()
        self._reserved.close()

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, one answer."""
        with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            async with asyncio.timeout(WITHIN_S):
                method, path, headers, body = await _request(reader)
                writer.write(_bytes(await self._answer(method, path.rstrip("/"), headers, body)))
                await writer.drain()
        writer.close()

    async def _answer(self, method: str, path: str, headers: Mapping[str, str], body: Any) -> Reply:
        if method == "GET" and path == ROOT:
            return 200, _root(self._board.name), {}
        if method == "POST" and path == SESSIONS:
            return self._log_in(body)
        if not self._known(headers):
            return _error(401, "Who are you?")
        if method == "DELETE" and path.startswith(f"{SESSIONS}/"):
            return (
                (204, None, {}) if self._tokens.pop(path.rpartition("/")[2], None) else _error(404, "There is no such session.")
            )
        try:
            return await self._carry_out(method, path, body)
        except NotOffered as error:
            return _error(400, str(error))

    async def _carry_out(self, method: str, path: str, body: Any) -> Reply:
        board, system = self._board, f"{ROOT}/Systems/1"
        if method == "GET":
            page = board.pages(ROOT).get(path)
            return (200, {"@odata.id": path, **page}, {}) if page is not None else _error(404, f"There is no {path}.")
        if method == "PATCH" and path == system:
            board.set(body)
        elif method == "POST" and path == f"{system}/Actions/ComputerSystem.Reset":
            await board.reset(str(body.get("ResetType")))
        else:
            return _error(404, f"There is no {method} for {path}.")
        return 204, None, {}

    def _log_in(self, body: Any) -> Reply:
        if not self._right(str(body.get("UserName")), str(body.get("Password"))):
            return _error(401, "The name or the password is wrong.")
        number, token = str(len(self._tokens) + 1) + secrets.token_hex(4), secrets.token_urlsafe(24)
        self._tokens[number] = token
        place = f"{SESSIONS}/{number}"
        return 201, {"@odata.id": place, "Id": number, "Name": "Session"}, {"X-Auth-Token": token, "Location": place}

    def _known(self, headers: Mapping[str, str]) -> bool:
        token = headers.get("x-auth-token", "")
        if token:
            return any(hmac.compare_digest(token, known) for known in self._tokens.values())
        kind, _, value = headers.get("authorization", "").partition(" ")
        name, _, password = (
            base64.b64decode(value).decode("utf-8", "replace").partition(":") if kind == "Basic" else ("", "", "")
        )
        return self._right(name, password)

    def _right(self, name: str, password: str) -> bool:
        return name == USER and hmac.compare_digest(password.encode(), self._password.encode())


def _root(name: str) -> dict[str, Any]:
    parts = ("Systems", "Managers", "UpdateService", "SessionService")
    return {
        "@odata.id": ROOT,
        "Id": "RootService",
        "Name": f"Controller of {name}",
        "RedfishVersion": "1.15.0",
        "Links": {"Sessions": {"@odata.id": SESSIONS}},
        **{part: {"@odata.id": f"{ROOT}/{part}"} for part in parts},
    }


async def _request(reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str], Any]:
    """Method, path, headers in small letters, and the body as JSON (an empty mapping if there is none)."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    length = int(headers.get("content-length") or 0)
    body = json.loads(await reader.readexactly(min(length, LARGEST))) if length else {}
    return method, path.partition("?")[0], headers, body if isinstance(body, dict) else {}


def _error(status: int, message: str) -> Reply:
    told = {"code": "Base.1.0.GeneralError", "message": message, "@Message.ExtendedInfo": []}
    return status, {"error": told}, {}


def _bytes(reply: Reply) -> bytes:
    status, data, headers = reply
    body = b"" if data is None else json.dumps(data).encode()
    lines = [f"HTTP/1.1 {status} {WORDS[status]}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body
