"""A runbook as it is written, without what stands in its lists of phases and steps (see `including` and `step_document`)."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, Strict, WithJsonSchema, model_validator

from runbook_engine.loading.fields import (
    ID,
    Amount,
    Closed,
    Count,
    Day,
    Duration,
    Flag,
    Id,
    Line,
    Moment,
    Name,
    Percent,
    Schema,
    Short,
    SomeTime,
)
from runbook_engine.loading.param_values import TYPES
from runbook_engine.loading.step_parts import Deadline
from runbook_engine.model.approval_conditions import check_condition
from runbook_engine.model.linear_patterns import pattern
from runbook_engine.model.secret_names import IN_WORDS
from runbook_engine.model.words import FailureScope, HostOrder, Kind, OnFailure

TOLD = ("announced", "approved", "started", "delayed", "paused", "stopped", "failed", "done")


def _list_of(item: str) -> Schema:
    """A list whose entries the JSON Schema describes elsewhere; they are checked one by one."""
    return {"type": "array", "items": {"anyOf": [{"$ref": f"#/$defs/{item}"}, {"$ref": "#/$defs/Include"}]}, "minItems": 1}


def _entries(value: Any) -> Any:
    if not isinstance(value, list):
        raise ValueError("expected a list")
    if not value:
        raise ValueError("must not be empty")
    return value


def _batch(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 1_000_000:
        return value
    match = re.fullmatch(r"([0-9]{1,3})%", value) if isinstance(value, str) else None
    if value == "rest" or (match and 1 <= int(match[1]) <= 100):
        return value
    raise ValueError("expected a number of hosts, a percentage such as 50%, or rest")


def _failures(value: Any) -> Any:
    match = re.fullmatch(r"([0-9]{1,3})%", value) if isinstance(value, str) else None
    if (isinstance(value, int) and not isinstance(value, bool) and value >= 0) or (match and int(match[1]) <= 100):
        return value
    raise ValueError("expected a number of hosts, or a percentage such as 10%")


def _with_limit(value: Any) -> Any:
    """`max_failures: 10%` is the short form of `{limit: 10%}`."""
    return value if isinstance(value, dict) else {"limit": value}


_BATCH_SCHEMA: Schema = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": "^([0-9]{1,3}%|rest)$"}]}
_FAILURES_SCHEMA: Schema = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^[0-9]{1,3}%$"}]}
_SCALAR_SCHEMA: Schema = {"type": ["string", "integer", "number", "boolean"]}
_VALUE_SCHEMA: Schema = {"anyOf": [_SCALAR_SCHEMA, {"type": "array", "items": _SCALAR_SCHEMA}]}

Batch = Annotated[int | str, BeforeValidator(_batch), WithJsonSchema(_BATCH_SCHEMA)]
Failures = Annotated[int | str, BeforeValidator(_failures), WithJsonSchema(_FAILURES_SCHEMA)]


class FailuresDocument(Closed):
    """How many may fail, and what they are counted over."""

    limit: Failures = Field(description="How many hosts may fail: a number, or a percentage of those counted over.")
    over: FailureScope = Field(FailureScope.PHASE, description="What they are counted over.")


FailuresOver = Annotated[FailuresDocument, Short(_with_limit, _FAILURES_SCHEMA)]
Value = Annotated[Any, WithJsonSchema(_VALUE_SCHEMA)]
PhaseList = Annotated[list[Any], BeforeValidator(_entries), WithJsonSchema(_list_of("Phase"))]
StepList = Annotated[list[Any], BeforeValidator(_entries), WithJsonSchema(_list_of("Step"))]
WayBackList = Annotated[list[Any], BeforeValidator(_entries), WithJsonSchema(_list_of("HealthCheck"))]
HealthList = Annotated[list[Any], BeforeValidator(_entries), WithJsonSchema(_list_of("HealthCheck"))]


def _expression(value: str) -> str:
    try:
        pattern(value)
    except ValueError as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return value


def _condition(value: str) -> str:
    problem = check_condition(value)
    if problem:
        raise ValueError(problem)
    return value


class ParamDocument(Closed):
    """A value that is given when the plan is made."""

    type: Literal[TYPES] = Field("string", description="What kind of value it is.")  # type: ignore[valid-type]
    default: Value = Field(None, description="The value when none is given; without it, one must be given.")
    choices: Annotated[tuple[Value, ...], Field(min_length=1)] | None = Field(None, description="The only allowed values.")
    pattern: Annotated[Line, AfterValidator(_expression)] | None = Field(
        None, description="A regular expression that the whole value must match; for strings."
    )
    help: Line | None = Field(None, description="What the value is for; shown when it is asked for.")
    secret: Flag = Field(False, description=f"The value is the name of a secret: {IN_WORDS}.")

    @model_validator(mode="after")
    def _fits(self) -> "ParamDocument":
        if self.pattern is not None and self.type != "string":
            raise ValueError("pattern belongs to params of the type string")
        if self.secret and (self.type != "string" or self.choices or self.pattern):
            raise ValueError("a secret is a string without choices and pattern")
        return self


class BudgetDocument(Closed):
    """What the project may cost, and who answers for it."""

    amount: Amount = Field(description="Such as 18500 EUR.")
    contingency: Percent | None = Field(None, description="What may come on top, such as 10%.")
    owner: Line | None = Field(None, description="The person or role that answers for the budget.")


class CostDocument(Closed):
    """One planned expense."""

    item: Line = Field(description="What is paid for.")
    amount: Amount = Field(description="Such as 1240 EUR.")
    phase: Id | None = Field(None, description="The phase it belongs to.")


class ApprovalDocument(Closed):
    """Who must sign before a phase may start."""

    by: Line = Field(description="A person, a role, a department, or head-of-DEPARTMENT.")
    before: Id = Field(description="The phase.")
    count: Count = Field(1, description="How many different people must sign.")
    condition: Annotated[Line, AfterValidator(_condition)] | None = Field(
        None,
        alias="if",
        description="Needed only where this holds: budget > 20000 EUR, kind == 'install', hosts, risk, batches; and, or, not.",
    )
    expires: SomeTime | None = Field(None, description="How long a signature counts, such as 14d.")


class StakeholderDocument(Closed):
    """Somebody who is told."""

    who: Line = Field(description="A person, a role, a department or a team.")
    audience: Id = Field(description="In whose words they are told, such as business or technical.")
    tell: Annotated[tuple[Literal[TOLD], ...], Field(min_length=1)] = Field(description="When they are told.")  # type: ignore[valid-type]


class RollingDocument(Closed):
    """How the hosts of a phase go in turn."""

    batches: Annotated[tuple[Batch, ...], Field(min_length=1, max_length=1_000)] = Field(
        description="The size of each batch: a number, a percentage of all hosts of the phase, or rest; the last one repeats."
    )
    canary: Line | None = Field(None, description="A selector: those hosts of the phase are the first batch.")
    order: HostOrder = Field(HostOrder.AS_WRITTEN, description="The order in which the hosts come to their batches.")
    spread_over: Line | None = Field(
        None, description="rack, site or a host variable: each batch takes no more than its share of the hosts with each value."
    )
    never_together: Line | None = Field(
        None, description="rack, site or a host variable: hosts with the same value are never in one batch."
    )
    soak: SomeTime | None = Field(None, description="The time between the last step of a batch and its checks, such as 10m.")
    pause: Duration | None = Field(None, description="The time between two batches, such as 5m.")
    max_failures: FailuresOver | None = Field(
        None, description="Nothing new starts when more hosts than this have failed; 0 if it is left out."
    )
    on_failure: OnFailure = Field(OnFailure.STOP, description="What happens when more have failed than may.")

    @model_validator(mode="after")
    def _rest_is_last(self) -> "RollingDocument":
        if "rest" in self.batches[:-1]:
            raise ValueError("rest can only be the last of the batches")
        return self


class NoReturnDocument(Closed):
    """Where the way back ends, and why."""

    why: Line = Field(description="Why there is no way back from there on.")
    step: Id | None = Field(None, description="The step of the phase with which it comes: before it everything can go back.")


def _with_why(value: Any) -> Any:
    """`point_of_no_return: text` is the short form of `{why: text}`."""
    return value if isinstance(value, dict) else {"why": value}


PointOfNoReturn = Annotated[NoReturnDocument, Short(_with_why, {"type": "string", "minLength": 1})]


class PhaseDocument(Closed):
    """A part of the project with one purpose, window, approval and forecast."""

    id: Id = Field(description="The phase's id; different from that of every other phase.")
    title: Line = Field(description="What the phase does, for everybody who reads the plan.")
    needs: tuple[Id, ...] | None = Field(
        None, description="The phases that come before; else the phase written before. [] means none."
    )
    hosts: Line | None = Field(None, description="A selector of the hosts that its steps work on.")
    window: Line | None = Field(None, description="When it may start: the name of a window; else at any time.")
    earliest: Moment | None = Field(None, description="Not before this date or time.")
    deadline: Deadline | None = Field(None, description="Done by the end of this date, or by this time.")
    rolling: RollingDocument | None = Field(None, description="How its hosts go in turn.")
    steps: StepList = Field(description="What is done, in this order.")
    healthy_when: HealthList | None = Field(None, description="Read-only checks that end each batch.")
    roll_back: WayBackList | None = Field(
        None, description="What is done after the ways back of its steps, once for the phase."
    )
    point_of_no_return: PointOfNoReturn | None = Field(
        None, description="From here there is no way back: why, and with which step."
    )


class RunbookDocument(Closed):
    """A whole project: what is done, why, by whom, when, and what it may cost."""

    format: Literal[1] = Field(1, description="The version of this format.")
    runbook: Id = Field(description="The runbook's id.")
    title: Line = Field(description="What the project is, in one line for everybody.")
    kind: Kind = Field(description="install, upgrade or maintenance.")
    owner: Line = Field(description="The person who answers for it.")
    why: Line = Field(description="Why it is done, for those who do not know the technology.")
    impact: Line = Field(description="What users will notice, for those who do not know the technology.")
    start: Day | None = Field(None, description="Not before this date.")
    deadline: Deadline | None = Field(None, description="Done by the end of this date, or by this time.")
    priority: Annotated[int, Strict(), Field(ge=-1_000, le=1_000)] = Field(
        0, description="Among projects that want the same people: the greater goes first."
    )
    params: Mapping[Name, ParamDocument] = Field({}, description="Values that are given when the plan is made.")
    budget: BudgetDocument | None = Field(None, description="What the project may cost.")
    costs: tuple[CostDocument, ...] = Field((), description="Planned expenses.")
    approvals: tuple[ApprovalDocument, ...] = Field((), description="Who must sign before which phase.")
    stakeholders: tuple[StakeholderDocument, ...] = Field((), description="Who is told what, and when.")
    phases: PhaseList = Field(description="The parts of the project, in this order.")


class IncludeDocument(Closed):
    """The phases or steps of another file stand here."""

    include: Line = Field(description="Path of the file, from the folder of this one.")
    values: Mapping[Name, Value] = Field({}, alias="with", description="The values of its params.")
    prefix: Annotated[str, Strict(), WithJsonSchema({"type": "string", "pattern": f"^{ID}$"})] = Field(
        "", pattern=f"^{ID}$", description="Put before the id of each of its phases, or steps."
    )


class SharedPhasesDocument(Closed):
    """A file of phases that runbooks include."""

    format: Literal[1] = Field(1, description="The version of this format.")
    params: Mapping[Name, ParamDocument] = Field({}, description="Values that the including file gives with `with`.")
    phases: PhaseList = Field(description="The phases, in this order.")


class SharedStepsDocument(Closed):
    """A file of steps that runbooks include."""

    format: Literal[1] = Field(1, description="The version of this format.")
    params: Mapping[Name, ParamDocument] = Field({}, description="Values that the including file gives with `with`.")
    steps: StepList = Field(description="The steps, in this order.")
