"""Mistakes in what is mounted where: units that two hosts share, units and feeds that a rack does not have."""

from collections.abc import Iterable, Mapping

from runbook_engine.loading.estate_pages import Ledger
from runbook_engine.loading.nearest import did_you_mean
from runbook_engine.model.estate import Host, Rack


def check_mounting(hosts: Iterable[Host], racks: Mapping[str, Rack], ledger: Ledger) -> None:
    """Note units that two hosts share or that a rack does not have, and hosts that are not where their rack is."""
    mounted: dict[tuple[str, int], Host] = {}
    for host in hosts:
        rack = racks.get(host.rack)
        if rack and rack.site and host.site != rack.site:
            ledger.note(host.path, f"{host.name} is at {host.site}, but its rack {rack.name} is at {rack.site}")
        if rack and host.feeds:
            _check_feeds(host, rack, ledger)
        if host.unit is not None:
            _check_units(host, host.unit, rack, mounted, ledger)


def _check_units(host: Host, unit: int, rack: Rack | None, mounted: dict[tuple[str, int], Host], ledger: Ledger) -> None:
    if rack is None and not host.rack:
        ledger.note(host.path, f"{host.name} has a unit but no rack", "write rack: NAME")
        return
    top = unit + host.height - 1
    if rack and top > rack.units:
        where = f"in unit {unit}" if top == unit else f"in units {unit} to {top}"
        ledger.note(host.path, f"{host.name} is {where}, but rack {rack.name} has {rack.units} units")
    others: dict[str, int] = {}  # and the first unit that is shared with each
    for number in range(unit, top + 1):
        other = mounted.setdefault((host.rack, number), host)
        if other is not host:
            others.setdefault(other.name, number)
    for name, number in others.items():
        ledger.note(host.path, f"{host.name} and {name} are both in unit {number} of rack {host.rack}")


def _check_feeds(host: Host, rack: Rack, ledger: Ledger) -> None:
    for feed in host.feeds:
        if feed not in rack.power_w:
            hint = did_you_mean(feed, rack.power_w, "its feeds are") or f"write power: {{{feed}: 5000 W}} for the rack"
            ledger.note(host.path, f"{host.name} hangs on feed {feed}, which rack {rack.name} does not have", hint)
