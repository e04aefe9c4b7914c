"""Log in to hosts and out again: whether each is reached, its key known, the user accepted. Nothing is changed."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from runbook_engine.cli.linking import link_settings
from runbook_engine.cli.settings import Settings
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.estate import Estate, Host
from runbook_engine.model.plan import Target

PARALLEL = 20  # hosts at once


def target_of(host: Host) -> Target:
    """How a host is reached."""
    return Target(name=host.name, address=host.address or host.name, site=host.site, rack=host.rack, ssh=host.ssh)


def probed(
    hosts: Sequence[Host], estate: Estate, place: Settings, parallel: int = PARALLEL
) -> Iterator[tuple[Host, TransportFault | None]]:
    """Each host with what is in the way; None where it answers. In the order of the hosts."""
    from runbook_engine.transports import Links

    links = Links(link_settings(place, place.state, {h.name: target_of(h) for h in estate.hosts.values()}, Path()))

    def one(host: Host) -> tuple[Host, TransportFault | None]:
        try:
            links(target_of(host)).boot_id()
        except TransportFault as fault:
            return host, fault
        return host, None

    try:
        with ThreadPoolExecutor(max(1, min(parallel, len(hosts)))) as pool:
            yield from pool.map(one, hosts)
    finally:
        links.close()
