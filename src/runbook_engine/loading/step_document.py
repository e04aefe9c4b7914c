"""A step as it is written: the keys that every step has, and one key for each action."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, GetJsonSchemaHandler, create_model

from runbook_engine.actions import all_actions
from runbook_engine.actions.contract import Action
from runbook_engine.loading.fields import Closed, Count, Flag, Id, Line, Lines, Moment, Name, Schema, Short, SomeTime
from runbook_engine.loading.step_parts import (
    Become,
    Deadline,
    EnvironmentValue,
    Evidence,
    Need,
    References,
    Retries,
    Takes,
    WhoList,
)
from runbook_engine.model.words import Per, Repeat


class StepDocument(Closed):
    """One thing to do. Exactly one action says what; a step without one is work that a person does and reports."""

    may_stand_alone: ClassVar[frozenset[str]] = frozenset(all_actions())  # such as `reboot:`

    id: Id = Field(description="The step's id; different from that of every other step of its phase.")
    title: Line = Field(description="What the step does, for everybody who reads the plan.")
    hosts: Line | None = Field(None, description="A selector; else the hosts of the phase.")
    per: Per | None = Field(None, description="How often: for each host, for each batch, or once for the phase.")
    needs: tuple[Need, ...] | None = Field(
        None,
        description="Steps that come before, as ids, phase/step or with a lag; else the step written before. [] means none.",
    )
    barrier: Flag = Field(False, description="Wait until every host has done the step before, and let the next step wait too.")
    takes: Takes | None = Field(None, description="How long it takes: 15m, 10m..25m or [10m, 15m, 25m].")
    who: WhoList | None = Field(None, description="Who does it: a person, a role, or a skill with level and count.")
    same_people_as: References | None = Field(None, description="Steps whose people do this one as well.")
    other_people_than: References | None = Field(None, description="Steps whose people must not do this one.")
    on_site: Flag | None = Field(
        None, description="Whether people must be where the hosts are; if not said, they must for work by hand on hosts."
    )
    earliest: Moment | None = Field(None, description="Not before this date or time.")
    deadline: Deadline | None = Field(None, description="Done by the end of this date, or by this time.")
    milestone: Flag = Field(False, description="A moment, not work: it is reached as soon as what it needs is done.")
    uses: Mapping[Line, Count] = Field(default_factory=dict, description="What it needs of each resource.")
    evidence: Evidence | None = Field(None, description="What proves it: names and their kinds.")
    timeout: SomeTime | None = Field(None, description="The longest time that one attempt may take, such as 45m.")
    retries: Retries | None = Field(None, description="How often a known failure is tried again.")
    guard: Lines | None = Field(None, description="A read-only command that must end with 0, or nothing is done.")
    skip_if: Lines | None = Field(None, description="A read-only command; if it ends with 0 there is nothing to do.")
    verify: Lines | None = Field(None, description="A read-only command that says whether it is done: 0 done, 1 not done.")
    when: Line | None = Field(None, description="A condition; where it does not hold, the step is skipped.")
    save_as: Name | None = Field(None, description="The name under which later steps read the output.")
    repeat: Repeat | None = Field(None, description="What may happen when it is unclear whether it was done.")
    reboots: Flag = Field(False, description="The host restarts in this step; losing the link is expected.")
    drops_link: Flag = Field(False, description="The link to the host is lost in this step, as expected.")
    confirm_within: SomeTime | None = Field(
        None, description="The host undoes the step by itself after this time, unless it is reached anew before."
    )
    become: Become | None = Field(None, description="Run as another user by sudo: true for root, or a user.")
    directory: Line | None = Field(None, description="The working directory on the host.")
    environment: Mapping[Name, EnvironmentValue] = Field(
        default_factory=dict, description="Environment variables, quoted by the engine."
    )


class RollBackDocument(Closed):
    """The way back: one action, or the reason why there is none."""

    may_stand_alone: ClassVar[frozenset[str]] = frozenset(all_actions())

    none: Line | None = Field(None, description="Why there is no way back. Whoever approves the phase reads it.")
    retries: Retries | None = Field(None, description="How often a known failure is tried again.")
    timeout: SomeTime | None = Field(None, description="The longest time that one attempt may take.")
    verify: Line | None = Field(None, description="A read-only command that says whether it is undone.")
    repeat: Literal["safe"] | None = Field(None, description="safe: it may run again when it is unclear whether it was done.")
    become: Become | None = Field(None, description="Run as another user than the step: true for root, or a user.")


class ActionShort(Short):
    """What stands under an action's key: its parameters, or the value of the one that has the short form."""

    def __init__(self, action: Action) -> None:
        super().__init__(self._long)
        self._action = action

    def _long(self, value: Any) -> Any:
        if value is None:
            return {}
        return {self._action.shorthand: value} if self._action.shorthand and not isinstance(value, dict) else value

    def short_forms(self, long: Schema, handler: GetJsonSchemaHandler) -> tuple[Schema, ...]:
        """What the parameter of the short form looks like."""
        schema = handler.resolve_ref_schema(long)
        if not self._action.shorthand:
            return () if schema.get("required") else ({"type": "null"},)
        return ({k: v for k, v in schema["properties"][self._action.shorthand].items() if k not in ("title", "default")},)


@cache
def step_model() -> type[StepDocument]:
    """The step with a key for each action that is installed. Raises ValueError when an action takes a key of the step."""
    back = (roll_back_model(), Field(None, description="The way back: an action, or none with the reason."))
    return create_model(
        "Step", __base__=StepDocument, __doc__=StepDocument.__doc__, roll_back=back, **_action_fields(StepDocument)
    )


@cache
def roll_back_model() -> type[RollBackDocument]:
    """The way back with a key for each action that is installed."""
    return create_model(
        "RollBack", __base__=RollBackDocument, __doc__=RollBackDocument.__doc__, **_action_fields(RollBackDocument)
    )


def _action_fields(model: type[Closed]) -> dict[str, Any]:
    taken = all_actions().keys() & model.model_fields.keys()
    if taken:
        raise ValueError(f"an action cannot be called {min(taken)!r}: it is a key of {model.__name__}")
    return {name: (_optional(action), Field(None, description=action.help)) for name, action in all_actions().items()}


def _optional(action: Action) -> Any:
    return Annotated[action.params, ActionShort(action)]
