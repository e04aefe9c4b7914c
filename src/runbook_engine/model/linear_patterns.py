"""Patterns that authors write for the values of params, matched in time that grows with the value and no faster.

Python's own engine tries one way after the other: `(a+)+b` takes years for forty letters. Here all ways are followed at the
same time. That leaves out what needs to look back or ahead; such a pattern is refused with its reason.
"""

import re
from functools import lru_cache

from runbook_engine.model.values import dataclass

MOST = 2_000  # parts of a pattern, repetitions written out
DEEPEST = 50  # groups inside each other
_COUNT = re.compile(r"\{(\d{0,4})(,?)(\d{0,4})\}")
_ESCAPE = re.compile(r"\\(?:[dDwWsSntrfv]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[^a-zA-Z0-9])")
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_GROUP = re.compile(r"\((?:\?:|\?P<\w+>)?(?!\?)")


@dataclass(frozen=True, slots=True)
class _Character:
    """One character that a small expression fits."""

    fits: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Split:
    """Go on at the next part, or so many parts further; several ways at once."""

    further: tuple[int, ...]


_Part = _Character | _Split
_Code = list[_Part]


class Pattern:
    """A pattern, ready to be matched. Raises ValueError for one that is wrong or cannot be matched in linear time."""

    def __init__(self, text: str) -> None:
        re.compile(text)
        self._code = _Reader(text).whole()
        self._start = self._reached({0})
        self._known: dict[tuple[frozenset[int], str], frozenset[int]] = {}

    def matches(self, value: str) -> bool:
        """Whether the whole value fits."""
        places = self._start
        for character in value:
            if (places, character) not in self._known:
                if len(self._known) > MOST:
                    self._known.clear()
                self._known[places, character] = self._after(places, character)
            places = self._known[places, character]
            if not places:
                return False
        return len(self._code) in places

    def _after(self, places: frozenset[int], character: str) -> frozenset[int]:
        parts = ((place, self._code[place]) for place in places if place < len(self._code))
        return self._reached({p + 1 for p, part in parts if isinstance(part, _Character) and part.fits.fullmatch(character)})

    def _reached(self, places: set[int]) -> frozenset[int]:
        """All places that are reached from these without a further character."""
        waiting = list(places)
        while waiting:
            place = waiting.pop()
            part = self._code[place] if place < len(self._code) else None
            if isinstance(part, _Split):
                new = {place + step for step in part.further} - places
                places |= new
                waiting.extend(new)
        return frozenset(places)


@lru_cache(maxsize=256)
def pattern(text: str) -> Pattern:
    """The pattern of a text, read once. Raises ValueError."""
    try:
        return Pattern(text)
    except re.error as error:
        raise ValueError(str(error)) from None


class _Reader:
    """Reads a pattern that Python has found to be one."""

    def __init__(self, text: str) -> None:
        self._text = text.removeprefix("^")
        if self._text.endswith("$") and not self._text.endswith("\\$"):
            self._text = self._text[:-1]
        self._at = 0
        self._depth = 0

    def whole(self) -> _Code:
        """All of it."""
        code = self._choice()
        if self._at < len(self._text):
            raise self._refused(self._text[self._at])
        return code

    def _choice(self) -> _Code:
        ways = [self._sequence()]
        while self._next("|"):
            ways.append(self._sequence())
        code = ways.pop()
        while ways:
            first = ways.pop()
            code = _limited([_Split((1, len(first) + 2)), *first, _Split((len(code) + 1,)), *code])
        return code

    def _sequence(self) -> _Code:
        code: _Code = []
        while self._at < len(self._text) and self._text[self._at] not in "|)":
            code = _limited(code + self._repeated(self._one()))
        return code

    def _one(self) -> _Code:
        for shape in (_ESCAPE, _CLASS):
            if found := shape.match(self._text, self._at):
                self._at = found.end()
                return [_Character(re.compile(found.group()))]
        if found := _GROUP.match(self._text, self._at):
            self._at = found.end()
            return self._group()
        character = self._text[self._at]
        if character in "\\(^$*+?{":
            raise self._refused(self._text[self._at : self._at + 3])
        self._at += 1
        return [_Character(re.compile(character if character == "." else re.escape(character)))]

    def _group(self) -> _Code:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ValueError(f"groups are more than {DEEPEST} deep")
        code = self._choice()
        self._depth -= 1
        self._next(")")
        return code

    def _repeated(self, code: _Code) -> _Code:
        least, most = self._counts()
        if (least, most) != (1, 1):
            self._next("?")  # whether it takes much or little does not matter when all of the value must fit
        optional: _Code = [_Split((1, len(code) + 1)), *code]
        loop: _Code = [_Split((1, len(code) + 2)), *code, _Split((-len(code) - 1,))]
        if len(code) * max(least, most or 0) > MOST:
            raise ValueError(f"it is longer than {MOST:,} parts when repetitions are written out")
        return code * least + (loop if most is None else optional * (most - least))

    def _counts(self) -> tuple[int, int | None]:
        for sign, counts in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._next(sign):
                return counts
        found = _COUNT.match(self._text, self._at)
        if not found or not (found[1] or found[2]):
            return (1, 1)
        self._at = found.end()
        least = int(found[1] or 0)
        return (least, least) if not found[2] else (least, int(found[3]) if found[3] else None)

    def _next(self, sign: str) -> bool:
        here = self._text.startswith(sign, self._at)
        self._at += len(sign) if here else 0
        return here

    def _refused(self, what: str) -> ValueError:
        return ValueError(f"{what!r} at character {self._at + 1} looks back or ahead, or is not known here: write it without")


def _limited(code: _Code) -> _Code:
    if len(code) > MOST:
        raise ValueError(f"it is longer than {MOST:,} parts when repetitions are written out")
    return code
