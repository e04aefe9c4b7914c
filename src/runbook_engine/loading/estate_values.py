"""The types of values in inventory files: names, zones, money, power, dates, weekly hours. Each says what it expects."""

import re
import zoneinfo
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from runbook_engine.calendars.rotas import FREE
from runbook_engine.calendars.weekly import DAYS, covered
from runbook_engine.loading import estate_controllers as controllers
from runbook_engine.loading import estate_names as names
from runbook_engine.loading.days_off import checked_code
from runbook_engine.loading.fields import DURATION_SCHEMA
from runbook_engine.model.runbook import Money

MAX_TURNS, MAX_TURN_DAYS = 400, 366  # of a rota

_DAYS = re.compile(rf"({'|'.join(DAYS)})(?:-({'|'.join(DAYS)}))?")
_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-3]):([0-5][0-9])|(24):(00))")
_RATE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,4})?) ?([A-Z]{3}) ?/ ?h")
_WHOLE_DAYS = re.compile(r"([0-9]{1,4}) ?d")
_POWER = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?) ?(W|kW)")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?")
_HOLIDAYS = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_SSH_KEY = re.compile(r"(?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]+ [A-Za-z0-9+/]+={0,3}(?: [^\x00-\x1f\x7f]*)?")
_EMAIL = re.compile(r"[^@\s<>\"\\,;:()\[\]\x00-\x1f]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,252}")


@cache
def time_zones() -> frozenset[str]:
    """Every IANA name that this machine knows."""
    return frozenset(zoneinfo.available_timezones())


def _time_zone(text: str) -> str:
    if text not in time_zones():
        from difflib import get_close_matches

        near = get_close_matches(text, time_zones(), n=1)
        raise ValueError(f"'{text}' is not a time zone{f'; did you mean {near[0]}?' if near else ', such as Europe/Amsterdam'}")
    return text


