"""Whether the budget suffices: expenses, and the hours of people at their rates, with what nights and weekends cost more."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from runbook_engine.model.jobs import Project, Solution
from runbook_engine.model.runbook import Budget
from runbook_engine.model.verdict import Finding, Matter, WayOut
from runbook_engine.scheduling.feasibility_case import Case

_RAISE, _CUT = 2.0, 3.0  # what ways out cost
_HUNDRED = Decimal(100)


def money(case: Case, project: Project | None, solution: Solution | None) -> Iterator[Finding]:
    """Whether what is planned is more than the budget, or eats what was put by for the unforeseen."""
    budget = case.plan.budget
    if budget is None:
        return
    other = sorted({c.amount.currency for c in case.plan.costs} - {budget.amount.currency})
    if other:
        yield _not_comparable(case, budget, other)
        return
    items = sum((c.amount.amount for c in case.plan.costs), Decimal(0))
    work, dear = (hours(project, solution), extra(project, solution)) if project and solution else (Decimal(0), Decimal(0))
    total, most = items + work, budget.amount.amount * (1 + budget.contingency_percent / _HUNDRED)
    if total > budget.amount.amount:
        yield _over(case, budget, total, most, _parts(items, work, dear, budget.amount.currency), dear)


def hours(project: Project, solution: Solution) -> Decimal:
    """What the work of people costs, in the currency of the project."""
    return _cents(sum(_paid(project, solution, dear=True).values()))


def extra(project: Project, solution: Solution) -> Decimal:
    """How much of that is because hours are at night, on weekends or on holidays."""
    usual = sum(_paid(project, solution, dear=False).values())
    return hours(project, solution) - _cents(usual)


def _paid(project: Project, solution: Solution, *, dear: bool) -> Mapping[int, float]:
    """What the work of each person costs."""
    found: dict[int, float] = {}
    for placed in solution.placed:
        spells = placed.spells or ((placed.start, placed.finish),)
        for person in placed.people:
            worker = project.workers[person]
            slots = sum(_weighed(spell, worker.dear if dear else ()) for spell in spells)
            found[person] = found.get(person, 0.0) + slots * project.slot_s / 3600 * worker.rate
    return found


def _weighed(spell: tuple[int, int], dear: Iterable[tuple[int, int, float]]) -> float:
    """The slots of a spell, each as often as it costs the rate."""
    start, end = spell
    more = sum((min(end, to) - max(start, since)) * (factor - 1) for since, to, factor in dear if since < end and to > start)
    return end - start + more


def _over(case: Case, budget: Budget, total: Decimal, most: Decimal, parts: str, dear: Decimal) -> Finding:
    currency, planned = budget.amount.currency, budget.amount.amount
    blocks = total > most
    put_by = f" with {budget.contingency_percent:g} % for the unforeseen" if budget.contingency_percent else ""
    if blocks:
        reason = f"The plan costs {amount(total, currency)} ({parts}), and the budget is {amount(planned, currency)}{put_by}"
        reason += f": {amount(total - most, currency)} too little."
    else:
        reason = f"The plan costs {amount(total, currency)} ({parts}), more than the budget of {amount(planned, currency)}"
        reason += f": {amount(total - planned, currency)} of what was put by for the unforeseen are spent from the start."
    owner = f", by {case.name(budget.owner)}" if budget.owner else ""
    ways = [WayOut(words=f"raise the budget to {amount(total, currency)}{owner}", cost=_RAISE, proved=True)]
    if dear > 0 and total - dear <= (most if blocks else planned):
        words = f"do the work at usual hours: nights and weekends cost {amount(dear, currency)} of it"
        ways.insert(0, WayOut(words=words, cost=1.0))
    ways.append(WayOut(words=f"cut {amount(total - (most if blocks else planned), currency)} from the costs", cost=_CUT))
    return Finding(
        matter=Matter.BUDGET,
        place=case.where.plan("budget"),
        reason=reason,
        blocks=blocks,
        ways_out=tuple(ways),
        about=tuple(filter(None, (budget.owner,))),
    )


def _parts(items: Decimal, work: Decimal, dear: Decimal, currency: str) -> str:
    night = f", {amount(dear, currency)} of that for nights, weekends and holidays" if dear > 0 else ""
    return f"{amount(items, currency)} of expenses and {amount(work, currency)} of people's hours{night}"


def _not_comparable(case: Case, budget: Budget, other: list[str]) -> Finding:
    reason = (
        f"Nobody can tell whether the budget suffices: it is in {budget.amount.currency}, and some costs are in {other[0]}."
    )
    way = WayOut(words=f"write the costs in {budget.amount.currency}", cost=0.5)
    return Finding(matter=Matter.BUDGET, place=case.where.plan("costs"), reason=reason, blocks=False, ways_out=(way,))


def amount(value: Decimal, currency: str) -> str:
    """'18,500 EUR', with cents where there are some."""
    whole = value == value.to_integral_value()
    return f"{value:,.0f} {currency}" if whole else f"{value:,.2f} {currency}"


def _cents(value: float) -> Decimal:
    return Decimal(value).quantize(Decimal("0.01"))
