"""The entries of all files joined: which hosts and groups there are, and which hosts each group holds."""

from collections.abc import Mapping, Sequence
from dataclasses import field

from runbook_engine.loading.estate_cycles import in_order
from runbook_engine.loading.estate_entries import MAX_MEMBERSHIPS, GroupEntry, HostEntry, Source
from runbook_engine.loading.estate_pages import Ledger
from runbook_engine.loading.estate_ranges import MAX_HOSTS
from runbook_engine.loading.estate_tree import ALL, UNGROUPED, Tree, tree_of
from runbook_engine.model.estate import Group
from runbook_engine.model.places import Path
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import HostName


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """All entries by name, and who belongs to what."""

    groups: Mapping[str, Sequence[GroupEntry]]
    hosts: Mapping[str, Sequence[HostEntry]]
    first: Mapping[str, Path]  # where each host is named first, in the order in which hosts were written
    member_of: Mapping[str, Sequence[str]]  # the groups that name the host themselves
    tree: Tree


def roster(sources: Sequence[Source], ledger: Ledger, *, complete: bool = True) -> Roster:
    """Join the entries of all files; what does not fit is noted. `complete`: every file could be read."""
    taken = _Taken()
    for source in sources:
        if not taken.take(source, ledger):
            break
    groups: dict[str, Sequence[GroupEntry]] = {ALL: []}
    groups.update({name: entries for name, entries in taken.groups.items() if any(entry.exists for entry in entries)})
    groups[ALL] = taken.groups.get(ALL, [])
    members = {name: tuple(dict.fromkeys(direct)) for name, direct in taken.members.items()}
    if any(source.ansible for source in sources):
        members = {name: _grouped(direct) for name, direct in members.items()}
        _fit_ungrouped(groups, taken, nobody=not any(UNGROUPED in direct for direct in members.values()))
    return Roster(
        groups=groups,
        hosts={name: entries for name, entries in taken.hosts.items() if name in taken.members},
        first=taken.first,
        member_of=members,
        tree=tree_of(groups, ledger, complete=complete),
    )


@dataclass(slots=True)
class _Taken:
    """What was taken from the files so far."""

    groups: dict[str, list[GroupEntry]] = field(default_factory=dict)
    hosts: dict[str, list[HostEntry]] = field(default_factory=dict)
    first: dict[str, Path] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)

    def take(self, source: Source, ledger: Ledger) -> bool:
        """Add what a file says; False when that is more than is allowed."""
        for entry in source.groups:
            self.groups.setdefault(entry.name, []).append(entry)
        for step in (self._hosts, self._members) if source.hosts_first else (self._members, self._hosts):
            step(source)
        return self._fits(source, ledger)

    def _hosts(self, source: Source) -> None:
        for entry in source.hosts:
            for name in entry.names:
                self.hosts.setdefault(name, []).append(entry)
                if entry.exists:
                    self.first.setdefault(name, entry.path)
                    self.members.setdefault(name, [])

    def _members(self, source: Source) -> None:
        for entry in source.groups:
            for mention in entry.hosts:
                for name in mention.names:
                    self.first.setdefault(name, mention.path)
                    self.members.setdefault(name, []).append(entry.name)

    def _fits(self, source: Source, ledger: Ledger) -> bool:
        if len(self.first) > MAX_HOSTS:
            ledger.note((source.page.file,), f"{len(self.first):,} hosts with this file; at most {MAX_HOSTS:,} are allowed")
        elif sum(map(len, self.members.values())) > MAX_MEMBERSHIPS:
            ledger.note((source.page.file,), f"hosts stand in groups more than {MAX_MEMBERSHIPS:,} times")
        else:
            return True
        return False


def _grouped(direct: tuple[str, ...]) -> tuple[str, ...]:
    """As with Ansible: `ungrouped` holds the hosts that are in no other group."""
    return tuple(name for name in direct if name not in {UNGROUPED, ALL}) or (UNGROUPED,)


def _fit_ungrouped(groups: dict[str, Sequence[GroupEntry]], taken: _Taken, *, nobody: bool) -> None:
    if nobody:
        groups.pop(UNGROUPED, None)
    else:
        groups[UNGROUPED] = taken.groups.get(UNGROUPED, [])


def groups_of(found: Roster, ledger: Ledger) -> dict[str, Group]:
    """Every group with all its hosts, in the order in which hosts were written."""
    order = {HostName(host): index for index, host in enumerate(found.first)}
    held: dict[str, dict[HostName, None]] = {name: {} for name in found.groups}
    for host in order:
        for name in found.member_of[host]:
            held[name][host] = None
    held[ALL] = dict.fromkeys(order)
    children = found.tree.children
    if not _gather(held, children):
        path = next(entries[0].path for entries in found.groups.values() if entries)
        ledger.note(path, f"groups hold hosts more than {MAX_MEMBERSHIPS:,} times", "use fewer groups inside each other")
    return {
        name: Group(name=name, hosts=tuple(_sorted(hosts, order) if children[name] else hosts), children=tuple(children[name]))
        for name, hosts in held.items()
    }


def _gather(held: dict[str, dict[HostName, None]], children: Mapping[str, Sequence[str]]) -> bool:
    """Give each group the hosts of its children; False, and stop, when they become too many."""
    count = sum(map(len, held.values()))
    for name in in_order(children):
        if name != ALL:
            before = len(held[name])
            for child in children[name]:
                held[name].update(held[child])
            count += len(held[name]) - before
        if count > MAX_MEMBERSHIPS:
            return False
    return True


def _sorted(hosts: Mapping[HostName, None], order: Mapping[HostName, int]) -> list[HostName]:
    return sorted(hosts, key=order.__getitem__)
