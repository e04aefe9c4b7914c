"""The values of a runbook's params: those that were given, checked, and the defaults of the others."""

from collections.abc import Mapping
from pathlib import Path as FilePath

from runbook_engine.loading.document import Document, read_file
from runbook_engine.loading.nearest import did_you_mean
from runbook_engine.loading.param_values import Value, converted
from runbook_engine.model.errors import NotValid
from runbook_engine.model.places import Mistake, Place
from runbook_engine.model.runbook import Param, Runbook

COMMAND_LINE = "command line"  # the file of mistakes in values that stand in no file


def read_params_file(path: FilePath) -> Document:
    """A file of `name: value`, for `param_values`. Raises NotValid."""
    document = read_file(path)
    if document.data is not None and not isinstance(document.data, dict):
        raise NotValid([document.mistake((), "a params file is names and values", "write name: value")])
    return document


def param_values(runbook: Runbook, given: Mapping[str, object], file: Document | None = None) -> Mapping[str, Value]:
    """The value of each param of the runbook: the given one, else that of the params file, else the default.

    A text is read as the param's type (a list is split at commas). A secret's value is the name of the secret. Raises
    NotValid with every mistake: unknown names, values that do not fit, and params without a value.
    """
    mistakes: list[Mistake] = []
    in_file = _in_file(file)
    names = [p.name for p in runbook.params]
    for name, value in (*in_file.items(), *given.items()):
        if name not in names:
            hint = did_you_mean(name, names, "the params are") or "the runbook has no params"
            mistakes.append(_mistake(name, value, f"unknown param {name!r}", hint, None if name in given else file, key=True))
    values: dict[str, Value] = {}
    for param in runbook.params:
        source = None if param.name in given else file
        if param.name in given or param.name in in_file:
            value = given[param.name] if param.name in given else in_file[param.name]
            _convert(param, value, source, values, mistakes)
        elif param.required:
            hint = f"give it with -p {param.name}=…{f' ({param.help})' if param.help else ''}"
            mistakes.append(
                runbook.places.mistake(("params", param.name), f"the param {param.name!r} has no value", hint, key=True)
            )
        else:
            values[param.name] = param.default
    if mistakes:
        raise NotValid(mistakes)
    return values


def missing_params(runbook: Runbook, given: Mapping[str, object], file: Document | None = None) -> tuple[Param, ...]:
    """The params that have no default and were not given: what a person must be asked for."""
    known = {*given, *_in_file(file)}
    return tuple(p for p in runbook.params if p.required and p.name not in known)


def _in_file(file: Document | None) -> Mapping[str, object]:
    return file.data if file is not None and isinstance(file.data, dict) else {}


def _convert(param: Param, value: object, file: Document | None, values: dict[str, Value], mistakes: list[Mistake]) -> None:
    try:
        values[param.name] = converted(param, value)
    except ValueError as error:
        shown = "…" if param.secret else value
        mistakes.append(_mistake(param.name, shown, f"{param.name}: {error}", "", file, hide=param.secret))


def _mistake(
    name: str, value: object, message: str, hint: str, file: Document | None, *, key: bool = False, hide: bool = False
) -> Mistake:
    """A mistake in a value; its line is shown, unless the value is a secret that somebody wrote out."""
    if file is not None:
        found = file.mistake((name,), message, hint, key=key)
        return Mistake(found.place, message, hint, "" if hide else found.source, found.width)
    line = f"-p {name}={value}"[:200]
    column = 4 if key else 5 + len(name)
    width = len(name) if key else max(1, len(line) - column + 1)
    return Mistake(Place(COMMAND_LINE, 1, column), message, hint, line, width)
