"""How long steps took in earlier runs of the journal, for those whose author does not say."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from runbook_engine.model.estimates import Estimate
from runbook_engine.model.plan import Plan
from runbook_engine.model.words import StepId

if TYPE_CHECKING:
    from runbook_engine.recording import Store

RUNS_MOST = 20  # the newest ones: what took long years ago has often been mended since


def learnt_of(store: "Store", plan: Plan) -> Mapping[StepId, Estimate]:
    """What earlier runs of the same runbook say of its steps. Demonstrations teach nothing.

    Journals are read only if the plan leaves a time open.
    """
    if all(package.takes or package.milestone or package.procedure.timer for package in plan.packages.values()):
        return {}
    from runbook_engine.running.course import replay
    from runbook_engine.running.learning import learnt, took

    names = [row.run for row in store.runs() if row.runbook == plan.runbook][-RUNS_MOST:]
    courses = (replay(store.journal(name).read(), store.plan) for name in names)
    return learnt(took(course.shape, course.run) for course in courses if not course.run.demo)
