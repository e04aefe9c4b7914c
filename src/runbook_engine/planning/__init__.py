"""Runbook × estate → plan: select hosts, render texts, put everything in order, seal it with a digest. Start with `make`."""

from runbook_engine.planning.check import check_templates
from runbook_engine.planning.comparing import Difference, compare, unchanged_phases
from runbook_engine.planning.digests import carried, digest_of, fingerprint, leaves
from runbook_engine.planning.estimates import planned_seconds, worst_case
from runbook_engine.planning.make import make_plan
from runbook_engine.planning.order import check_order, graph, phase_graph
from runbook_engine.planning.planfile import read_plan, write_plan
from runbook_engine.planning.selecting import select

__all__ = [
    "make_plan",
    "check_templates",
    "check_order",
    "select",
    "graph",
    "phase_graph",
    "compare",
    "unchanged_phases",
    "Difference",
    "write_plan",
    "read_plan",
    "digest_of",
    "leaves",
    "fingerprint",
    "carried",
    "worst_case",
    "planned_seconds",
]
