"""Things that cannot all hold: the restraints of a case are dropped one by one, until each that is left is needed."""

from collections.abc import Callable, Sequence
from itertools import groupby

from runbook_engine.scheduling.feasibility_case import Case
from runbook_engine.scheduling.feasibility_restraints import Group, Restraint, restraints

MOST_TRIES = 60  # schedules that are made for one conflict; what is left then may hold more than is needed
MOST_WORK = 9000  # tasks in them


class Budget:
    """How many schedules may still be made, and of how many tasks in all."""

    def __init__(self, most: int = MOST_TRIES, work: int = MOST_WORK) -> None:
        self.left, self.work, self.overdrawn = most, work, False  # overdrawn: one more was asked for than may be made

    @property
    def spent(self) -> bool:
        """Whether no more may be made."""
        return self.left <= 0 or self.work <= 0

    def spend(self, case: Case) -> bool:
        """Whether one more may be made of a case; it is counted."""
        self.left -= 1
        self.work -= sum(package.size for package in case.plan.packages.values())
        self.overdrawn |= self.left < 0 or self.work < 0
        return self.left >= 0 and self.work >= 0


def conflict(case: Case, fits: Callable[[Case], bool], budget: Budget, group: Group | None = None) -> list[Restraint]:
    """A set of restraints that cannot all hold; drop any one of it and the others can. Empty: no restraint is to blame.

    The case does not fit. Restraints are cleared in whole groups where that is possible, so that few schedules are made. With a
    `group` only those of it are looked at; all others are known to hold.
    """
    cleared: list[Restraint] = []
    kept: list[Restraint] = []
    every = [one for one in restraints(case) if group in (None, one.group)]
    if fits_without(case, every, fits, budget) is not True:
        return []
    parts = [list(same) for _, same in groupby(every, key=lambda one: max(one.group, Group.WAY_BACK))]
    for part in parts:
        _clear(case, part, cleared, kept, fits, budget)
    return _needed(case, cleared, kept, fits, budget)


def _needed(
    case: Case, cleared: Sequence[Restraint], kept: Sequence[Restraint], fits: Callable[[Case], bool], budget: Budget
) -> list[Restraint]:
    """Those that are needed still, now that all others are cleared: a list may fit with less freedom and not with more."""
    left, gone, overdrawn = list(kept), list(cleared), budget.overdrawn
    for one in kept:
        if not budget.spent and not overdrawn and not _fits_less(case, [*gone, one], fits, budget):
            left.remove(one)
            gone.append(one)
    budget.overdrawn = overdrawn
    return left


def without(case: Case, gone: Sequence[Restraint]) -> Case:
    """What is left of a case when these are dropped."""
    for one in gone:
        case = one.drop(case)
    return case


def mended(case: Case, matters: Sequence[Restraint]) -> Case:
    """What a case becomes once what is the matter is mended."""
    for one in matters:
        case = (one.mend or one.drop)(case)
    return case


def fits_without(case: Case, gone: Sequence[Restraint], fits: Callable[[Case], bool], budget: Budget) -> bool | None:
    """Whether it fits without these; None when no more schedules may be made."""
    return fits(without(case, gone)) if budget.spend(case) else None


def _fits_less(case: Case, gone: Sequence[Restraint], fits: Callable[[Case], bool], budget: Budget) -> bool:
    return fits_without(case, gone, fits, budget) is not False


def _clear(
    case: Case,
    part: Sequence[Restraint],
    cleared: list[Restraint],
    kept: list[Restraint],
    fits: Callable[[Case], bool],
    budget: Budget,
) -> None:
    """Clear a part as a whole if the rest still cannot hold; else its halves; what cannot be cleared alone is kept."""
    if not part:
        return
    if not _fits_less(case, [*cleared, *part], fits, budget):
        cleared.extend(part)
    elif len(part) == 1:
        kept.extend(part)
    else:
        middle = len(part) // 2
        _clear(case, part[:middle], cleared, kept, fits, budget)
        _clear(case, part[middle:], cleared, kept, fits, budget)
