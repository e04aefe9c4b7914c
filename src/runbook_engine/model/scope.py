"""What a phase touches, as far as windows and freezes ask: its kind, the sites and services that are concerned."""

from runbook_engine.model.estate import Estate
from runbook_engine.model.plan import Plan, PlannedPhase
from runbook_engine.model.services import Serving
from runbook_engine.model.times import Scope


def scope(plan: Plan, phase: PlannedPhase, estate: Estate) -> Scope:
    """The scope of a phase. A host counts with what the inventory says of it now, and with what it said to the planner.

    Hosts that are only looked at count too, and so do the sites of the resources that the phase uses: work by people that
    names no host still happens somewhere.
    """
    hosts = dict.fromkeys((*phase.hosts, *(h for package in phase.way_back for h in package.hosts)))
    found = [part for h in hosts for part in (estate.hosts.get(h), plan.targets.get(h)) if part is not None]
    inside = (plan.packages[p] for stage in phase.stages for p in stage.packages)
    used = {name for package in (*inside, *phase.way_back) for name in package.uses}
    sites = {part.site for part in found} | {r.site for name, r in estate.resources.items() if name in used}
    serving = Serving(plan, estate)
    return Scope(
        kind=plan.kind,
        sites=frozenset(sites - {""}),
        services=frozenset(serving.with_dependents(serving.served_by(hosts))),
    )
