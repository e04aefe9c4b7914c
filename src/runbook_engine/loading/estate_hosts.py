"""Entries → hosts: what groups and the host itself say, laid over each other. Equal values are shared, not copied."""

from collections.abc import Mapping
from dataclasses import field

from runbook_engine.loading.estate_entries import Layer, Values, merged
from runbook_engine.loading.estate_groups import Roster
from runbook_engine.model.estate import BmcSettings, Host, Rack, SshSettings
from runbook_engine.model.places import Path
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import HostName

NO_BMC = BmcSettings()


def hosts_of(found: Roster, racks: Mapping[str, Rack]) -> dict[HostName, Host]:
    """Every host, in the order in which they were written.

    What counts more comes later: `all`, outer groups, inner groups, the host; and what stands in group_vars counts
    more than what inventory files say about groups, what stands in host_vars more than what they say about the host.
    """
    join = _Join(found, racks)
    return {HostName(name): join.host(name) for name in found.first}


@dataclass(frozen=True, slots=True)
class _Ground:
    """What the groups of a host say together; the same object for all hosts of the same groups."""

    groups: tuple[str, ...]
    layer: Layer


@dataclass(slots=True)
class _Join:
    found: Roster
    racks: Mapping[str, Rack]
    _grounds: dict[tuple[str, ...], _Ground] = field(default_factory=dict)
    _vars: dict[str, Values] = field(default_factory=dict)  # by their text
    _ssh: dict[str, SshSettings] = field(default_factory=dict)

    def host(self, name: str) -> Host:
        ground = self._ground(tuple(self.found.member_of.get(name, ())))
        layer = self._with_own(ground.layer, name)
        rack = self.racks.get(layer.rack)
        return Host(
            name=HostName(name),
            address=layer.address or name,
            site=layer.site or (rack.site if rack else ""),
            rack=layer.rack,
            unit=layer.unit,
            height=layer.height or 1,
            watts=layer.watts,
            feeds=layer.feeds,
            ports=layer.ports or 0,
            owner=layer.owner,
            serves=layer.serves,
            tags=frozenset(layer.tags),
            groups=ground.groups,
            vars=self._shared(layer.vars),
            ssh=self._settings(layer.ssh),
            bmc=BmcSettings(**layer.bmc) if layer.bmc else NO_BMC,  # type: ignore[arg-type]
            path=self._path(name),
        )

    def _path(self, name: str) -> Path:
        own = [entry.path for entry in self.found.hosts.get(name, ()) if entry.exists]
        return own[-1] if own else self.found.first[name]

    def _ground(self, direct: tuple[str, ...]) -> _Ground:
        ground = self._grounds.get(direct)
        if ground is None:
            groups = self.found.tree.speaking(direct)
            entries = [entry for name in groups for entry in self.found.groups[name]]
            layers = [entry.layer for exists in (True, False) for entry in entries if entry.exists is exists]
            ground = self._grounds[direct] = _Ground(groups, merged(layers))
        return ground

    def _with_own(self, ground: Layer, name: str) -> Layer:
        entries = self.found.hosts.get(name)
        if not entries:
            return ground
        own = (entry.layer for exists in (True, False) for entry in entries if entry.exists is exists)
        return merged((ground, *own))

    def _shared(self, values: Values) -> Values:
        return self._vars.setdefault(repr(values), values) if values else {}

    def _settings(self, ssh: Values) -> SshSettings:
        key = repr(ssh)
        if key not in self._ssh:
            self._ssh[key] = SshSettings(**ssh)  # type: ignore[arg-type]
        return self._ssh[key]
