"""inventory list|graph|show|hours|check|trust: hosts and working hours, as the engine sees them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import click

from runbook_engine.cli import options
from runbook_engine.cli.probing import probed, target_of
from runbook_engine.cli.projects import load_hosts
from runbook_engine.cli.settings import settings
from runbook_engine.cli.shifts import hours_command
from runbook_engine.model.errors import Exit, Refused, TransportFault, Usage
from runbook_engine.model.estate import Estate, Host
from runbook_engine.model.text import SecretRef
from runbook_engine.model.words import HostName


@click.group("inventory")
def inventory_command() -> None:
    """List, show, check hosts; trust their SSH keys; show when people work.

    \b
    runbook inventory list "rack12 & site=ams1"
    runbook inventory trust r12-u01
    """


inventory_command.add_command(hours_command)
selector = click.argument("selector", default="all")


def _selected(selector: str, folder: str | None) -> tuple[Estate, tuple[Host, ...]]:
    from runbook_engine.planning import select

    estate = load_hosts(settings(inventory=folder))
    return estate, tuple(estate.hosts[name] for name in select(estate, selector))


@inventory_command.command("list")
@selector
@options.inventory
@options.as_json
def list_command(selector: str, inventory: str | None, as_json: bool) -> None:
    """The hosts that a selector means: a group, a host, a glob, a & b, a - b, site=ams1, tag:canary.

    \b
    runbook inventory list
    runbook inventory list "rack12 - r12-u01"
    """
    _, hosts = _selected(selector, inventory)
    if as_json:
        options.show_json({"format": 1, "kind": "hosts", "selector": selector, "hosts": [_host_data(h) for h in hosts]})
        return
    width = max(len(h.name) for h in hosts)
    for host in hosts:
        where = " ".join(filter(None, (host.site, host.rack, f"unit {host.unit}" if host.unit else "")))
        options.show(f"{host.name:<{width}}  {host.address or host.name:<15}  {where}".rstrip())
    options.say(f"{len(hosts)} host{'s' if len(hosts) != 1 else ''}")


@inventory_command.command("show")
@click.argument("host")
@options.inventory
@options.as_json
def show_command(host: str, inventory: str | None, as_json: bool) -> None:
    """Everything that is known of one host: where it is, how it is reached, its groups and variables.

    \b
    runbook inventory show r12-u01
    """
    _, hosts = _selected(host, inventory)
    if len(hosts) != 1:
        raise Usage(f"{host} means {len(hosts)} hosts", next_command=f'runbook inventory list "{host}"')
    data = _host_data(hosts[0])
    if as_json:
        options.show_json({"format": 1, "kind": "host", **data})
        return
    for key, value in data.items():
        if isinstance(value, dict) and value:
            options.show(f"{key}:")
            for name, part in value.items():
                options.show(f"  {name}: {part}")
        elif value not in ("", None, [], (), {}):
            options.show(f"{key}: {', '.join(map(str, value)) if isinstance(value, list) else value}")


def _host_data(host: Host) -> dict[str, object]:
    ssh = {k: v for k in ("user", "port", "key", "jump", "known_hosts") if (v := getattr(host.ssh, k))}
    return {
        "name": host.name,
        "address": host.address or host.name,
        "site": host.site,
        "rack": host.rack,
        "unit": host.unit,
        "height": host.height if host.unit else None,
        "power_w": host.watts,
        "feeds": list(host.feeds),
        "ports": host.ports or None,
        "owner": host.owner,
        "serves": list(host.serves),
        "tags": sorted(host.tags),
        "groups": list(host.groups),
        "ssh": ssh,
        "bmc": {k: _shown(v) for k in ("address", "user", "password", "verify", "system") if (v := getattr(host.bmc, k))},
        "vars": {name: _shown(value) for name, value in host.vars.items()},
    }


def _shown(value: object) -> object:
    """A variable's value; of a secret only its name (L5)."""
    if isinstance(value, SecretRef):
        return f"(secret {value.name})"
    if isinstance(value, dict):
        return {k: _shown(v) for k, v in value.items()}
    return [_shown(v) for v in value] if isinstance(value, list | tuple) else value


