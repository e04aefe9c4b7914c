"""Host ranges: `r12-u[01:20]`, `db[a:c]`, `n[0:10:2]`, `web[1,3,5]`. Pure text; counted before they are expanded."""

import itertools
import math
import re
import string
from collections.abc import Sequence

from runbook_engine.loading.estate_names import host_name

MAX_HOSTS = 100_000  # of one estate, and so of one range

_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_NUMBER = re.compile(r"[0-9]{1,12}")
_ITEM = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def expand(pattern: str) -> tuple[str, ...]:
    """The names that a pattern stands for, in order; a pattern without brackets stands for itself.

    Raises ValueError, in words for the author, when a range cannot be read or gives more than MAX_HOSTS names.
    """
    pieces = _BRACKETS.split(pattern)
    if any("[" in literal or "]" in literal for literal in pieces[::2]):
        raise ValueError(f"'{pattern}' has a bracket without its partner")
    if len(pieces) == 1:
        return (pattern,)
    choices: list[Sequence[str]] = [_choices(piece) if index % 2 else (piece,) for index, piece in enumerate(pieces)]
    count = math.prod(len(choice) for choice in choices)
    if count > MAX_HOSTS:
        raise ValueError(f"'{pattern}' gives {count:,} names; at most {MAX_HOSTS:,} are allowed")
    return tuple(map("".join, itertools.product(*choices)))


def host_names(pattern: str) -> tuple[str, ...]:
    """The names of a pattern, each of which can be a host's. Raises ValueError."""
    if "[" not in pattern:
        return (host_name(pattern),)
    expanded = expand(pattern)
    for name in {expanded[0], max(expanded, key=len)}:  # they differ only in letters and digits from the others
        host_name(name)
    return expanded


def _choices(text: str) -> Sequence[str]:
    if ":" not in text:
        return _listed(text)
    first, last, *rest = text.split(":")
    if len(rest) > 1 or not last:
        raise ValueError(f"[{text}] is not a range: write [first:last] or [first:last:step]")
    step = _whole(rest[0], text) if rest else 1
    if step < 1:
        raise ValueError(f"[{text}] has the step {step}; a step is 1 or more")
    return _letters(first, last, step, text) if first.isalpha() else _numbers(first or "0", last, step, text)


def _listed(text: str) -> Sequence[str]:
    items = [item.strip() for item in text.split(",")]
    if not all(_ITEM.fullmatch(item) for item in items):
        raise ValueError(f"[{text}] is not a range: write [first:last], [first:last:step] or [one,another]")
    return items


def _letters(first: str, last: str, step: int, text: str) -> Sequence[str]:
    letters = string.ascii_letters
    if len(first) != 1 or len(last) != 1 or first not in letters or last not in letters:
        raise ValueError(f"[{text}] is not a range of single letters, such as [a:f]")
    begin, end = letters.index(first), letters.index(last)
    if begin > end:
        raise ValueError(f"[{text}] runs backwards")
    return letters[begin : end + 1 : step]


def _numbers(first: str, last: str, step: int, text: str) -> Sequence[str]:
    begin, end = _whole(first, text), _whole(last, text)
    if begin > end:
        raise ValueError(f"[{text}] runs backwards")
    padded = len(first) > 1 and first.startswith("0")
    if padded and len(first) != len(last):
        width = max(len(first), len(last))
        repair = f"[{first.zfill(width)}:{last.zfill(width)}]"
        raise ValueError(f"[{text}] pads with zeros, so both ends need the same number of digits: {repair}")
    numbers = range(begin, end + 1, step)
    if len(numbers) > MAX_HOSTS:
        raise ValueError(f"[{text}] gives {len(numbers):,} names; at most {MAX_HOSTS:,} are allowed")
    return [str(number).zfill(len(first)) for number in numbers] if padded else [str(number) for number in numbers]


def _whole(text: str, whole: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"[{whole}] is not a range: '{text}' is not a whole number")
    return int(text)
