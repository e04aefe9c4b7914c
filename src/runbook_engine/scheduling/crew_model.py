"""The puzzle of a project with people as a model of CP-SAT. It belongs to `crew_prover`: nobody else loads it, nor OR-Tools."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from ortools.sat.python import cp_model

from runbook_engine.scheduling.crew_puzzle import Limit, Piece, Pieces, Puzzle, Thing, Way

Literal = Any  # a variable that is 0 or 1, or one of the two
Choice = tuple[int, Way, Literal]  # the crew, from where, and whether one (more) comes from there


class Modelled:
    """The model, and what its variables stand for."""

    def __init__(self, puzzle: Puzzle, least: int) -> None:
        self.puzzle, self.model = puzzle, cp_model.CpModel()
        self.lengths: dict[int, Any] = {}
        self.parts: dict[tuple[int, tuple[int, ...]], Any] = {}
        self.allowed: list[cp_model.Domain] = []
        self.starts = [self._start(job) for job in puzzle.jobs]
        self.finishes = [self._finish(number) for number in range(len(puzzle.jobs))]
        self.choices: list[list[Choice]] = [self._chosen(number) for number in range(len(puzzle.jobs))]
        self._links()
        self._ties()
        self._people()
        self._pools()
        for thing in puzzle.things:
            self._thing(thing)
        for limit in puzzle.limits:
            self._limit(limit)
        self.end = self.model.new_int_var(min(least, puzzle.ends), puzzle.ends, "")
        for finish in self.finishes:
            self._fits(self.end >= finish)
        self.model.minimize(self.end)

    def hint(self, starts: Sequence[int]) -> None:
        """Where to look first."""
        for job, variable, start in zip(self.puzzle.jobs, self.starts, starts, strict=True):
            if not job.fact:
                self.model.add_hint(variable, start)

    def _start(self, job: Piece) -> Any:
        if job.fact:
            self.allowed.append(cp_model.Domain(job.pieces[0][0], job.pieces[0][0]))
            return job.pieces[0][0]
        allowed = _starts(job.pieces, job.duration, job.until)
        for _, ways in job.crews:
            every = cp_model.Domain(1, 0)
            for way in ways:
                every = every.union_with(_starts(way.pieces, job.duration, min(job.until, way.until)))
            allowed = allowed.intersection_with(every)
        self.allowed.append(allowed)
        if allowed.is_empty():
            self.model.add_bool_or([])
            return self.model.new_constant(0)
        return self.model.new_int_var_from_domain(allowed, "")

    def _finish(self, number: int) -> Any:
        job, start = self.puzzle.jobs[number], self.starts[number]
        if not job.paused:
            return start + job.duration + (job.pieces[0][2] if job.fact else 0)
        finish = self.model.new_int_var(0, max(job.until, 0), "")
        self._pauses(number, finish, job.pieces, None, exact=job.exact)
        return finish

    def _pauses(self, number: int, finish: Any, pieces: Pieces, only_if: Literal | None, *, exact: bool) -> None:
        """A finish that follows from the start by when work pauses."""
        job, start, model = self.puzzle.jobs[number], self.starts[number], self.model
        ways = [] if only_if is None else [only_if.negated()]
        for first, last, pause in pieces:
            length = job.duration + pause
            if first + length <= job.until:
                here = model.new_bool_var("")
                ways.append(here)
                model.add_linear_constraint(start, first, last).only_enforce_if(here)
                model.add(finish == start + length if exact else finish >= start + length).only_enforce_if(here)
        model.add_bool_or(ways)

    def _chosen(self, number: int) -> list[Choice]:
        """By crew and group, whether at least one comes from there, at least two, and so on."""
        found: list[Choice] = []
        for at, (count, ways) in enumerate(self.puzzle.jobs[number].crews):
            mine: list[Literal] = []
            for way in ways:
                size = self.puzzle.groups[way.group][0]
                some = [self.model.new_bool_var("") for _ in range(min(count, size))]
                for one, more in pairwise(some):
                    self.model.add_implication(more, one)
                if some:
                    self._there(number, way, some[0])
                mine += some
                found += [(at, way, each) for each in some]
            self.model.add(sum(mine) == count)
        for group, literals in _by_group(found).items():
            if len(literals) > self.puzzle.groups[group][0]:
                self.model.add(sum(literals) <= self.puzzle.groups[group][0])
        return found

    def _there(self, number: int, way: Way, comes: Literal) -> None:
        """When a job can be done if somebody of a group does it."""
        job, finish = self.puzzle.jobs[number], self.finishes[number]
        if way.until < job.until:
            self.model.add(finish <= way.until).only_enforce_if(comes)
        if job.paused:
            self._pauses(number, finish, way.pieces, comes, exact=way.exact)
        else:
            allowed = _starts(way.pieces, job.duration, self.puzzle.ends)
            self.model.add_linear_expression_in_domain(self.starts[number], allowed).only_enforce_if(comes)

    def _links(self) -> None:
        for job, before, kind, lag, most in self.puzzle.links:
            end = self.starts[before] if kind in (1, 3) else self.finishes[before]
            own = self.starts[job] if kind < 2 else self.finishes[job]
            self._fits(own >= end + lag)
            if most is not None:
                self._fits(own <= end + most)

    def _ties(self) -> None:
        for pairs, tie in ((self.puzzle.same, self._same), (self.puzzle.other, self._other)):
            for job, other in pairs:
                one, two = self._who(job), self._who(other)
                for group in sorted(one.keys() | two.keys()):
                    tie(one.get(group, 0), two.get(group, 0))

    def _same(self, one: Any, two: Any) -> None:
        self._fits(one == two)

    def _other(self, one: Any, two: Any) -> None:
        self._fits(one + two <= 1)

    def _fits(self, rule: Any) -> None:
        if isinstance(rule, bool):
            if not rule:
                self.model.add_bool_or([])
        else:
            self.model.add(rule)

    def _who(self, job: int) -> dict[int, Any]:
        if self.puzzle.jobs[job].fact:
            return dict(self.puzzle.jobs[job].people)
        return {group: sum(literals) for group, literals in _by_group(self.choices[job]).items()}

    def _spell(self, number: int, comes: Literal | None = None) -> Any:
        """A job as an interval, of somebody who may come for it."""
        job, start, finish, model = self.puzzle.jobs[number], self.starts[number], self.finishes[number], self.model
        if job.paused:
            if number not in self.lengths:
                self.lengths[number] = model.new_int_var(job.duration, max(job.until, job.duration), "")
                model.add(self.lengths[number] == finish - start)
            length = self.lengths[number]
            if comes is None:
                return model.new_interval_var(start, length, finish, "")
            return model.new_optional_interval_var(start, length, finish, comes, "")
        if comes is None:
            return model.new_fixed_size_interval_var(start, job.duration, "")
        return model.new_optional_fixed_size_interval_var(start, job.duration, comes, "")

    def _people(self) -> None:
        """Nobody does two things at a time."""
        held: dict[int, list[Any]] = defaultdict(list)
        for number, choices in enumerate(self.choices):
            for _, way, comes in choices:
                if way.holds:
                    held[way.group].append(self._spell(number, comes))
        for group, spells in held.items():
            size = self.puzzle.groups[group][0]
            if size == 1:
                self.model.add_no_overlap(spells)
            else:
                self.model.add_cumulative(spells, [1] * len(spells), size)

    def _pools(self) -> None:
        """What follows from that for all who can do the same jobs: known to CP-SAT before it has chosen anybody."""
        pools: dict[tuple[int, ...], None] = {}
        rows = []
        for number, job in enumerate(self.puzzle.jobs):
            for count, ways in job.crews:
                groups = tuple(sorted(way.group for way in ways))
                pools[groups] = None
                if not job.paused and all(way.holds for way in ways):
                    rows.append((number, count, frozenset(groups)))
        for groups in pools:
            users = [(number, count) for number, count, able in rows if able <= set(groups)]
            if len(groups) > 1 and len(users) > 1:
                self._pool(groups, users)

    def _pool(self, groups: Sequence[int], users: Sequence[tuple[int, int]]) -> None:
        spells, amounts = [self._spell(number) for number, _ in users], [count for _, count in users]
        for group in groups:
            size, away = self.puzzle.groups[group]
            for begin, end in away:
                spells.append(self.model.new_fixed_size_interval_var(begin, end - begin, ""))
                amounts.append(size)
        self.model.add_cumulative(spells, amounts, sum(self.puzzle.groups[group][0] for group in groups))

    def _thing(self, thing: Thing) -> None:
        spells, amounts = [], []
        for begin, end, amount in thing.fixed:
            spells.append(self.model.new_fixed_size_interval_var(begin, end - begin, ""))
            amounts.append(amount)
        gone = self.puzzle.ends + 1
        for job, amount in thing.users:
            if thing.used_up:
                spells.append(self.model.new_interval_var(self.starts[job], gone - self.starts[job], gone, ""))
                amounts.append(amount)
            elif self.puzzle.jobs[job].duration:
                spells.append(self._spell(job))
                amounts.append(amount)
        self.model.add_cumulative(spells, amounts, thing.amount)

    def _limit(self, limit: Limit) -> None:
        """So much in each part of the calendar: parts are places on a line, and work takes as much of one as it is long."""
        begins = tuple(limit.begins)
        spells: list[Any] = [self.model.new_fixed_size_interval_var(part, 1, "") for part, _ in limit.fixed]
        amounts = [amount for _, amount in limit.fixed]
        for number, choices in enumerate(self.choices):
            job = self.puzzle.jobs[number]
            for _, way, comes in choices:
                if way.group == limit.group and way.holds and not job.paused:
                    part, counts = self._part(number, begins), self._counts(number, comes, begins)
                    spells.append(self.model.new_optional_fixed_size_interval_var(part, 1, counts, ""))
                    amounts.append(job.duration)
        self.model.add_cumulative(spells, amounts, limit.most)

    def _counts(self, number: int, comes: Literal, begins: tuple[int, ...]) -> Literal:
        """Whether somebody comes for a job and all of it lies in one part; what lies in two is not counted."""
        duration, ends = self.puzzle.jobs[number].duration, self.puzzle.ends
        across = [[begin - duration + 1, begin - 1] for begin in begins[1:] if 0 <= begin <= ends + duration]
        in_two = cp_model.Domain.from_intervals(
            [[begins[0] - 1 - ends, begins[0] - 1], *(each for each in across if each[0] <= each[1])]
        )
        if self.allowed[number].intersection_with(in_two).is_empty():
            return comes
        counts, split = self.model.new_bool_var(""), self.model.new_bool_var("")
        self.model.add_linear_expression_in_domain(self.starts[number], in_two).only_enforce_if(split)
        self.model.add_bool_or([comes.negated(), split, counts])
        return counts

    def _part(self, number: int, begins: tuple[int, ...]) -> Any:
        """In which part of the calendar a job starts."""
        if (number, begins) not in self.parts:
            passed: list[Any] = []
            for begin in begins[1:]:
                if 0 < begin <= self.puzzle.ends:
                    after = self.model.new_bool_var("")
                    self.model.add(self.starts[number] >= begin).only_enforce_if(after)
                    self.model.add(self.starts[number] < begin).only_enforce_if(after.negated())
                    passed.append(after)
            before = sum(begin <= 0 for begin in begins[1:])
            self.parts[number, begins] = self.model.new_int_var(before, before + len(passed), "")
            self.model.add(self.parts[number, begins] == before + sum(passed))
        return self.parts[number, begins]


def _by_group(choices: Iterable[Choice]) -> dict[int, list[Literal]]:
    found: dict[int, list[Literal]] = defaultdict(list)
    for _, way, literal in choices:
        found[way.group].append(literal)
    return found


def _starts(pieces: Pieces, duration: int, until: int) -> cp_model.Domain:
    """When a job can start to be over by a slot."""
    spans = [(first, min(last, until - duration - pause)) for first, last, pause in pieces]
    return cp_model.Domain.from_intervals([[first, last] for first, last in spans if first <= last])
