"""The list scheduler and its search, compiled: the same functions, run on arrays.

The functions of `listing_*` and `crew_moves` are compiled as they are, with all names that they use of each other bound to the
compiled ones. What is compiled is kept on disk, under a name that follows from all their sources: after a change of any of
them it is made anew.
"""

import hashlib
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
from numba import njit

from runbook_engine.scheduling import (
    crew_keeping,
    crew_moves,
    crew_values,
    listing_books,
    listing_case,
    listing_crews,
    listing_gaps,
    listing_laying,
    listing_order,
    listing_pace,
    listing_pauses,
)
from runbook_engine.scheduling.listing_books import Books
from runbook_engine.scheduling.listing_case import CAL, DUR, FREE_AT, FREE_END, PAUSE, SEAT_AT, Case

_MODULES = (
    listing_gaps,
    listing_books,
    listing_crews,
    listing_pace,
    listing_pauses,
    listing_laying,
    listing_order,
    crew_values,
    crew_moves,
    crew_keeping,
)
_PLAIN = {
    "books_of",
    "cuts",
    "foreign",
    "spells_of",
    "latest",
    "cycle",
    "ranks",
    "finish_of",
}  # run once for a project, never compiled
_MAKING_LISTS = {"sequence", "unmet", "bound"}
_ENTRIES = {"decoded", "searched", "rekept", "keep_searched"}
_WIDTHS = {
    "jobs": 15,
    "into": 4,
    "onto": 4,
    "uses": 2,
    "spans": 2,
    "calendars": 2,
    "meets": 2,
    "people": 11,
    "travel": 0,
    "dear": 3,
}


@cache
def compiled() -> dict[str, Any]:
    """The compiled functions by their names."""
    files = [Path(str(module.__file__)) for module in (listing_case, *_MODULES)]
    mark = hashlib.sha256(b"".join(file.read_bytes() for file in (*files, Path(__file__)))).hexdigest()[:12]
    names: dict[str, Any] = {"range": range}
    for module in (listing_case, *_MODULES):
        names |= {name: value for name, value in vars(module).items() if isinstance(value, int)}
    functions = [f for module in _MODULES for f in _functions(module)]
    functions += [_named(_insert_into_array, "insert"), _named(_remove_from_array, "remove")]
    functions += [_named(_copied_array, "copied")]
    functions += [_named(_span_after_in_array, "span_after"), _named(_later_than_in_array, "later_than")]
    for function in functions:
        made = FunctionType(function.__code__, names, function.__name__)
        made.__qualname__, made.__module__ = f"{function.__name__}-{mark}", function.__module__
        names[function.__name__] = njit(**_options(function.__name__))(made)
    return names


def _options(name: str) -> dict[str, Any]:
    """How a function is compiled. What is called by compiled functions only gets no way in for others: half of the work.

    All tables are held by whoever calls: inside, nobody counts who holds an array, which took most of the time. Only what makes
    lists of its own has to.
    """
    inner = name not in _ENTRIES
    counting = {} if name in _MAKING_LISTS or not inner else {"_nrt": False}
    return {"cache": True, "nogil": True, "no_cpython_wrapper": inner, "no_cfunc_wrapper": True, **counting}


def _functions(module: ModuleType) -> list[FunctionType]:
    return [
        value
        for name, value in vars(module).items()
        if isinstance(value, FunctionType)
        and value.__module__ == module.__name__
        and not name.startswith("_")
        and name not in _PLAIN
    ]


def _named(function: Any, name: str) -> FunctionType:
    return FunctionType(function.__code__, function.__globals__, name)


def _copied_array(into: Any, row: Any, count: int) -> None:
    for k in range(count):
        into[k] = row[k]


def _insert_into_array(row: Any, at: int, count: int, value: int) -> None:
    for k in range(count, at, -1):
        row[k] = row[k - 1]
    row[at] = value


def _remove_from_array(row: Any, at: int, count: int) -> None:
    for k in range(at, count - 1):
        row[k] = row[k + 1]


def case_arrays(case: Case) -> Case:
    """The tables of a project as arrays."""
    return Case(**{name: _array(value, _WIDTHS.get(name)) for name, value in case._asdict().items()})


def _array(rows: Any, width: int | None) -> Any:
    if width is None:
        return np.array(rows, dtype=np.int64).reshape(-1)
    if not len(rows):
        return np.zeros((0, max(1, width)), dtype=np.int64)
    return np.array(rows, dtype=np.int64)


def books_arrays(books: Books, case: Case) -> Books:
    """Empty books as arrays, with room for all that may come to stand in them. `case` is in lists."""
    spells = _most_spells(case) + max(books.count, default=0)
    used = [0] * len(books.times)
    for thing, _ in case.uses:
        used[thing] += 2
    steps = max((len(row) + used[k] + 2 for k, row in enumerate(books.times)), default=1)
    wide = {"starts": spells, "ends": spells, "whose": spells, "times": steps, "left": steps}
    rows = {name: _padded(getattr(books, name), width) for name, width in wide.items()}
    for name in ("days", "weeks", "spells", "asked", "seen"):
        value = getattr(books, name)
        rows[name] = _padded(value, max((len(row) for row in value), default=1))
    flat = {name: _array(value, None) for name, value in books._asdict().items() if name not in rows}
    return Books(**rows, **flat)


def _padded(rows: Any, width: int) -> Any:
    made = np.zeros((max(1, len(rows)), max(1, width)), dtype=np.int64)
    for k, row in enumerate(rows):
        made[k, : len(row)] = row
    return made


def _most_spells(case: Case) -> int:
    """How many spells one person can have at most."""
    people = [0] * len(case.people)
    widest = max((each[FREE_END] - each[FREE_AT] for each in case.people), default=0)
    interrupted = listing_books.cuts(case)
    for job, row in enumerate(case.jobs[:-1]):
        able = set(case.candidates[case.seats[row[SEAT_AT]] : case.seats[case.jobs[job + 1][SEAT_AT]]])
        parts = _most_parts(case, row, (case.jobs[job + 1][SEAT_AT] - row[SEAT_AT]) * widest + interrupted)
        for person in able:
            people[person] += parts
    return 1 + int(max(people, default=0))


def _most_parts(case: Case, row: Any, spans: int) -> int:
    """In how many spells a job is done at most: each begins where one of its calendar or people does, or after limits."""
    if not row[PAUSE]:
        return 1
    calendar = case.calendars[row[CAL]][1] - case.calendars[row[CAL]][0] if row[CAL] >= 0 else 0
    return int(max(1, min(row[DUR], calendar + spans)))


def row_array(row: Any) -> Any:
    """A row of numbers as an array."""
    return _array(row, None)


def _span_after_in_array(spans: Any, at: int, end: int, slot: int) -> int:
    """`span_after`, on an array."""
    while at < end:
        middle = (at + end) >> 1
        if spans[middle][1] > slot:
            end = middle
        else:
            at = middle + 1
    return at


def _later_than_in_array(row: Any, count: int, slot: int) -> int:
    """`later_than`, on an array."""
    low, high = 0, count
    while low < high:
        middle = (low + high) >> 1
        if row[middle] > slot:
            high = middle
        else:
            low = middle + 1
    return low
