"""Runbook × estate → plan: select hosts, render texts, put everything in order, seal it with a digest. Start with `make`."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runbook_engine.planning.capacity import check_capacity, pools, too_many
    from runbook_engine.planning.check import check_templates
    from runbook_engine.planning.comparing import Difference, compare, unchanged_phases
    from runbook_engine.planning.digests import carried, digest_of, fingerprint, leaves
    from runbook_engine.planning.limits import check_limits
    from runbook_engine.planning.make import make_plan
    from runbook_engine.planning.order import check_order, graph
    from runbook_engine.planning.planfile import read_plan, write_plan
    from runbook_engine.planning.selecting import select

__all__ = [
    "make_plan",
    "check_templates",
    "check_limits",
    "check_order",
    "check_capacity",
    "pools",
    "too_many",
    "select",
    "graph",
    "compare",
    "unchanged_phases",
    "Difference",
    "write_plan",
    "read_plan",
    "digest_of",
    "leaves",
    "fingerprint",
    "carried",
]

_HOMES = {
    "check_capacity": "capacity",
    "pools": "capacity",
    "too_many": "capacity",
    "check_templates": "check",
    "Difference": "comparing",
    "compare": "comparing",
    "unchanged_phases": "comparing",
    "carried": "digests",
    "digest_of": "digests",
    "fingerprint": "digests",
    "leaves": "digests",
    "make_plan": "make",
    "check_limits": "limits",
    "check_order": "order",
    "graph": "order",
    "read_plan": "planfile",
    "write_plan": "planfile",
    "select": "selecting",
}


def __getattr__(name: str) -> Any:
    """Loaded when asked for: a saved plan is read without the template engine."""
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
