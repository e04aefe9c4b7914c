"""The values of a runbook's params: those that were given, checked, and the defaults of the others."""

from collections.abc import Mapping
from pathlib import Path as FilePath

from runbook_engine.loading.document import Document, read_file
from runbook_engine.loading.nearest import did_you_mean
from runbook_engine.loading.param_values import Value, converted
from runbook_engine.model.errors import NotValid
from runbook_engine.model.places import Mistake, Place
from runbook_engine.model.runbook import Param, Runbook
from runbook_engine.model.values import dataclass

COMMAND_LINE = "command line"  # the file of mistakes in values that stand in no file
_SHOWN = 200  # characters of a value in a mistake


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A value from a params file, which knows where it stands."""

    value: object
    document: Document


def read_params_file(path: FilePath) -> Mapping[str, object]:
    """A file of `name: value`, for `param_values`; what is given beside it may replace its entries. Raises NotValid."""
    document = read_file(path)
    if document.data is not None and not isinstance(document.data, dict):
        raise NotValid([document.mistake((), "a params file is names and values", "write name: value")])
    return {name: Written(value=value, document=document) for name, value in (document.data or {}).items()}


def param_values(runbook: Runbook, given: Mapping[str, object]) -> Mapping[str, Value]:
    """The value of each param of the runbook: the given one, else its default.

    A text is read as the param's type (a list is split at commas). A secret's value is the name of the secret. Raises
    NotValid with every mistake: unknown names, values that do not fit, and params without a value.
    """
    declared = {p.name: p for p in runbook.params}
    mistakes: list[Mistake] = []
    values: dict[str, Value] = {}
    for name, value in given.items():
        if name not in declared:
            hint = did_you_mean(name, declared, "the params are") or "the runbook has no params"
            mistakes.append(_mistake(name, value, f"there is no param {name!r:.60}", hint, key=True))
    for param in runbook.params:
        if param.name in given:
            _convert(param, given[param.name], values, mistakes)
        elif param.required:
            mistakes.append(_missing(runbook, param))
        else:
            values[param.name] = param.default
    if mistakes:
        raise NotValid(mistakes)
    return values


def missing_params(runbook: Runbook, given: Mapping[str, object]) -> tuple[Param, ...]:
    """The params that have no default and were not given: what a person must be asked for."""
    return tuple(p for p in runbook.params if p.required and p.name not in given)


def _convert(param: Param, given: object, values: dict[str, Value], mistakes: list[Mistake]) -> None:
    try:
        values[param.name] = converted(param, given.value if isinstance(given, Written) else given)
    except ValueError as error:
        mistakes.append(_mistake(param.name, given, f"{param.name}: {error}", hide=param.secret))


def _missing(runbook: Runbook, param: Param) -> Mistake:
    hint = f"give it with -p {param.name}=…{f' ({param.help})' if param.help else ''}"
    message = f"the param {param.name!r} has no value"
    return runbook.places.mistake(("params", param.name), message, hint, key=True, width=len(param.name))


def _mistake(name: str, given: object, message: str, hint: str = "", *, key: bool = False, hide: bool = False) -> Mistake:
    """A mistake in a value; its line is shown, unless the value is a secret that somebody wrote out."""
    if isinstance(given, Written):
        found = given.document.mistake((name,), message, hint, key=key)
        return Mistake(found.place, message, hint, "" if hide else found.source, found.width)
    line = f"-p {name}={'…' if hide else given}"[:_SHOWN]
    column = 4 if key else 5 + len(name)
    width = len(name) if key else max(1, len(line) - column + 1)
    return Mistake(Place(COMMAND_LINE, 1, column), message, hint, line, width)