@inventory_command.command("graph")
@options.inventory
def graph_command(inventory: str | None) -> None:
    """The groups, the groups in them, and their hosts.

    \b
    runbook inventory graph
    """
    from runbook_engine.reporting.folding import fold_hosts

    estate = load_hosts(settings(inventory=inventory))
    inner = {child for group in estate.groups.values() for child in group.children}
    for name in estate.groups:
        if name not in inner:
            for line in _branch(estate, name, fold_hosts, 0):
                options.show(line)


def _branch(estate: Estate, name: str, fold: Callable[[list[HostName]], str], depth: int) -> Iterator[str]:
    group = estate.groups[name]
    own = [h for h in group.hosts if not any(h in estate.groups[c].hosts for c in group.children)]
    shown = f": {fold(own)}" if own else ""
    yield f"{'  ' * depth}{name} ({len(group.hosts)}){shown}"
    for child in group.children:
        yield from _branch(estate, child, fold, depth + 1)


@inventory_command.command("check")
@selector
@options.inventory
@click.option("--parallel", type=click.IntRange(1, 200), default=20, help="How many hosts at once.")
def check_command(selector: str, inventory: str | None, parallel: int) -> int:
    """Log in to hosts and out again: each reached, its key known, the user accepted.

    \b
    runbook inventory check rack12

    \b
    Next, for a key that is not known: runbook inventory trust HOST
    """
    place = settings(inventory=inventory)
    estate, hosts = _selected(selector, inventory)
    bad = 0
    for host, fault in probed(hosts, estate, place, parallel):
        options.show(f"{host.name}: {'ok' if fault is None else f'{fault.cause}: {fault.message}'}")
        if fault is not None:
            bad += 1
            if fault.next_command:
                options.show(f"    next: {fault.next_command}")
    options.say(f"{len(hosts) - bad} of {len(hosts)} reached")
    return Exit.FAILED if bad else Exit.DONE


@inventory_command.command("trust")
@selector
@options.inventory
@options.yes
@options.no_input
def trust_command(selector: str, inventory: str | None, yes: bool, no_input: bool) -> int:
    """Record the SSH keys of hosts, after showing their fingerprints. Compare them with what the machine itself says.

    \b
    runbook inventory trust r12-u01
    runbook inventory trust rack12 --yes
    """
    from runbook_engine.cli.linking import link_settings
    from runbook_engine.transports import record_host_key, scan_host_key

    place = settings(inventory=inventory)
    estate, hosts = _selected(selector, inventory)
    how = link_settings(place, place.state, {h.name: target_of(h) for h in estate.hosts.values()}, Path())
    trusted = 0
    for host in hosts:
        try:
            kind, fingerprint, line = scan_host_key(target_of(host), how)
        except TransportFault as fault:
            options.say(f"{host.name}: {fault.cause}: {fault.message}")
            continue
        options.say(f"{host.name}: {kind} {fingerprint}")
        if not yes and (no_input or not options.on_terminal()):
            raise Refused(
                "Nothing was recorded: nobody is here to compare fingerprints",
                next_command=f"runbook inventory trust {selector} --yes",
            )
        if yes or click.confirm("Is this the key that the machine itself shows?", default=False, err=True):
            record_host_key(_known_hosts(host, place.known_hosts), line)
            trusted += 1
    options.say(f"{trusted} of {len(hosts)} recorded")
    return Exit.DONE if trusted == len(hosts) else Exit.FAILED


def _known_hosts(host: Host, configured: Path | None) -> Path:
    if host.ssh.known_hosts:
        return Path(host.ssh.known_hosts).expanduser()
    return configured or Path("~/.ssh/known_hosts").expanduser()
