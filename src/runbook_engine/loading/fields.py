"""The types of the values in a runbook: ids, texts, durations, dates, money. Each says what it expects, and its JSON Schema."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Strict,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import CoreSchema, core_schema

from runbook_engine.actions.values import seconds
from runbook_engine.model.runbook import Money

ID = r"[a-z0-9][a-z0-9._-]*"
NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_MONEY = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,2})?) ?([A-Z]{3})")
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,2})?) ?%")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?")
REFERENCE = rf"^{ID}(/{ID})?$"
MOMENT = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})?)?$"
DURATION_SCHEMA = {"type": "string", "pattern": r"^(\d+(\.\d+)?\s*[smhd]\s*)+$"}

Schema = dict[str, Any]


class Closed(BaseModel):
    """A mapping with closed keys; a key without a value is a mistake, unless it may stand alone."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, defer_build=True)
    may_stand_alone: ClassVar[frozenset[str]] = frozenset()

    @field_validator("*", mode="before")
    @classmethod
    def _given(cls, value: Any, info: ValidationInfo) -> Any:
        if value is None and info.field_name not in cls.may_stand_alone:
            raise ValueError("expected a value, found nothing")
        return value


class Short:
    """A field that has a short form: `lengthen` turns it into the long one, `schemas` says what it looks like."""

    def __init__(self, lengthen: Callable[[Any], Any], *schemas: Schema) -> None:
        self._lengthen, self._schemas = lengthen, schemas

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """First the long form is made, then it is checked."""
        return core_schema.no_info_before_validator_function(self._lengthen, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> Schema:
        """Any of the short forms, or the long one."""
        long = handler(schema)
        return {"anyOf": [*self.short_forms(long, handler), long]}

    def short_forms(self, _long: Schema, _handler: GetJsonSchemaHandler) -> tuple[Schema, ...]:
        """The JSON Schemas of the short forms."""
        return self._schemas


def _formed(pattern: str, expected: str) -> Any:
    """Text that matches a pattern from end to end."""
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError(f"expected {expected}")
        return value

    return AfterValidator(check)


def _filled(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return value


def _some_time(length: float) -> float:
    if length <= 0:
        raise ValueError("must be more than nothing")
    return length


def _money(value: Any) -> Money:
    match = _MONEY.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("expected an amount and its currency, such as 18500 EUR")
    return Money(amount=Decimal(match[1]), currency=match[2])


def _percent(value: Any) -> Decimal:
    match = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("expected a percentage such as 10%")
    return Decimal(match[1])


def day(value: Any) -> date:
    """The date that a text such as 2026-11-30 names. Raises ValueError."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise ValueError("expected a date such as 2026-11-30")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("expected a date that is in the calendar") from None


def moment(value: Any) -> date | datetime:
    """A date, or a date with a time of day such as 2026-11-30 18:00. Raises ValueError."""
    if not isinstance(value, str) or not _TIME.fullmatch(value[10:]):
        return day(value)
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("expected a date and a time that exist") from None


def kind_of_evidence(name: str) -> str:
    """What a bare name in a list of evidence asks for: a name that is a kind means that kind, any other means text."""
    return name if name in ("file", "photo", "number", "yes_no") else "text"


def as_list(value: Any) -> Any:
    """A single entry is a list of one."""
    return value if isinstance(value, list) else [value]


Id = Annotated[
    str,
    _formed(ID, "an id of small letters, digits and . _ - that begins with a letter or digit"),
    WithJsonSchema({"type": "string", "pattern": f"^{ID}$"}),
]
Reference = Annotated[
    str,
    _formed(rf"{ID}(?:/{ID})?", "the id of a step, or phase/step"),
    WithJsonSchema({"type": "string", "pattern": REFERENCE}),
]
Name = Annotated[
    str,
    _formed(NAME, "a name of letters, digits and _ that does not begin with a digit"),
    WithJsonSchema({"type": "string", "pattern": f"^{NAME}$"}),
]
Line = Annotated[str, AfterValidator(_filled), WithJsonSchema({"type": "string", "minLength": 1})]
Lines = Annotated[tuple[Line, ...], Field(min_length=1), Short(as_list, {"type": "string", "minLength": 1})]
Duration = Annotated[float, BeforeValidator(seconds), WithJsonSchema(DURATION_SCHEMA)]
SomeTime = Annotated[Duration, AfterValidator(_some_time)]
Amount = Annotated[
    Money, BeforeValidator(_money), WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,12}(\.[0-9]{1,2})? ?[A-Z]{3}$"})
]
Percent = Annotated[
    Decimal, BeforeValidator(_percent), WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,3}(\.[0-9]{1,2})? ?%$"})
]
Day = Annotated[date, BeforeValidator(day), WithJsonSchema({"type": "string", "format": "date"})]
Moment = Annotated[
    date | datetime,
    BeforeValidator(moment),
    WithJsonSchema({"type": "string", "pattern": MOMENT}),
]
Flag = Annotated[bool, Strict()]
Count = Annotated[int, Strict(), Field(ge=1, le=1_000_000)]
