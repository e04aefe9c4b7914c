"""A project with people as a puzzle of whole numbers, which a prover can be sent. `crew_relaxed` makes it."""

from dataclasses import asdict
from typing import Any

from runbook_engine.model.values import dataclass

Pieces = list[tuple[int, int, int]]  # (from, to, pause): starts from a slot to another, both meant, and how long it pauses then


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """That a group gives one of its people, or some, to a crew of a job."""

    group: int
    until: int  # the job is over by then
    pieces: Pieces
    holds: bool  # nobody of them does anything else from start to finish
    exact: bool  # the pauses are these; otherwise at least these


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One job."""

    duration: int
    pieces: Pieces  # when it can start, by all but people
    until: int
    exact: bool  # its pauses are these; otherwise at least these
    paused: bool  # its finish is more than its start and its duration
    fact: bool
    crews: list[tuple[int, list[Way]]]  # how many people, and from where they can come
    people: list[tuple[int, int]]  # of a fact: how many of which group do it


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """What is shared by jobs: a resource, a part that is used up, or places of jobs to keep apart."""

    amount: int
    used_up: bool
    fixed: list[tuple[int, int, int]]  # (from, to, amount): what nobody can change
    users: list[tuple[int, int]]  # job and amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How much the people of a group work in each part of the calendar."""

    group: int
    most: int
    begins: list[int]
    fixed: list[tuple[int, int]]  # (number of the part, slots that are worked in any case)


@dataclass(frozen=True, slots=True, kw_only=True)
class Puzzle:
    """All of it. It can be sent as JSON."""

    ends: int  # all is over by then
    jobs: list[Piece]
    links: list[tuple[int, int, int, int, int | None]]  # (job, job before, kind, lag, most)
    groups: list[tuple[int, list[tuple[int, int]]]]  # how many people, and when they are away
    members: list[list[int]]
    things: list[Thing]
    limits: list[Limit]
    same: list[tuple[int, int]]
    other: list[tuple[int, int]]


def packed(puzzle: Puzzle) -> dict[str, Any]:
    """As it is sent."""
    return asdict(puzzle)


def unpacked(message: dict[str, Any]) -> Puzzle:
    """What was sent."""
    fields = dict(message)
    fields["jobs"] = [_job(row) for row in message["jobs"]]
    fields["things"] = [Thing(**row) for row in message["things"]]
    fields["limits"] = [Limit(**row) for row in message["limits"]]
    return Puzzle(**fields)


def _job(row: dict[str, Any]) -> Piece:
    crews = [(count, [Way(**way) for way in ways]) for count, ways in row["crews"]]
    return Piece(**{**row, "crews": crews})
