"""Which hosts a plan takes out of service, and which of them together. Hosts of one stage are out together."""

from collections.abc import Iterator

from runbook_engine.model.plan import Package, Plan, PlannedPhase, Stage
from runbook_engine.model.words import HostName, Per


def out_together(plan: Plan, stage: Stage) -> frozenset[HostName]:
    """The hosts that are out of service together, at some moment of a stage at the latest."""
    return frozenset(h for package in taking_out(plan, stage) for h in taken_out(package, stage))


def taking_out(plan: Plan, stage: Stage) -> Iterator[Package]:
    """The packages of a stage that take hosts out of service."""
    for package in (plan.packages[p] for p in stage.packages):
        if package.takes_out and taken_out(package, stage):
            yield package


def taken_out(package: Package, stage: Stage) -> tuple[HostName, ...]:
    """The hosts that a package works on: its own, or all of the batch for which it is done once."""
    return package.hosts or (stage.hosts if package.per is Per.BATCH else ())


def out_in_phase(plan: Plan, phase: PlannedPhase) -> tuple[HostName, ...]:
    """Every host that a phase takes out of service at some time, in the order of the phase."""
    out = frozenset(h for stage in phase.stages for h in out_together(plan, stage))
    own = tuple(h for h in phase.hosts if h in out)
    return (*own, *sorted(out.difference(own)))