def _matching(pattern: re.Pattern[str], expected: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(f"expected {expected}, found {text[:60]!r}")
        return text

    return check


def _rate(value: Any) -> Money:
    match = _RATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("expected an amount for an hour, such as 95 EUR/h")
    return Money(amount=Decimal(match[1]), currency=match[2])


def _watts(value: Any) -> float:
    match = _POWER.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("expected a power with its unit, such as 5000 W or 5 kW")
    return float(Decimal(match[1]) * (1000 if match[2] == "kW" else 1))


def _certificates(value: Any) -> Any:
    """A list of names is the short form: valid without end."""
    names = value if isinstance(value, list) else [value] if isinstance(value, str) else None
    if names is None:
        return value
    if any(not isinstance(name, str) for name in names):
        raise ValueError("expected names, or names with their last days: {forklift: 2027-03-01}")
    return dict.fromkeys(names)


def _day(value: Any) -> date:
    found = _moment(value)
    if isinstance(found, datetime):
        raise ValueError("expected a date without a time, such as 2027-03-01")
    return found


def _factor(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise ValueError("expected how many times the usual rate, such as 1.5")
    return Decimal(str(value))


def _moment(value: Any) -> date | datetime:
    text = value.strip() if isinstance(value, str) else ""
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
        if _DATE_TIME.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"there is no date {text!r} in the calendar") from error
    raise ValueError("expected a date such as 2026-12-19, or with a time such as 2026-12-19 22:00")


def _opening(value: Any) -> tuple[date | datetime, date | datetime]:
    """Two moments with a slash between; a date alone is that whole day, and a second date is the last day."""
    begin, slash, end = value.partition("/") if isinstance(value, str) else ("", "", "")
    if not begin:
        raise ValueError("expected an opening such as 2026-12-05 22:00/2026-12-06 04:00, or a whole day such as 2026-12-05")
    first = _moment(begin)
    if isinstance(first, datetime) and not slash:
        raise ValueError(f"expected an end after {value[:60]!r}, such as 2026-12-05 22:00/2026-12-06 04:00")
    last = _moment(end) if slash else first
    kinds = {(isinstance(moment, datetime), getattr(moment, "tzinfo", None) is None) for moment in (first, last)}
    if len(kinds) > 1:
        raise ValueError("expected two dates, two times, or two times with an offset")
    return first, last


def _days(text: str) -> str:
    if not _DAYS.fullmatch(text):
        raise ValueError(f"{text[:60]!r} is not a day: write mon, tue, wed, thu, fri, sat or sun, or a range such as mon-fri")
    return text


def _hours(value: Any) -> tuple[str, ...]:
    """One opening or a list of them; one that ends before it begins ends on the next day."""
    hours = (value,) if isinstance(value, str) else value
    if not isinstance(hours, list | tuple) or not hours or len(hours) > 48:
        raise ValueError("expected hours such as 09:00-17:00, or a list of them")
    for item in hours:
        match = _HOURS.fullmatch(item) if isinstance(item, str) else None
        if match is None:
            raise ValueError(f"expected hours such as 09:00-17:00, found {str(item)[:60]!r}")
        if item[:5] == item[6:]:
            raise ValueError(f"{item} is empty; a whole day is 00:00-24:00")
    return tuple(hours)


def _week(week: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    seen: dict[str, str] = {}
    for days in week:
        for day in covered(days):
            if day in seen:
                raise ValueError(f"{day} stands in '{seen[day]}' and in '{days}'; each day once")
            seen[day] = days
    return week


def _list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _turns(value: Any) -> Any:
    """Calendars, a turn each; an empty text is a free turn, as `off` is."""
    if not isinstance(value, list | tuple) or not value or len(value) > MAX_TURNS:
        raise ValueError("expected calendars, a turn each, such as [early, late, nights, off]")
    return [FREE if entry == "" else entry for entry in value]


def _whole_days(value: Any) -> int:
    match = _WHOLE_DAYS.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None or not 1 <= int(match[1]) <= MAX_TURN_DAYS:
        raise ValueError(f"expected whole days up to {MAX_TURN_DAYS}, such as 7d or 4d")
    return int(match[1])


_NAME_SCHEMA = {"type": "string", "pattern": "^[A-Za-z0-9_][A-Za-z0-9._-]*$"}

Name = Annotated[str, AfterValidator(names.name), WithJsonSchema(_NAME_SCHEMA)]
Names = Annotated[tuple[Name, ...], BeforeValidator(_list)]
Address = Annotated[str, AfterValidator(names.address)]
User = Annotated[str, AfterValidator(names.user)]
BmcAddress = Annotated[str, AfterValidator(controllers.address)]
BmcUser = Annotated[str, AfterValidator(controllers.user)]
BmcName = Annotated[str, AfterValidator(controllers.system)]
Certificate = Annotated[
    str,
    BeforeValidator(controllers.certificate),
    WithJsonSchema({"anyOf": [{"const": True}, {"type": "string", "minLength": 1}]}),
]
Port = Annotated[int, Field(strict=True, ge=1, le=65535)]
FilePath = Annotated[str, AfterValidator(names.file_path)]
Jump = Annotated[str, AfterValidator(names.jump)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Rate = Annotated[Money, BeforeValidator(_rate), WithJsonSchema({"type": "string", "pattern": f"^{_RATE.pattern}$"})]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Certificates = Annotated[
    dict[Name, Day | None],
    BeforeValidator(_certificates),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "object", "additionalProperties": {"type": "string", "format": "date"}},
                {"type": "array", "items": {"type": "string"}},
            ]
        }
    ),
]
Arrivals = Annotated[
    dict[Day, Annotated[int, Field(strict=True, ge=1)]],
    WithJsonSchema({"type": "object", "additionalProperties": {"type": "integer", "minimum": 1}}),
]
Turns = Annotated[tuple[Name, ...], BeforeValidator(_turns)]
WholeDays = Annotated[int, BeforeValidator(_whole_days), WithJsonSchema(DURATION_SCHEMA)]
Factor = Annotated[Decimal, BeforeValidator(_factor), WithJsonSchema({"type": "number", "minimum": 0, "maximum": 100})]
Feeds = Names
Watts = Annotated[float, BeforeValidator(_watts), WithJsonSchema({"type": "string", "pattern": f"^{_POWER.pattern}$"})]
Moment = Annotated[date | datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string"})]
Opening = Annotated[
    tuple[date | datetime, date | datetime],
    BeforeValidator(_opening),
    WithJsonSchema({"type": "string"}),
]
Days = Annotated[str, AfterValidator(_days)]
Hours = Annotated[
    tuple[str, ...],
    BeforeValidator(_hours),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Week = Annotated[dict[Days, Hours], AfterValidator(_week)]
Holidays = Annotated[
    str,
    AfterValidator(_matching(_HOLIDAYS, "a country such as NL, or a part of one such as DE-BY")),
    AfterValidator(checked_code),
]
SshKey = Annotated[str, AfterValidator(_matching(_SSH_KEY, "a public SSH key such as 'ssh-ed25519 AAAA…'"))]
Email = Annotated[str, AfterValidator(_matching(_EMAIL, "a mail address"))]
