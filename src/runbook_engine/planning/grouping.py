"""What `rolling` demands of the hosts of a phase: their order, and for each host the values that its batch depends on."""

import re
from collections.abc import Callable, Iterable, Mapping

from runbook_engine.model.estate import Estate, Host
from runbook_engine.model.places import Path
from runbook_engine.model.runbook import Phase, Rolling
from runbook_engine.model.text import SecretRef
from runbook_engine.model.words import HostName, HostOrder
from runbook_engine.planning.batches import Demands, Hosts, batches_of
from runbook_engine.planning.findings import BadTemplate, Findings, did_you_mean

_OWN: Mapping[str, Callable[[Host], str]] = {"rack": lambda host: host.rack, "site": lambda host: host.site}
_NAMED = 3  # hosts in a message
_NUMBER = re.compile(r"([0-9]+)")


def grouped(
    phase: Phase, rolling: Rolling, hosts: Hosts, estate: Estate, canaries: Hosts, found: Findings
) -> tuple[Hosts, ...]:
    """The hosts of a phase in its batches. What cannot be met goes to `found`, and is then not kept to."""
    path = (*phase.path, "rolling")
    chosen = frozenset(hosts).intersection(canaries)
    if canaries and not chosen:
        found.add(
            (*path, "canary"),
            f"none of the canaries ({_named(canaries)}) is among the hosts of the phase",
            f"choose from {_named(hosts)}",
        )
    demands = Demands(
        batches=rolling.batches,
        canaries=chosen,
        domain=_values(rolling.spread_over, hosts, estate, (*path, "spread_over"), found),
        apart=_values(rolling.never_together, hosts, estate, (*path, "never_together"), found),
    )
    return batches_of(in_turn(hosts, rolling.order, estate), demands)


def in_turn(hosts: Hosts, order: HostOrder, estate: Estate) -> Hosts:
    """The hosts in the order in which they come to their batches; they are given as the inventory has them."""
    match order:
        case HostOrder.AS_WRITTEN:
            return hosts
        case HostOrder.REVERSE:
            return hosts[::-1]
        case HostOrder.BY_NAME:
            return tuple(sorted(hosts, key=_by_number))
        case HostOrder.BY_RACK:
            return tuple(sorted(hosts, key=lambda name: _rack(estate.hosts[name])))


def _rack(host: Host) -> tuple[bool, list[str | int], list[str | int]]:
    """Hosts without a rack come last."""
    return not host.rack, _by_number(host.site), _by_number(host.rack)


def _by_number(name: str) -> list[str | int]:
    """web-2 stands before web-10."""
    return [int(part) if number % 2 else part for number, part in enumerate(_NUMBER.split(name))]


def _values(key: str, hosts: Hosts, estate: Estate, path: Path, found: Findings) -> dict[HostName, str]:
    """The value of each host; hosts whose variable is null have none. A host that does not say is a mistake."""
    try:
        return _of_each(key, [estate.hosts[name] for name in hosts]) if key else {}
    except BadTemplate as error:
        found.bad(path, error)
        return {}


def _of_each(key: str, hosts: list[Host]) -> dict[HostName, str]:
    own, values = _OWN.get(key), dict[HostName, str]()
    silent = [host for host in hosts if not own(host)] if own else [host for host in hosts if key not in host.vars]
    if silent:
        raise BadTemplate(f"{_named(h.name for h in silent)} {_have(silent)} no {key}", _repair(key, hosts))
    for host in hosts:
        value = own(host) if own else host.vars[key]
        if isinstance(value, SecretRef | list | tuple | Mapping):
            what = "a secret" if isinstance(value, SecretRef) else "not a single value"
            raise BadTemplate(f"the variable {key} of {host.name} is {what}", "write a text or a number")
        if value is not None:
            values[host.name] = str(value)
    return values


def _have(hosts: list[Host]) -> str:
    return "has" if len(hosts) == 1 else "have"


def _repair(key: str, hosts: list[Host]) -> str:
    if key in _OWN:
        return f"give each host of the phase its {key} in the inventory"
    known = {*_OWN, *(name for host in hosts for name in host.vars)}
    near = did_you_mean(key, known - {key}) if not any(key in host.vars for host in hosts) else ""
    return near or f"give each host of the phase the variable {key}; null says that it goes with any other"


def _named(hosts: Iterable[HostName]) -> str:
    names = list(hosts)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
