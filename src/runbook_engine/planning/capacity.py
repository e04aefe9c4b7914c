"""Capacity rules of the inventory → pools of hosts, and the stages of a plan in which more would be out than may be."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from runbook_engine.model.errors import NotValid
from runbook_engine.model.estate import Capacity, Estate, Host
from runbook_engine.model.places import Mistake
from runbook_engine.model.plan import Plan
from runbook_engine.model.text import SecretRef
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import HostName, PhaseId
from runbook_engine.model.world import Pool
from runbook_engine.planning.findings import BadTemplate, did_you_mean
from runbook_engine.planning.outages import out_together
from runbook_engine.planning.selecting import Selectors

_OWN: Mapping[str, Callable[[Host], str]] = {"rack": lambda host: host.rack, "site": lambda host: host.site}


@dataclass(frozen=True, slots=True, kw_only=True)
class TooMany:
    """A stage of a plan in which more hosts of a pool would be out of service together than may be."""

    phase: PhaseId
    stage: int  # its number
    pool: Pool
    hosts: tuple[HostName, ...]


def pools(estate: Estate) -> tuple[Pool, ...]:
    """The pools of an estate: one for each rule, or one for each value by which a rule splits its hosts. Raises NotValid."""
    made, mistakes = read_rules(estate)
    if mistakes:
        raise NotValid(mistakes)
    return tuple(pool for pool, _ in made)


def check_capacity(estate: Estate) -> list[Mistake]:
    """What is wrong with the rules: hosts that are not there, more that must stay in service than there are."""
    return read_rules(estate)[1]


def too_many(plan: Plan, pools: Iterable[Pool]) -> tuple[TooMany, ...]:
    """For each phase and pool that is broken, the stage in which most hosts would be out together."""
    every = tuple(pools)
    of_host: dict[HostName, list[int]] = {}
    for number, pool in enumerate(every):
        for host in pool.hosts:
            of_host.setdefault(host, []).append(number)
    worst: dict[tuple[PhaseId, int], TooMany] = {}
    for phase in plan.phases if of_host else ():
        for stage in phase.stages:
            for number, hosts in _out_by_pool(stage.hosts, out_together(plan, stage), of_host).items():
                known = worst.get((phase.id, number))
                if len(hosts) > max(every[number].out, len(known.hosts) if known else 0):
                    found = TooMany(phase=phase.id, stage=stage.number, pool=every[number], hosts=tuple(hosts))
                    worst[phase.id, number] = found
    return tuple(worst.values())


def _out_by_pool(
    written: Sequence[HostName], out: frozenset[HostName], of_host: Mapping[HostName, Sequence[int]]
) -> dict[int, list[HostName]]:
    """The hosts that are out together, by the number of each pool that they are in; in the order of the stage."""
    found: dict[int, list[HostName]] = {}
    ordered = (*(h for h in written if h in out), *sorted(out.difference(written)))
    for host in ordered:
        for number in of_host.get(host, ()):
            found.setdefault(number, []).append(host)
    return found


def read_rules(estate: Estate) -> tuple[list[tuple[Pool, Capacity]], list[Mistake]]:
    """The pools that can be made, each with the rule that it comes from; and what is wrong with the other rules."""
    made: list[tuple[Pool, Capacity]] = []
    mistakes: list[Mistake] = []
    selectors = Selectors(estate)
    for rule in estate.capacity.values():
        try:
            made += [(pool, rule) for pool in _pools_of(rule, estate, selectors)]
        except _BadRule as error:
            mistakes.append(estate.places.mistake((*rule.path, error.key), error.message, error.hint))
    return made, mistakes


class _BadRule(BadTemplate):
    """A rule cannot be kept to, because of one of its keys."""

    def __init__(self, key: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.key = key


def _pools_of(rule: Capacity, estate: Estate, selectors: Selectors) -> Iterator[Pool]:
    for value, hosts in _split(rule, [estate.hosts[name] for name in _hosts_of(rule, estate, selectors)]).items():
        out = rule.at_most_out if rule.at_least is None else len(hosts) - rule.at_least
        if out is None or out < 0:
            within = f" with {rule.each} {value!r}" if rule.each else ""
            there = "there is" if len(hosts) == 1 else "there are"
            message = f"at least {rule.at_least} of them must stay in service, but {there} only {len(hosts)}{within}"
            raise _BadRule("at_least", message, f"at_least: {len(hosts)} or fewer")
        name = f"{rule.name} ({rule.each} {value})" if rule.each else rule.name
        yield Pool(name=name, hosts=frozenset(hosts), out=out, why=rule.why)


def _hosts_of(rule: Capacity, estate: Estate, selectors: Selectors) -> tuple[HostName, ...]:
    if rule.service:
        found = tuple(name for name, host in estate.hosts.items() if rule.service in host.serves)
        if not found:
            raise _BadRule("service", f"no host serves {rule.service!r}", "say serves: of the hosts that do")
        return found
    try:
        return selectors.hosts(rule.hosts)
    except BadTemplate as error:
        raise _BadRule("hosts", error.message, error.hint) from None


def _split(rule: Capacity, hosts: Sequence[Host]) -> dict[str, list[HostName]]:
    """The hosts by the value that `each` means; all in one where it means none. Hosts without a value are left out."""
    if not rule.each:
        return {"": [host.name for host in hosts]}
    found: dict[str, list[HostName]] = {}
    for host in hosts:
        value = _value(rule.each, host)
        if value is not None:
            found.setdefault(value, []).append(host.name)
    if not found:
        known = {*_OWN, *(name for host in hosts for name in host.vars)} - {rule.each}
        raise _BadRule("each", f"none of its hosts has a {rule.each}", did_you_mean(rule.each, known))
    return found


def _value(key: str, host: Host) -> str | None:
    value = _OWN[key](host) or None if key in _OWN else host.vars.get(key)
    if isinstance(value, SecretRef | list | tuple | Mapping):
        what = "a secret" if isinstance(value, SecretRef) else "not a single value"
        raise _BadRule("each", f"the variable {key} of {host.name} is {what}", "write a text or a number")
    return None if value is None else str(value)
