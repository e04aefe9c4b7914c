"""Whether racks have room, power, cooling and ports for what is to stand in them: the hosts of the inventory, altogether.

Racks are looked at in which the plan works. Where it installs hosts, too much is in its way; otherwise it is a risk, because
the hosts stand there already.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from runbook_engine.model.estate import Host, Rack
from runbook_engine.model.values import dataclass
from runbook_engine.model.verdict import Finding, Matter, WayOut
from runbook_engine.model.words import HostName, Kind
from runbook_engine.scheduling.feasibility_case import Case, counted, listed

_OTHER_RACK, _LEAVE_OUT, _MORE = 1.0, 2.0, 3.0  # what ways out cost


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limit:
    """One thing of which a rack has only so much. Watts are counted for each feed and as heat."""

    matter: Matter
    name: str  # as in "feed A of rack r12"
    key: tuple[str, ...]  # of the rack's entry
    unit: str
    most: float
    loads: Mapping[HostName, float]

    @property
    def load(self) -> float:
        return sum(self.loads.values())


def rooms(case: Case) -> Iterator[Finding]:
    """What is too much for the racks of the plan."""
    touched = _touched(case)
    by_rack = _by_rack(case.estate.hosts.values())
    for name, mine in touched.items():
        rack, hosts = case.estate.racks[name], by_rack[name]
        yield from _units(case, rack, hosts, mine)
        for limit in _limits(rack, hosts):
            if limit.load > limit.most:
                yield _too_much(case, rack, limit, mine, by_rack)


def _touched(case: Case) -> dict[str, list[HostName]]:
    """The racks in which the plan works, each with its hosts there."""
    found: dict[str, list[HostName]] = {}
    for name in case.plan.targets:
        host = case.estate.hosts.get(name)
        if host is not None and host.rack in case.estate.racks:
            found.setdefault(host.rack, []).append(name)
    return found


def _by_rack(hosts: Iterable[Host]) -> dict[str, list[Host]]:
    found: dict[str, list[Host]] = {}
    for host in hosts:
        found.setdefault(host.rack, []).append(host)
    return found


def _limits(rack: Rack, hosts: Sequence[Host]) -> Iterator[_Limit]:
    for feed, watts in rack.power_w.items():
        on_it = {h.name: h.watts or 0.0 for h in hosts if feed in (h.feeds or rack.power_w)}
        yield _Limit(matter=Matter.POWER, name=f"feed {feed}", key=("power", feed), unit="W", most=watts, loads=on_it)
    if rack.cooling_w is not None:
        heat = {h.name: h.watts or 0.0 for h in hosts}
        yield _Limit(matter=Matter.COOLING, name="cooling", key=("cooling",), unit="W", most=rack.cooling_w, loads=heat)
    if rack.ports is not None:
        wanted = {h.name: float(h.ports) for h in hosts}
        yield _Limit(matter=Matter.PORTS, name="switch ports", key=("ports",), unit="", most=float(rack.ports), loads=wanted)


def _too_much(case: Case, rack: Rack, limit: _Limit, mine: Sequence[HostName], by_rack: Mapping[str, list[Host]]) -> Finding:
    over, out = limit.load - limit.most, _least(limit.loads, mine, limit.load - limit.most)
    ways = [*_elsewhere(case, rack, out, by_rack), _left_out(out, mine), _raised(rack, limit)]
    return Finding(
        matter=limit.matter,
        place=case.where.entry("racks", rack.name, *limit.key),
        reason=_too_much_words(rack, limit, over),
        blocks=case.plan.kind is Kind.INSTALL,
        ways_out=tuple(way for way in ways if way is not None),
        about=(rack.name, *out),
    )


def _too_much_words(rack: Rack, limit: _Limit, over: float) -> str:
    users = sum(1 for load in limit.loads.values() if load)
    hosts = f"{counted(users, 'host')} of rack {rack.name}"
    match limit.matter:
        case Matter.POWER:
            both = " when the other fails" if len(rack.power_w) > 1 else ""
            what = f"{hosts} hang on {limit.name} and draw up to {_n(limit.load)} W{both}"
            return f"{what}; the feed gives {_n(limit.most)} W, {_n(over)} W too little."
        case Matter.COOLING:
            what = f"{hosts} give off up to {_n(limit.load)} W of heat"
            return f"{what}; the cooling takes out {_n(limit.most)} W, {_n(over)} W too little."
        case _:
            what = f"{hosts} need {counted(round(limit.load), 'switch port')}"
            return f"{what}; there are {_n(limit.most)}, {_n(over)} too few."


def _least(loads: Mapping[HostName, float], mine: Sequence[HostName], over: float) -> tuple[HostName, ...]:
    """The fewest hosts of the plan without which it is not too much; empty where those of the plan do not suffice."""
    out: list[HostName] = []
    for name in sorted((h for h in mine if loads.get(h)), key=lambda h: -loads[h]):
        if over <= 0:
            break
        over -= loads[name]
        out.append(name)
    return tuple(out) if over <= 0 else ()


def _elsewhere(case: Case, rack: Rack, out: Sequence[HostName], by_rack: Mapping[str, list[Host]]) -> Iterator[WayOut]:
    """Another rack of the site with room for those that are too many; it is looked up, so that is proved."""
    moving = [case.estate.hosts[name] for name in out]
    if not moving:
        return
    for other in case.estate.racks.values():
        if other.name != rack.name and other.site == rack.site and _has_room(other, [*by_rack.get(other.name, [])], moving):
            told = _with_units(other, by_rack.get(other.name, []), moving)
            yield WayOut(words=f"put {listed(told)} into rack {other.name}, which has room", cost=_OTHER_RACK, proved=True)
            return


def _has_room(rack: Rack, there: Sequence[Host], moving: Sequence[Host]) -> bool:
    together = [*there, *(_unplaced(host) for host in moving)]
    fits = all(limit.load <= limit.most for limit in _limits(rack, together))
    return fits and not _misfits(rack, together)


def _with_units(rack: Rack, there: Sequence[Host], moving: Sequence[Host]) -> list[str]:
    """'r12-u20 (unit 41)': hosts with the units in which they have room beside others."""
    owner = {unit: host for host in there for unit in _filled(host)}
    found: dict[HostName, str] = {}
    for host in sorted(moving, key=lambda h: -h.height):
        units = _gap(rack, owner, host.height)
        owner.update(dict.fromkeys(units, host))
        found[host.name] = f"{host.name} (unit {units[0]})" if units else host.name
    return [found[host.name] for host in moving]


def _unplaced(host: Host) -> Host:
    return replace(host, unit=None, feeds=())


def _left_out(out: Sequence[HostName], mine: Sequence[HostName]) -> WayOut | None:
    if not out or len(out) == len(mine):
        return None
    return WayOut(words=f"leave {listed(out)} out of this project", cost=_LEAVE_OUT + len(out) / 100, proved=True)


def _raised(rack: Rack, limit: _Limit) -> WayOut:
    need = _n(limit.load)
    words = {
        Matter.POWER: f"a stronger {limit.name}: {need} W",
        Matter.COOLING: f"more cooling for rack {rack.name}: {need} W",
        Matter.PORTS: f"another switch in rack {rack.name}: {need} ports in all",
    }
    return WayOut(words=words[limit.matter], cost=_MORE)


def _units(case: Case, rack: Rack, hosts: Sequence[Host], mine: Sequence[HostName]) -> Iterator[Finding]:
    """Hosts that stick out of the rack, stand in each other's units, or for which no gap is left."""
    misfits = _misfits(rack, hosts)
    if not misfits:
        return
    free = rack.units - len({u for host in hosts for u in _filled(host) if u <= rack.units})
    names = tuple(host.name for host, _ in misfits)
    need = sum(host.height for host in hosts)
    reason = "; ".join(words for _, words in misfits[:3])
    more = f"; and so for {len(misfits) - 3} more" if len(misfits) > 3 else ""
    yield Finding(
        matter=Matter.RACK,
        place=case.where.entry("racks", rack.name, "units"),
        reason=f"Rack {rack.name} has {rack.units} units and its hosts fill {need}: {reason}{more}.",
        blocks=case.plan.kind is Kind.INSTALL,
        ways_out=(*_unit_ways(case, rack, hosts, [n for n in names if n in mine]), _other_unit(free)),
        about=(rack.name, *names),
    )


