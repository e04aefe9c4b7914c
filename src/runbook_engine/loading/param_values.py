"""One value of a param: from text or YAML to its type, or what is wrong with it."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from runbook_engine.actions.values import seconds
from runbook_engine.loading.fields import day
from runbook_engine.loading.nearest import did_you_mean
from runbook_engine.loading.scalars import in_words, plain_scalar
from runbook_engine.loading.step_parts import reference_to_secret
from runbook_engine.model.linear_patterns import pattern
from runbook_engine.model.runbook import Param, Scalar

TYPES = ("string", "integer", "number", "boolean", "date", "duration", "list")
LONGEST = 100_000  # characters of a value

Value = Scalar | tuple[Scalar, ...]


def converted(param: Param, value: object) -> Value:
    """The value as the param's type; a text may be any of them, as it comes from a command line. Raises ValueError.

    Dates and durations stay text, in the form that was checked. A list is a tuple.
    """
    if param.secret:
        return reference_to_secret(value if isinstance(value, str) else "")
    result = _CONVERTERS[param.type](value)
    if param.choices and result not in param.choices:
        known = [str(c) for c in param.choices]
        hint = did_you_mean(str(value), known)
        raise ValueError(f"must be one of {', '.join(known)}{'; ' + hint if hint.startswith('did') else ''}")
    if param.pattern and not pattern(param.pattern).matches(str(result)):
        raise ValueError(f"must match the pattern {param.pattern} from end to end")
    return result


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(_expected("text (put quotes around it)", value))
    if len(value) > LONGEST or "\0" in value:
        raise ValueError(f"must be text of at most {LONGEST:,} characters without NUL")
    return value


def _integer(value: object) -> int:
    number = plain_scalar(value) if isinstance(value, str) else value
    if not isinstance(number, int) or isinstance(number, bool):
        raise ValueError(_expected("a whole number", value))
    return number


def _number(value: object) -> int | float:
    number = plain_scalar(value) if isinstance(value, str) else value
    if not isinstance(number, int | float) or isinstance(number, bool) or not math.isfinite(number):
        raise ValueError(_expected("a number", value))
    return number


def _boolean(value: object) -> bool:
    truth = {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value
    if not isinstance(truth, bool):
        raise ValueError(_expected("true or false", value))
    return truth


def _date(value: object) -> str:
    return day(value).isoformat()


def _duration(value: object) -> str:
    seconds(value)
    return str(value)


def _list(value: object) -> tuple[Scalar, ...]:
    entries: Any = [v.strip() for v in value.split(",") if v.strip()] if isinstance(value, str) else value
    if not isinstance(entries, list | tuple) or not all(v is None or isinstance(v, str | int | float) for v in entries):
        raise ValueError(_expected("a list of texts and numbers", value))
    return tuple(entries)


def _expected(what: str, value: object) -> str:
    return f"expected {what}, found {in_words(value)}"


_CONVERTERS: Mapping[str, Callable[[object], Value]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "duration": _duration,
    "list": _list,
}
