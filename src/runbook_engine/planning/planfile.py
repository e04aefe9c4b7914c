"""A plan as a file: one line of canonical JSON that nothing can change unnoticed."""

import hashlib
import json
from typing import Any

from runbook_engine.model.errors import NotValid
from runbook_engine.model.places import Mistake, Place
from runbook_engine.model.plan import PLAN_FORMAT, Plan
from runbook_engine.model.wire import WireError, canonical, from_data, to_data
from runbook_engine.planning.digests import digest_of, in_order, leaves
from runbook_engine.planning.ordering import Circle

KIND = "runbook-plan"
_AGAIN = "make the plan again from its runbook: runbook plan FILE -o PLAN"


def write_plan(plan: Plan) -> bytes:
    """The bytes of a plan file: `kind`, `format`, `plan`, and the SHA-256 of the plan's own JSON."""
    body = to_data(plan)
    head = {"kind": KIND, "format": plan.format, "checksum": hashlib.sha256(canonical(body)).hexdigest(), "plan": body}
    return canonical(head) + b"\n"


def read_plan(data: bytes, file: str) -> Plan:
    """The plan in a file. Raises NotValid, with the place, for whatever is not exactly what `write_plan` wrote."""
    try:
        return _read(data)
    except _NotAPlan as error:
        raise NotValid([Mistake(Place(file, 1, 1), str(error), _AGAIN)]) from None


class _NotAPlan(Exception):
    """Why the bytes are not a plan that can be trusted."""


def _read(data: bytes) -> Plan:
    head = _parsed(data)
    if not isinstance(head, dict) or head.get("kind") != KIND:
        raise _NotAPlan("this file is not a plan")
    if head.get("format") != PLAN_FORMAT:
        raise _NotAPlan(f"the plan has format {head.get('format')!r}; this version reads format {PLAN_FORMAT}")
    try:
        plan: Plan = from_data(Plan, head.get("plan"))
    except WireError as error:
        raise _NotAPlan(f"the plan file is damaged: {error}") from None
    ordered = _checked(plan)
    if write_plan(ordered) != data:
        raise _NotAPlan("the plan file was changed after it was written")
    return ordered


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8", "surrogatepass"))
    except UnicodeDecodeError as error:
        raise _NotAPlan(f"this file is not a plan, or is damaged: byte {error.start} is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise _NotAPlan(
            f"this file is not a plan, or is damaged: no JSON at column {error.colno} of line {error.lineno}"
        ) from None
    except (ValueError, RecursionError) as error:
        raise _NotAPlan(f"this file is not a plan, or is damaged: {str(error)[:100]}") from None


def _checked(plan: Plan) -> Plan:
    """The plan in its order, once what it states about itself is what it is."""
    try:
        found = leaves(plan)
        ordered = in_order(plan)
    except KeyError as error:
        raise _NotAPlan(f"the plan file is damaged: it names {error} and does not have it") from None
    except Circle:
        raise _NotAPlan("the plan file is damaged: its phases wait for each other in a circle") from None
    changed = [phase.id for phase in plan.phases if phase.leaf != found[phase.id]]
    if changed:
        raise _NotAPlan(f"the plan was changed after it was made, in {', '.join(changed)}: the digest of the phase differs")
    if digest_of(plan) != plan.digest:
        raise _NotAPlan("the plan was changed after it was made, outside its phases: its digest differs")
    return ordered