def _unit_ways(case: Case, rack: Rack, hosts: Sequence[Host], mine: Sequence[HostName]) -> Iterator[WayOut]:
    misfits = [host for host in hosts if host.name in mine]
    standing = [host for host in hosts if host.name not in mine]
    if misfits and not _misfits(rack, [*standing, *(_unplaced(host) for host in misfits)]):
        told = listed(_with_units(rack, standing, misfits))
        yield WayOut(words=f"give {told} other units of the rack: there are gaps", cost=0.5, proved=True)
    yield from _elsewhere(case, rack, mine, _by_rack(case.estate.hosts.values()))
    if mine and not _misfits(rack, standing):
        yield WayOut(words=f"leave {listed(list(mine))} out of this project", cost=_LEAVE_OUT, proved=True)


def _other_unit(free: int) -> WayOut:
    left = f"{counted(free, 'unit')} left" if free else "no unit left"
    return WayOut(words=f"make room in the rack, which has {left}", cost=_MORE)


def _misfits(rack: Rack, hosts: Sequence[Host]) -> list[tuple[Host, str]]:
    """The hosts that do not fit into a rack, each with why. Those without a unit take the first gap from below."""
    found: list[tuple[Host, str]] = []
    owner: dict[int, Host] = {}
    for host in sorted(hosts, key=lambda h: (h.unit is None, -h.height if h.unit is None else 0)):
        units = _filled(host) if host.unit is not None else _gap(rack, owner, host.height)
        other = next((owner[u] for u in units if u in owner), None)
        if not units:
            found.append((host, f"no gap of {counted(host.height, 'unit')} is left for {host.name}"))
        elif units[-1] > rack.units:
            found.append((host, f"{host.name} would reach up to unit {units[-1]}"))
        elif other is not None:
            found.append((host, f"{host.name} and {other.name} are both in unit {next(u for u in units if u in owner)}"))
        else:
            owner.update(dict.fromkeys(units, host))
    return found


def _filled(host: Host) -> tuple[int, ...]:
    return () if host.unit is None else tuple(range(host.unit, host.unit + host.height))


def _gap(rack: Rack, owner: Mapping[int, Host], height: int) -> tuple[int, ...]:
    for bottom in range(1, rack.units - height + 2):
        units = tuple(range(bottom, bottom + height))
        if not any(u in owner for u in units):
            return units
    return ()


def _n(number: float) -> str:
    return f"{number:,.0f}"
