"""The values of a runbook's parameters: what was given, else the defaults, checked."""

import re
from collections.abc import Mapping

from runbook_engine.model.linear_patterns import pattern
from runbook_engine.model.runbook import Param, Runbook, Scalar
from runbook_engine.model.secret_names import IN_WORDS, PATTERN
from runbook_engine.model.text import SecretRef
from runbook_engine.planning.findings import BadTemplate, Findings, did_you_mean
from runbook_engine.planning.plain import text_of

Given = Scalar | tuple[Scalar, ...]
_REFERENCE = re.compile(PATTERN, re.DOTALL)


def settle(runbook: Runbook, given: Mapping[str, Given], found: Findings) -> dict[str, object]:
    """The value of each parameter: plain, or a SecretRef. Mistakes go to `found`; a parameter with one has no value."""
    declared = {param.name: param for param in runbook.params}
    for name in given:
        if name not in declared:
            hint = did_you_mean(name, declared) or "parameters are declared under params"
            found.add(("params",), f"the runbook has no parameter {name!r}", hint)
    values: dict[str, object] = {}
    for number, param in enumerate(runbook.params):
        try:
            values[param.name] = _value(param, given)
        except BadTemplate as error:
            path = ("params", param.name) if ("params", param.name) in found.places.values else ("params", number)
            found.bad(path, error)
    return values


def _value(param: Param, given: Mapping[str, Given]) -> object:
    if param.name not in given and param.required:
        raise BadTemplate(f"the parameter {param.name!r} has no value", f"give one with -p {param.name}=…")
    value = given.get(param.name, param.default)
    if param.secret:
        return _secret(param.name, value)
    if param.choices and value not in param.choices and value is not None:
        raise BadTemplate(f"{param.name} = {value!r} is not one of {', '.join(map(str, param.choices))}")
    if param.pattern and isinstance(value, str) and not pattern(param.pattern).matches(value):
        raise BadTemplate(f"{param.name} = {value!r} does not have the form {param.pattern}")
    return value


def _secret(name: str, value: object) -> object:
    """A secret parameter, by name. Its value itself is never taken, so that it cannot be written anywhere."""
    if isinstance(value, SecretRef):
        return value
    if isinstance(value, str) and _REFERENCE.fullmatch(value):
        return SecretRef(value)
    raise BadTemplate(f"the parameter {name!r} is secret and is given by name, not by value", IN_WORDS)


def for_people(values: Mapping[str, object]) -> dict[str, str]:
    """Parameters as text; secrets by name, lists with commas, an empty text for no value."""
    return {name: _said(value) for name, value in values.items()}


def _said(value: object) -> str:
    if isinstance(value, SecretRef):
        return value.name
    if isinstance(value, tuple | list):
        return ", ".join(_said(v) for v in value)
    return "" if value is None else text_of(value)
