"""A plan as an engineer reads it before it runs: what, where, in which order, by whom, and what can go wrong."""

import textwrap
from collections.abc import Iterable, Sequence
from datetime import UTC

from rich.cells import cell_len, set_cell_size

from runbook_engine.model.impact import PhaseImpact
from runbook_engine.model.plan import Plan, PlannedPhase
from runbook_engine.model.words import PhaseId
from runbook_engine.reporting.command_text import differences_by_host, procedure_lines
from runbook_engine.reporting.differences import differences_text
from runbook_engine.reporting.folding import fold_hosts
from runbook_engine.reporting.harmless import harmless, one_line, shortened
from runbook_engine.reporting.impact_text import impact_lines
from runbook_engine.reporting.lookalikes import mixed_in
from runbook_engine.reporting.naming import by_person, command, title_of, whom
from runbook_engine.reporting.planned import date_words, everywhere, planned_notes
from runbook_engine.reporting.rolling_text import batch_words, failure_words, members, way_back_words
from runbook_engine.reporting.steps import PlannedStep, order_words, steps_of
from runbook_engine.reporting.timing import likely, longest, phase_time, plan_time, without_time
from runbook_engine.reporting.words import REPEATS, count, day_or_moment, duration, listed, short_digest, span

WIDTH = 100
HOST_PARTS = 8
TITLE_COLUMN = 44
WHO_COLUMN = 34


def plan_text(
    plan: Plan,
    differences: Sequence[object] | None = None,
    *,
    verbose: int = 0,
    parallel: int | None = None,
    saved_as: str = "",
    impact: Sequence[PhaseImpact] = (),
) -> str:
    """The plan in words. `verbose` 1 adds the commands as they read on each step's first host.

    `differences` are those to another plan; `parallel` is how many hosts go at a time, when that is known; `saved_as`
    is the file that the plan was written to. `impact` is what each phase means for services, where the inventory was asked.
    """
    blocks = [_header(plan)]
    for number, phase in enumerate(plan.phases, 1):
        blocks.append(_phase(plan, number, phase, verbose, parallel))
    more = (impact_lines(impact, WIDTH), _warnings(plan), _differences(differences), _ending(plan, parallel, saved_as))
    blocks += [block for block in more if block]
    return "\n\n".join("\n".join(block) for block in blocks)


def _header(plan: Plan) -> list[str]:
    lines = [one_line(plan.title), f"{plan.kind} · {plan.runbook} · plan {short_digest(plan.digest)} · owner {plan.owner}"]
    lines += _wrapped("why", plan.why) + _wrapped("impact", plan.impact)
    sites = {target.site for target in plan.targets.values()}
    dates = [f"not before {day_or_moment(plan.start, UTC)}{everywhere(sites)}"] if plan.start else []
    wish = ", if possible" if plan.deadline_soft else ""
    dates += [f"deadline {day_or_moment(plan.deadline, UTC)}{wish}"] if plan.deadline else []
    dates += [f"priority {plan.priority}"] if plan.priority else []
    lines += _wrapped("dates", ", ".join(dates))
    lines += _wrapped("params", ", ".join(f"{name}={value}" for name, value in plan.params.items()))
    approvals = [f"{a.by}{f' × {a.count}' if a.count > 1 else ''} before {a.before}" for a in plan.approvals]
    return [one_line(line) if n < 2 else line for n, line in enumerate(lines + _wrapped("approvals", ", ".join(approvals)))]


