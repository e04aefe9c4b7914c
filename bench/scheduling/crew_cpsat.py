"""The peer: CP-SAT as one would write it, started from the first list. Jobs of one person at most, unbroken, as generated."""

from collections import defaultdict

from ortools.sat.python import cp_model

from runbook_engine.model.jobs import Project, Solution, Spans


def cpsat(project: Project, hint: Solution, seconds: float) -> int | None:
    """The finish of the best schedule that it finds with two workers; None if it finds none."""
    model = cp_model.CpModel()
    end = model.new_int_var(0, hint.finish, "")
    held: dict[tuple[str, int], list[cp_model.IntervalVar]] = defaultdict(list)
    starts: list[cp_model.IntVar] = []
    for job, placed in zip(project.jobs, hint.placed, strict=True):
        spans = ((0, project.horizon),) if job.calendar is None else project.calendars[job.calendar]
        start = model.new_int_var_from_domain(_within(spans, job.duration), "")
        model.add_hint(start, placed.start)
        model.add(end >= start + job.duration)
        for link in job.links:
            model.add(start >= starts[link.before] + project.jobs[link.before].duration)
        for thing, _ in job.uses:
            held["thing", thing].append(model.new_fixed_size_interval_var(start, job.duration, ""))
        for crew in job.crews:
            chosen = []
            for person in crew.people:
                mine = model.new_bool_var("")
                model.add_hint(mine, person in placed.people)
                free = project.workers[person].free or ((0, project.horizon),)
                model.add_linear_expression_in_domain(start, _within(free, job.duration)).only_enforce_if(mine)
                held["person", person].append(model.new_optional_fixed_size_interval_var(start, job.duration, mine, ""))
                chosen.append(mine)
            model.add_exactly_one(chosen)
        starts.append(start)
    for intervals in held.values():
        model.add_no_overlap(intervals)
    model.minimize(end)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds, solver.parameters.num_workers = seconds, 2
    return int(solver.objective_value) if solver.solve(model) in (cp_model.OPTIMAL, cp_model.FEASIBLE) else None


def _within(spans: Spans, length: int) -> cp_model.Domain:
    return cp_model.Domain.from_intervals([[a, b - length] for a, b in spans if b - a >= length])
