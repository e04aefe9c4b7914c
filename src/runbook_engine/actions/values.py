"""The types of values in params: texts, durations, file modes. Each knows its JSON Schema and explains what it expects."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from runbook_engine.model.text import Text, plain, shell

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?\s*[smhd]\s*)+")
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])")


def seconds(value: Any) -> float:
    """'90s', '15m', '1h 30m', '2d' in seconds; a bare number is refused because its unit would be a guess."""
    if isinstance(value, float) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or not _DURATION.fullmatch(value.strip()):
        raise ValueError("expected a duration such as 90s, 15m or 1h 30m")
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(value))


def _text(value: Any, make: Any) -> Text:
    if isinstance(value, Text):
        return value
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("expected text")
    return make(str(value))  # type: ignore[no-any-return]


ShellText = Annotated[Text, BeforeValidator(lambda v: _text(v, shell)), WithJsonSchema({"type": "string"})]
PlainText = Annotated[Text, BeforeValidator(lambda v: _text(v, plain)), WithJsonSchema({"type": "string"})]
Seconds = Annotated[
    float, BeforeValidator(seconds), WithJsonSchema({"type": "string", "pattern": r"^(\d+(\.\d+)?\s*[smhd]\s*)+$"})
]
