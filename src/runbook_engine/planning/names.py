"""What the names in a text stand for: the runbook's parameters, the host, what earlier steps save."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from runbook_engine.model.estate import Estate, Host
from runbook_engine.model.runbook import Phase, Runbook, Step
from runbook_engine.model.text import Later, SecretRef
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import HostName, Per, StepId
from runbook_engine.planning.findings import BadTemplate, did_you_mean
from runbook_engine.planning.template import Path

HOST_FIELDS = ("name", "address", "site", "rack", "unit", "owner", "serves", "tags", "groups", "vars")
SAVED_FIELDS = ("stdout", "stderr", "exit_code", "lines", "json")
FIXED = ("params", "host", "vars", "runbook", "phase", "step", "batch")
DEEPEST_SCOPE = 64

View = Mapping[str, Any]  # what a template sees of one host


@dataclass(frozen=True, slots=True, kw_only=True)
class Saver:
    """A step that saves its result, and how often it does."""

    step: StepId
    per: Per


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """All that a text of one package may mention. `views` is None where no host is known."""

    fixed: Mapping[str, Any] = field(default_factory=dict)  # runbook, phase, step, batch
    scope: int = 0
    scopes: tuple[Mapping[str, object], ...] = ({},)  # the values of each scope
    parents: tuple[int, ...] = (0,)
    hosts: tuple[HostName, ...] = ()
    views: tuple[View, ...] | None = None
    saved: Mapping[str, Saver] = field(default_factory=dict)

    @property
    def known(self) -> tuple[str, ...]:
        """The names that a text may begin with."""
        return (*FIXED, *self.saved)


class Views:
    """What templates see of each host of an estate; made when first asked for."""

    def __init__(self, estate: Estate) -> None:
        self._hosts = estate.hosts
        self._made: dict[HostName, View] = {}

    def of(self, hosts: Iterable[HostName]) -> tuple[View, ...]:
        """The views of `hosts`, in order."""
        return tuple(self._made.get(name) or self._make(name) for name in hosts)

    def _make(self, name: HostName) -> View:
        view = self._made[name] = view_of(self._hosts[name])
        return view


def view_of(host: Host) -> View:
    """The plain values of a host that templates may read."""
    return {
        "name": host.name,
        "address": host.address or host.name,
        "site": host.site,
        "rack": host.rack,
        "unit": host.unit,
        "owner": host.owner,
        "serves": list(host.serves),
        "tags": sorted(host.tags),
        "groups": list(host.groups),
        "vars": host.vars,
    }


def scope_values(runbook: Runbook, given: Mapping[str, object]) -> tuple[Mapping[str, object], ...]:
    """The values of every scope; those of scope 0 are what was given for the runbook's parameters."""
    return ({**runbook.scopes[0].values, **given}, *(s.values for s in runbook.scopes[1:])) if runbook.scopes else (given,)


def fixed_names(runbook: Runbook, phase: Phase, step: Step | None, batch: int | None) -> dict[str, Any]:
    """The names that are the same for every host."""
    names: dict[str, Any] = {"runbook": {"id": runbook.id, "title": runbook.title}, "phase": {"id": phase.id}}
    if step is not None:
        names["step"] = {"id": step.id}
    if batch is not None:
        names["batch"] = batch
    return names


def check_path(path: Path, names: Names) -> None:
    """Refuse a dotted name that cannot mean anything, as far as that is known without hosts. Raises BadTemplate."""
    root, rest = str(path[0]), path[1:]
    if root in FIXED:
        _check_fixed(root, rest, names)
    elif root in names.saved:
        later(path, names, quoted=False)
    else:
        raise BadTemplate(f"there is nothing called {root!r} here", did_you_mean(root, names.known) or _offer(names))


def _offer(names: Names) -> str:
    return f"there are {', '.join(names.known)}; what a step saves is known after it"


def _check_fixed(root: str, rest: Path, names: Names) -> None:
    if root == "params" and rest and str(rest[0]) not in names.scopes[names.scope]:
        params = names.scopes[names.scope]
        raise BadTemplate(f"there is no parameter {rest[0]!r}", did_you_mean(str(rest[0]), params) or _declare(params))
    if root == "host" and rest and rest[0] not in HOST_FIELDS:
        raise BadTemplate(f"a host has no {rest[0]!r}", did_you_mean(str(rest[0]), HOST_FIELDS) or f"vars.{rest[0]}?")
    if root in ("runbook", "phase", "step") and rest:
        found = names.fixed.get(root, {})
        if rest[0] not in found:
            raise BadTemplate(f"{root} has no {rest[0]!r} here", did_you_mean(str(rest[0]), found))


def _declare(params: Mapping[str, object]) -> str:
    return f"there are {', '.join(params)}" if params else "declare it under params"


def later(path: Path, names: Names, *, quoted: bool) -> Later:
    """The hole for a value that an earlier step saves. Raises BadTemplate when the path cannot be one."""
    root, rest = str(path[0]), path[1:]
    if not rest:
        raise BadTemplate(f"{root!r} is all that a step saves", f"say which part: {root}.stdout, {root}.json.…")
    first = rest[0]
    if first not in SAVED_FIELDS:
        hint = did_you_mean(str(first), SAVED_FIELDS)
        raise BadTemplate(f"a step saves {', '.join(SAVED_FIELDS)}, not {first!r}", hint)
    if first == "lines" and not (len(rest) == 2 and isinstance(rest[1], int)):
        raise BadTemplate(f"{root}.lines is a list", f"name one line: {root}.lines[0]")
    if first in ("stdout", "stderr", "exit_code") and len(rest) > 1:
        raise BadTemplate(f"{root}.{first} has no parts", "what is known only in the run can only be used as it is")
    return Later(names.saved[root].step, rest, quoted)


def lookup(value: object, path: Path, said: str) -> object:
    """The part of a plain value that a path leads to. Raises BadTemplate."""
    for key in path:
        value = _part(value, key, said)
    return value


def _part(value: object, key: str | int, said: str) -> object:
    if isinstance(value, Mapping) and key in value:
        return value[key]
    if isinstance(value, list | tuple) and isinstance(key, int) and key < len(value):
        return value[key]
    raise BadTemplate(f"{said} is not there: no {key!r}", _repair(value, key))


def _repair(value: object, key: str | int) -> str:
    return did_you_mean(str(key), map(str, value)) if isinstance(value, Mapping) else ""


def is_hole(value: object) -> bool:
    """Whether a value stays closed until the run."""
    return isinstance(value, Later | SecretRef)
