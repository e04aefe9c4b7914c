"""The files beside a runbook, as actions ask for them: content, rendered content, checksum. Each is read once."""

import hashlib
from collections.abc import Callable
from typing import TypeVar

from runbook_engine.model.text import Fill, Text
from runbook_engine.planning.findings import BadTemplate
from runbook_engine.planning.render import Renderer

ReadFile = Callable[[str], bytes]
Checksum = Callable[[str], str]
T = TypeVar("T")


class Library:
    """Reads each file once for a whole plan. Raises BadTemplate for one that cannot be read."""

    def __init__(self, read_file: ReadFile, checksum: Checksum | None = None) -> None:
        self._read_file = read_file
        self._compute = checksum or (lambda path: hashlib.sha256(read_file(path)).hexdigest())
        self._bytes: dict[str, bytes] = {}
        self._checksums: dict[str, str] = {}

    def bytes_of(self, path: str) -> bytes:
        """The bytes of a file."""
        return _once(self._bytes, self._read_file, path)

    def text_of(self, path: str) -> str:
        """The text of a file."""
        try:
            text = self.bytes_of(path).decode()
        except UnicodeDecodeError as error:
            raise BadTemplate(f"the file {path} is not UTF-8 text (byte {error.start})", "upload: takes any file") from None
        if "\0" in text:
            raise BadTemplate(f"the file {path} holds a NUL character", "upload: takes any file")
        return text

    def checksum(self, path: str) -> str:
        """SHA-256 of the bytes, hexadecimal. The file need not fit into memory."""
        return _once(self._checksums, self._compute, path)


def _once(known: dict[str, T], read: Callable[[str], T], path: str) -> T:
    if path not in known:
        try:
            known[path] = read(path)
        except (OSError, ValueError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error) or "it cannot be read"
            raise BadTemplate(f"the file {path} cannot be read: {reason}", "paths are relative to the runbook") from None
    return known[path]


class PackageFiles:
    """`actions.contract.Files` for one package: a path that differs by host gives a text that does too."""

    def __init__(self, library: Library, renderer: Renderer) -> None:
        self._library = library
        self._renderer = renderer

    def content(self, path: Text) -> Text:
        """The file's text as it is."""
        return self._by_path(path, lambda name: Text((self._library.text_of(name),)))

    def rendered(self, path: Text) -> Text:
        """The file's text as a template."""
        return self._by_path(path, self._rendered)

    def checksum(self, path: Text) -> Text:
        """The SHA-256 of the file's bytes."""
        return self._by_path(path, lambda name: Text((self._library.checksum(name),)))

    def _rendered(self, name: str) -> Text:
        try:
            return self._renderer.text(Text((self._library.text_of(name),)))
        except BadTemplate as error:
            raise BadTemplate(f"{name}: {error.message}", error.hint) from None

    def _by_path(self, path: Text, make: Callable[[str], Text]) -> Text:
        names = self._by_host(path)
        made = {name: make(name) for name in dict.fromkeys(names)}
        if len(made) == 1:
            return made[names[0]]
        shown = {name: self._by_host(text) for name, text in made.items()}
        column = tuple(shown[name][position] for position, name in enumerate(names))
        return Text((self._renderer.columns.add(column),), shell=path.shell)

    def _by_host(self, text: Text) -> list[str]:
        """A text as it is for each host, in order; one entry where the package is done once."""
        columns, count = self._renderer.columns.all(), len(self._renderer.names.hosts) or 1
        if any(not isinstance(part, str | Fill) for part in text.parts):
            raise BadTemplate("the file, and what is in it when it differs by host, must be known when the plan is made")
        if text.parts == ():
            return [""] * count
        by_part = [[p] * count if isinstance(p, str) else columns[p.index] for p in text.parts if isinstance(p, str | Fill)]
        return ["".join(pieces) for pieces in zip(*by_part, strict=True)]
