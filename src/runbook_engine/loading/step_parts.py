"""The parts of a step: how long it takes, who does it, how it is tried again, undone and proved."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, Strict, WithJsonSchema, model_validator

from runbook_engine.loading.fields import (
    MOMENT,
    REFERENCE,
    Closed,
    Count,
    Duration,
    Flag,
    Line,
    Moment,
    Name,
    Reference,
    Schema,
    Short,
    as_list,
    kind_of_evidence,
)
from runbook_engine.loading.nearest import did_you_mean
from runbook_engine.model import secret_names
from runbook_engine.model.jobs import LinkKind

_RETRIES = 1_000
_TEXT: Schema = {"type": "string", "minLength": 1}
_ONE_TIME = r"\d[\d.smhd ]*"


class TakesDocument(Closed):
    """How long a step takes."""

    low: Duration = Field(description="At least this long, such as 10m.")
    likely: Duration | None = Field(None, description="Most likely this long.")
    high: Duration | None = Field(None, description="At most this long; as `low` if not said.")
    per: Literal["host", "batch"] = Field("host", description="Whether that is for each host or for the whole batch.")
    crew: Count | None = Field(None, description="How many people do it together; the time is that of all of them at work.")
    pausable: Flag = Field(
        False, description="true: work rests over nights and weekends and goes on after them; else it is done in one go."
    )

    @property
    def longest(self) -> float:
        """At most, in seconds."""
        return self.low if self.high is None else self.high

    @model_validator(mode="after")
    def _rising(self) -> "TakesDocument":
        likely = self.low if self.likely is None else self.likely
        if not self.low <= likely <= self.longest:
            raise ValueError("the times must rise, such as 10m..25m or [10m, 15m, 25m]")
        return self


def _takes(value: Any) -> Any:
    """'15m', '10m..25m' and [10m, 15m, 25m] in the long form."""
    if isinstance(value, str):
        low, _, high = value.partition("..")
        return {"low": low.strip(), "high": (high or low).strip()}
    if isinstance(value, list) and len(value) == 3:
        return dict(zip(("low", "likely", "high"), value, strict=True))
    if not isinstance(value, dict):
        raise ValueError("expected a time such as 15m, 10m..25m or [10m, 15m, 25m]")
    return value


class WhoDocument(Closed):
    """Who does a step: exactly one of person, role and skill."""

    person: Line | None = Field(None, description="A person's id.")
    role: Line | None = Field(None, description="A role, a department, or head-of-DEPARTMENT.")
    skill: Line | None = Field(None, description="Anyone who has this skill.")
    level: Annotated[int, Strict(), Field(ge=1, le=10)] = Field(1, description="The lowest level of the skill that will do.")
    count: Count = Field(1, description="How many different people are needed.")
    certificate: Line | None = Field(None, description="A certificate that they must have, valid on the day.")

    @model_validator(mode="after")
    def _one(self) -> "WhoDocument":
        if sum(x is not None for x in (self.person, self.role, self.skill)) != 1:
            raise ValueError("expected exactly one of person, role and skill")
        if "level" in self.model_fields_set and self.skill is None:
            raise ValueError("level belongs to skill")
        return self


def _one_who(value: Any) -> Any:
    return {"person": value} if isinstance(value, str) else value


class NeedDocument(Closed):
    """A step that comes before, and how this one follows it."""

    step: Reference = Field(description="The step: its id, or phase/step.")
    kind: LinkKind = Field(
        LinkKind.FINISH_START,
        description="Which end of that step holds which end of this one; finish-start: after its end.",
    )
    lag: Duration | None = Field(None, description="So long after it at the earliest, such as 30m.")
    lead: Duration | None = Field(None, description="So long before it at the earliest: the two overlap.")
    at_most: Duration | None = Field(None, description="So long after it at the latest, such as 2h.")

    @property
    def lag_s(self) -> float:
        """At least so many seconds after it; less than nothing for a lead."""
        return -self.lead if self.lead else self.lag or 0.0

    @model_validator(mode="after")
    def _one_way(self) -> "NeedDocument":
        if self.lag is not None and self.lead is not None:
            raise ValueError("lag is later and lead is earlier: say one of them")
        if self.at_most is not None and self.at_most < self.lag_s:
            raise ValueError("at_most is shorter than lag, so that it could never start")
        return self


def _one_need(value: Any) -> Any:
    if not isinstance(value, str | dict):
        raise ValueError("expected the id of a step, phase/step, or step, kind, lag and at_most")
    return {"step": value} if isinstance(value, str) else value


class DeadlineDocument(Closed):
    """By when it is done."""

    by: Moment = Field(description="By the end of this date, or by this time.")
    soft: Flag = Field(False, description="true: a wish; to miss it is said, and makes no plan impossible.")


def _one_deadline(value: Any) -> Any:
    return value if isinstance(value, dict) else {"by": value}


class RetryDocument(Closed):
    """How often a known failure is tried again."""

    count: Annotated[int, Strict(), Field(ge=0, le=_RETRIES)] = Field(description="How often.")
    wait: Duration = Field(
        2.0,
        description="How long to wait before the first retry, such as 10s; it doubles each time.",
        json_schema_extra={"default": "2s"},
    )
    longest: Duration = Field(
        300.0, description="The longest wait between two tries, such as 5m.", json_schema_extra={"default": "5m"}
    )


def _retries(value: Any) -> Any:
    return {"count": value} if isinstance(value, int) and not isinstance(value, bool) else value


def reference_to_secret(value: str) -> str:
    """Raises ValueError unless the text names a secret; the secret itself must not stand in a file."""
    import re

    if not re.fullmatch(secret_names.PATTERN, value):
        hint = nearest_source(value)
        raise ValueError(f"expected the name of a secret: {secret_names.IN_WORDS}{'; ' + hint if hint else ''}")
    return value


def nearest_source(value: str) -> str:
    """'did you mean 'vault:'?' for a misspelt place of a secret, or nothing. Of the text itself nothing is repeated."""
    place, colon, _ = value.partition(":")
    hint = did_you_mean(place, secret_names.FORMS) if colon and place not in secret_names.FORMS else ""
    return hint if hint.startswith("did") else ""


class SecretDocument(Closed):
    """A secret by its name. Its value is never written here."""

    secret: Annotated[
        str, AfterValidator(reference_to_secret), WithJsonSchema({"type": "string", "pattern": f"^{secret_names.PATTERN}$"})
    ] = Field(description=f"{secret_names.IN_WORDS}.")


class BecomeDocument(Closed):
    """Run as another user, by sudo."""

    user: Line = Field("root", description="The user.")
    password: SecretDocument | None = Field(None, description="The password of sudo, by the name of its secret.")


def _become(value: Any) -> Any:
    if value is True:
        return {}
    if isinstance(value, str):
        return {"user": value}
    if not isinstance(value, dict):
        raise ValueError("expected true, the name of a user, or user and password")
    return value


def _evidence(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    names = [name for name in value if isinstance(name, str)]
    if len(names) < len(value) or len(set(names)) < len(names):
        raise ValueError("expected a list of different names, such as [photo, serial_number]")
    return {name: kind_of_evidence(name) for name in names}


def _environment_value(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("expected text in quotes")
    if "\0" in str(value):
        raise ValueError("expected text without NUL")
    return str(value)


class _WhoShort(Short):
    """A word, or one entry without the list."""

    def short_forms(self, long: Schema, _handler: Any) -> tuple[Schema, ...]:
        """What an entry of the list may be."""
        forms: list[Schema] = long["items"]["anyOf"]
        return tuple(forms)


Takes = Annotated[
    TakesDocument,
    Short(
        _takes,
        {"type": "string", "pattern": rf"^{_ONE_TIME}(\.\.\s*{_ONE_TIME})?$"},
        {"type": "array", "items": {"type": "string"}, "minItems": 3, "maxItems": 3},
    ),
]
WhoEntry = Annotated[WhoDocument, Short(_one_who, _TEXT)]
WhoList = Annotated[tuple[WhoEntry, ...], Field(min_length=1), _WhoShort(as_list)]
Need = Annotated[NeedDocument, Short(_one_need, {"type": "string", "pattern": REFERENCE})]
Deadline = Annotated[DeadlineDocument, Short(_one_deadline, {"type": "string", "pattern": MOMENT})]
References = Annotated[tuple[Reference, ...], Field(min_length=1), Short(as_list, {"type": "string", "pattern": REFERENCE})]
Retries = Annotated[RetryDocument, Short(_retries, {"type": "integer", "minimum": 0, "maximum": _RETRIES})]
Become = Annotated[BecomeDocument, Short(_become, {"const": True}, _TEXT)]
Kind = Literal["text", "file", "photo", "number", "yes_no"]
Evidence = Annotated[
    Mapping[Name, Kind],
    Field(min_length=1),
    Short(_evidence, {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True}),
]
EnvironmentValue = Annotated[
    str, BeforeValidator(_environment_value), WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "integer"}]})
]
