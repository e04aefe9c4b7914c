"""Moves of the search over lists. Written as `listing_gaps` is."""

from typing import Any

from runbook_engine.scheduling.listing_case import DEADLINE, DUE
from runbook_engine.scheduling.listing_laying import lay


def copied(into: Any, row: Any, count: int) -> None:
    """Copy the first numbers of a row."""
    for k in range(count):
        into[k] = row[k]


def cleared(books: Any, blank: Any) -> None:
    """Empty books for another schedule; `blank` are books in which nothing was ever placed."""
    for k in range(len(books.count)):
        books.count[k] = 0
        books.since[k] = 0
        copied(books.days[k], blank.days[k], len(blank.days[k]))
        copied(books.weeks[k], blank.weeks[k], len(blank.weeks[k]))
    for k in range(len(books.steps)):
        books.steps[k] = blank.steps[k]
        copied(books.times[k], blank.times[k], blank.steps[k])
        copied(books.left[k], blank.left[k], blank.steps[k])
    for k in range(len(books.finish)):
        books.start[k] = books.finish[k] = -1
        books.floor[k] = 0


def decoded(case: Any, books: Any, blank: Any, order: Any, tries: int) -> int:
    cleared(books, blank)
    done, _ = lay(case, books, order, tries)
    return done
