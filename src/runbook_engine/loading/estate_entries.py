"""What the files of an inventory say, before it is joined: entries about groups and hosts, the same for every format."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import TypeVar

from runbook_engine.loading.estate_pages import Page
from runbook_engine.model.places import Mistake, Path
from runbook_engine.model.values import dataclass

Values = Mapping[str, object]
N = TypeVar("N", int, float)

MAX_MEMBERSHIPS = 2_000_000  # host names in all groups together, those of their children included


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What one place says about hosts. Of two layers the later one wins, value by value."""

    address: str = ""
    site: str = ""
    rack: str = ""
    unit: int | None = None
    height: int | None = None
    watts: float | None = None
    feeds: tuple[str, ...] = ()  # those said last count
    ports: int | None = None
    owner: str = ""
    serves: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    ssh: Values = field(default_factory=dict)  # fields of SshSettings
    bmc: Values = field(default_factory=dict)  # fields of BmcSettings
    vars: Values = field(default_factory=dict)


NOTHING = Layer()


def merged(layers: Iterable[Layer]) -> Layer:
    """One layer out of many: a later value replaces an earlier one whole; `serves` and `tags` add up."""
    told = [layer for layer in layers if layer is not NOTHING]
    if len(told) < 2:
        return told[0] if told else NOTHING
    return Layer(
        address=_last(layer.address for layer in told),
        site=_last(layer.site for layer in told),
        rack=_last(layer.rack for layer in told),
        unit=_stated(layer.unit for layer in told),
        height=_stated(layer.height for layer in told),
        watts=_stated(layer.watts for layer in told),
        feeds=next((layer.feeds for layer in reversed(told) if layer.feeds), ()),
        ports=_stated(layer.ports for layer in told),
        owner=_last(layer.owner for layer in told),
        serves=_together(layer.serves for layer in told),
        tags=_together(layer.tags for layer in told),
        ssh=_updated(layer.ssh for layer in told),
        bmc=_updated(layer.bmc for layer in told),
        vars=_updated(layer.vars for layer in told),
    )


def _last(texts: Iterable[str]) -> str:
    return next((text for text in reversed(tuple(texts)) if text), "")


def _stated(numbers: Iterable[N | None]) -> N | None:
    return next((number for number in reversed(tuple(numbers)) if number is not None), None)


def _together(parts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for part in parts for name in part))


def _updated(parts: Iterable[Values]) -> Values:
    told = [part for part in parts if part]
    if len(told) < 2:
        return told[0] if told else {}
    together: dict[str, object] = {}
    for part in told:
        together.update(part)
    return together


@dataclass(frozen=True, slots=True)
class Mention:
    """Names that stand at one place: a host or a range in a group, or a child of a group."""

    names: tuple[str, ...]
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupEntry:
    """What one place says about a group. `rank` orders groups of the same depth (Ansible's ansible_group_priority)."""

    name: str
    path: Path
    hosts: tuple[Mention, ...] = ()
    children: tuple[Mention, ...] = ()
    layer: Layer = NOTHING
    rank: int = 1
    exists: bool = True  # False: it only adds to a group that stands elsewhere (group_vars)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostEntry:
    """What one place says about a host, or about each host of a range."""

    names: tuple[str, ...]
    path: Path
    layer: Layer = NOTHING
    exists: bool = True  # False: it only adds to a host that stands elsewhere (host_vars)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What one file says about hosts and groups, and what is wrong in it."""

    page: Page
    groups: tuple[GroupEntry, ...] = ()
    hosts: tuple[HostEntry, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    hosts_first: bool = False  # the hosts stand before the groups
    ansible: bool = False  # an inventory of Ansible
    exists: bool = True  # False: group_vars or host_vars, which only add