def _wrapped(word: str, text: str, indent: str = "  ") -> list[str]:
    if not text:
        return []
    lead = f"{indent}{word:<10}"
    return textwrap.wrap(
        one_line(text, 2000),
        WIDTH,
        initial_indent=lead,
        subsequent_indent=" " * len(lead),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _phase(plan: Plan, number: int, phase: PlannedPhase, verbose: int, parallel: int | None) -> list[str]:
    head = f"{number}  {one_line(phase.title, TITLE_COLUMN * 2)} ({phase.id})"
    lines = [f"{head}   {_phase_time(plan, phase, parallel)}", *_phase_facts(plan, phase, parallel)]
    previous: PlannedStep | None = None
    steps = steps_of(plan, phase)
    name_column = max([8, *(len(_short(s)) for s in steps)])
    for step in steps:
        if step.first.health_check and not (previous and previous.first.health_check):
            lines.append("     healthy when")
        lines.append(_step_line(step, min(name_column, 24)))
        lines += _notes(phase, step, previous) + (_details(step) if verbose else [])
        previous = step
    return lines + (_phase_way_back(phase) if verbose else [])


def _phase_way_back(phase: PlannedPhase) -> list[str]:
    """The commands of the phase's own way back."""
    lines = ["     way back of the phase"] if phase.way_back else []
    for package in phase.way_back:
        host = package.hosts[0] if package.hosts else None
        lines.append(f"        {one_line(title_of(package))}")
        lines += [f"          {line}".rstrip() for line in procedure_lines(package, host)]
    return lines


def _short(step: PlannedStep) -> str:
    return step.id.partition("/")[2] or step.id


def _phase_time(plan: Plan, phase: PlannedPhase, parallel: int | None) -> str:
    planned, worst = phase_time(plan, phase, likely, parallel), phase_time(plan, phase, longest, parallel)
    untimed = without_time(plan, phase)
    if not planned:
        return "(no time is stated)" if untimed else ""
    least = "at least" if untimed else "about"
    return f"{least} {duration(planned)}" + (f", at most {duration(worst)}" if worst > planned and not untimed else "")


def _phase_facts(plan: Plan, phase: PlannedPhase, parallel: int | None) -> Iterable[str]:
    yield from _wrapped("order", order_of_phase(plan, phase), "   ")
    if phase.hosts:
        yield from _wrapped("hosts", f"{count(len(phase.hosts), 'host')}: {fold_hosts(phase.hosts, most=HOST_PARTS)}", "   ")
    yield from _wrapped("alone at", alone_words(phase), "   ")
    yield from _wrapped("window", phase.window, "   ")
    sites = {plan.targets[host].site for host in phase.hosts if host in plan.targets}
    yield from _wrapped("dates", ", ".join(date_words(phase, sites)), "   ")
    yield from _wrapped("batches", batch_words(phase), "   ")
    yield from _wrapped("in turn", members(phase), "   ")
    yield from _wrapped("failures", failure_words(phase, parallel), "   ")
    yield from _wrapped("way back", way_back_words(plan, phase), "   ")
    yield from _wrapped("no return", no_return_words(phase), "   ")


def alone_words(phase: PlannedPhase) -> str:
    """Where no other run works meanwhile."""
    hosts = count(len(phase.alone_with), "host")
    return f"{', '.join(phase.alone_at)} ({hosts}, on which no other run works meanwhile)" if phase.alone_at else ""


def no_return_words(phase: PlannedPhase) -> str:
    """Why there is no way back from some point on, and from which step, if that is said."""
    step = phase.no_return_step
    return f"from {step.partition('/')[2]} on: {phase.point_of_no_return}" if step else phase.point_of_no_return


def order_of_phase(plan: Plan, phase: PlannedPhase) -> str:
    """What must have ended before, unless it is simply the phase written before."""
    index = plan.phases.index(phase)
    expected: tuple[PhaseId, ...] = (plan.phases[index - 1].id,) if index else ()
    if phase.needs == expected:
        return ""
    return f"after {listed(list(phase.needs))}" if phase.needs else "starts at once"


def _step_line(step: PlannedStep, name_column: int) -> str:
    title = set_cell_size(shortened(title_of(step.first), TITLE_COLUMN), TITLE_COLUMN)
    who = shortened(whom(step.first), WHO_COLUMN)
    takes = span(step.first.takes) if step.first.takes else "–"
    name = shortened(_short(step), name_column)
    return f"     {name:<{name_column}}  {title}  {who}{' ' * max(1, WHO_COLUMN + 1 - cell_len(who))}{takes}".rstrip()


def _notes(phase: PlannedPhase, step: PlannedStep, previous: PlannedStep | None) -> list[str]:
    package = step.first
    notes = [order_words(phase, step, previous), "" if step.hosts else "once, not on each host", _repeat(step)]
    notes += [f"retried at most {count(package.retries.count, 'time')}"] if package.retries.count else []
    notes += ["restarts the host"] if package.reboots else []
    notes += ["drops the link"] if package.drops_link else []
    notes += [f"undone by the host unless confirmed within {duration(package.confirm_s)}"] if package.confirm_s else []
    notes += ["has a way back"] if package.way_back and package.way_back.procedure else []
    notes += [f"uses {', '.join(f'{n} × {what}' for what, n in package.uses.items())}"] if package.uses else []
    notes += planned_notes(package)
    notes += [f"evidence {', '.join(name for name, _ in package.evidence)}"] if package.evidence else []
    notes += [_choices(step)]
    notes += ["only if what the run finds out says so"] if package.when else []
    notes += [f"not on {fold_hosts(step.left_out, most=3)}"] if step.left_out else []
    text = one_line("; ".join(n for n in notes if n))
    return textwrap.wrap(text, WIDTH, initial_indent="        – ", subsequent_indent="          ")


def _repeat(step: PlannedStep) -> str:
    """What the author declares about doing it twice; of a person's work and of a pause it goes without saying."""
    return "" if by_person(step.first) or step.first.procedure.timer else REPEATS[step.first.repeat]


def _choices(step: PlannedStep) -> str:
    question = step.first.procedure.question
    if not question or not question.choices:
        return ""
    return "choices " + ", ".join(c.name + ("" if c.goes_on else " (stays here)") for c in question.choices)


def _details(step: PlannedStep) -> list[str]:
    host = step.first.hosts[0] if step.first.hosts else None
    lines = [f"on {host}:"] if host and step.hosts > 1 else []
    lines += procedure_lines(step.first, host)
    lines += differences_by_host(step.first)
    return [f"          {line}".rstrip() for line in lines]


def _warnings(plan: Plan) -> list[str]:
    lines = list(warnings_of(plan))
    if plan.unenforced:
        lines.append(f"NOT ENFORCED: {', '.join(plan.unenforced)} (checked, but without effect yet)")
    return [count(len(lines), "warning"), *(f"  {harmless(line)}" for line in lines)] if lines else []


def warnings_of(plan: Plan) -> Iterable[str]:
    """What an approver must have seen: steps without a way back, points of no return, values without quotes, look-alikes."""
    for phase in plan.phases:
        if phase.point_of_no_return:
            yield one_line(f"{phase.id}: point of no return: {no_return_words(phase)}")
        for step in steps_of(plan, phase):
            if step.first.way_back and step.first.way_back.none:
                yield one_line(f"{step.id}: no way back: {step.first.way_back.none}")
            for name in step.first.unquoted:
                yield one_line(f"{step.id}: {name} goes into a command without quotes")
            for mixed in mixed_in(step.first):
                yield one_line(f"{step.id}: {mixed}")


def _differences(differences: Sequence[object] | None) -> list[str]:
    return [] if differences is None else [differences_text(differences)]


def _ending(plan: Plan, parallel: int | None, saved_as: str) -> list[str]:
    hosts = {h for phase in plan.phases for h in phase.hosts}
    total = plan_time(plan, likely, parallel)
    sums = [count(len(plan.phases), "phase"), count(len(hosts), "host"), count(plan.tasks, "task")]
    lines = [", ".join(sums) + (f", about {duration(total)} in all" if total else "") + "."]
    if saved_as:
        return [*lines, f"Next: {command('runbook', 'run', saved_as)}"]
    file = plan.file or f"{plan.runbook}.yml"
    saving = command("runbook", "plan", file, "-o", f"{plan.runbook}.plan")
    return [*lines, f"Next: {saving}", f"      {command('runbook', 'run', file)}"]
