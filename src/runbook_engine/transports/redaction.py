"""Keeping secrets out of output: a streaming mask over every form in which a value may come back."""

import base64
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from urllib.parse import quote, quote_plus

SHORTEST_LINE = 8  # lines of a secret of several lines are masked by themselves from this length on


class Masks:
    """The forms of all known secrets, and what stands in their place. Immutable."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self.marks: dict[bytes, bytes] = {}
        for name, value in secrets.items():
            mark = f"[secret {name}]".encode("utf-8", "surrogateescape")
            for form in forms(value):
                self.marks.setdefault(form, mark)
        self._least = tuple(form for form in self.marks if not any(form != other and other in form for other in self.marks))
        longest_first = sorted(self.marks, key=len, reverse=True)
        self.longest = len(longest_first[0]) if longest_first else 0
        self.pattern = re.compile(b"|".join(re.escape(f) for f in longest_first)) if longest_first else None

    def hide(self, data: bytes) -> bytes:
        """A complete piece of output without secrets."""
        if self.pattern is None or not self.present(data):
            return data
        return self.pattern.sub(lambda match: self.marks[match.group()], data)

    def hide_text(self, text: str) -> str:
        """The same for a message."""
        return self.hide(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")

    def present(self, data: bytes) -> bool:
        """Whether any form occurs. A plain search for each that holds no other: far cheaper than the pattern."""
        return any(form in data for form in self._least)


class Redactor:
    """Masks a stream that comes in pieces. Holds back only an end that may be the beginning of a secret."""

    def __init__(self, masks: Masks) -> None:
        self._masks = masks
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """What can be shown now."""
        if not self._masks.longest:
            return data
        data = self._held + data
        cut = self._safe_end(data)
        self._held = data[cut:]
        return self._masks.hide(data[:cut])

    def finish(self) -> bytes:
        """The rest, when the stream has ended."""
        rest, self._held = self._held, b""
        return self._masks.hide(rest)

    def _safe_end(self, data: bytes) -> int:
        """Up to where nothing that comes later can complete a secret, and no secret is cut in two."""
        cut = min((unfinished(data, form) for form in self._masks.marks), default=len(data))
        if cut == len(data) or self._masks.pattern is None or not self._masks.present(data):
            return cut
        for match in self._masks.pattern.finditer(data):
            if match.start() < cut < match.end():
                return match.start()
        return cut


def unfinished(data: bytes, form: bytes) -> int:
    """The first place from which the end of `data` is a beginning of `form`; the length of `data` if there is none."""
    place = data.find(form[:1], max(0, len(data) - len(form) + 1))
    while place >= 0 and not form.startswith(data[place:]):
        place = data.find(form[:1], place + 1)
    return place if place >= 0 else len(data)


def forms(value: str) -> set[bytes]:
    """Every form of a secret that is masked: raw, base64, URL-quoted, JSON and shell-quoted."""
    found = {f for f in _written(value) if f}
    lines = value.splitlines()
    if len(lines) > 1:
        found.update(f for line in lines if len(line.strip()) >= SHORTEST_LINE for f in _written(line.strip()))
    return found


def _written(value: str) -> Iterator[bytes]:
    raw = value.encode("utf-8", "surrogateescape")
    yield raw
    yield from _base64_forms(raw)
    for text in (quote(raw, safe=""), quote(raw), quote_plus(raw)):
        yield text.encode()
        yield re.sub(r"%[0-9A-F]{2}", lambda m: m.group().lower(), text).encode()
    for ascii_only in (True, False):
        inner = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        yield inner.encode("utf-8", "surrogateescape")
        yield inner.replace("/", "\\/").encode("utf-8", "surrogateescape")
    for quoted in (shlex.quote(value)[1:-1] if shlex.quote(value) != value else value, value.replace("'", "'\\''")):
        yield quoted.encode("utf-8", "surrogateescape")


def _base64_forms(raw: bytes) -> Iterator[bytes]:
    """Base64 of the value alone, and its core at each of the three places it can have inside a longer text."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(raw)
        yield encode(raw).rstrip(b"=")
        for before in range(3):
            first = -(-before * 8 // 6)
            last = (before + len(raw)) * 8 // 6
            core = encode(b"\0" * before + raw)[first:last]
            if len(core) >= SHORTEST_LINE:
                yield core
