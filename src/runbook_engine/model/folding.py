"""Many host names as one short text: r12-u[01:20]. Written so that the inventory reads it back as the same list."""

import re
from collections.abc import Sequence
from functools import lru_cache

_NUMBER = re.compile(r"[0-9]{1,15}")
SHORTEST_RUN = 3  # two names are shorter than their range


def fold_hosts(hosts: Sequence[str], *, most: int = 0) -> str:
    """The names in their order, each run of at least three that count upwards as `[first:last]`.

    Expanding it gives the same list. `most` above 0 shows only so many parts and says how many hosts are left.
    """
    return _folded(tuple(hosts), most)


@lru_cache(maxsize=64)  # the packages of a phase mostly have the same hosts
def _folded(hosts: tuple[str, ...], most: int) -> str:
    parts: list[str] = []
    start = 0
    while start < len(hosts):
        if most and len(parts) == most:
            return f"{', '.join(parts)} and {len(hosts) - start:,} more"
        end, text = _run(hosts, start)
        parts.append(text)
        start = end
    return ", ".join(parts)


def _run(hosts: Sequence[str], start: int) -> tuple[int, str]:
    """The longest range that starts here: where it ends, and its text."""
    best = (start + 1, hosts[start])
    if start + SHORTEST_RUN > len(hosts):
        return best
    for match in _NUMBER.finditer(hosts[start]):
        end = _run_end(hosts, start, match)
        if end - start >= SHORTEST_RUN and end > best[0]:
            best = (end, _range(hosts[start], match, end - start))
    return best


def _run_end(hosts: Sequence[str], start: int, match: re.Match[str]) -> int:
    end = start + 1
    while end < len(hosts) and hosts[end] == _with_number(match, end - start):
        end += 1
    return end


def _range(first: str, match: re.Match[str], length: int) -> str:
    digits = match.group()
    last = str(int(digits) + length - 1).zfill(len(digits))
    return f"{first[: match.start()]}[{digits}:{last}]{first[match.end() :]}"


def _with_number(match: re.Match[str], offset: int) -> str:
    digits = match.group()
    number = str(int(digits) + offset).zfill(len(digits))
    return f"{match.string[: match.start()]}{number}{match.string[match.end() :]}"
