"""The groups below each group, how deep each lies, and in which order groups speak for a host."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from functools import cached_property

from runbook_engine.loading.estate_cycles import cut_cycles, in_order
from runbook_engine.loading.estate_entries import GroupEntry
from runbook_engine.loading.estate_pages import Ledger
from runbook_engine.loading.nearest import did_you_mean
from runbook_engine.model.places import Path
from runbook_engine.model.values import dataclass

ALL = "all"
UNGROUPED = "ungrouped"
MAX_DEPTH = 50  # groups inside each other

Entries = Mapping[str, Sequence[GroupEntry]]


@dataclass(frozen=True)
class Tree:
    """Every group lies below `all`; there are no circles."""

    children: Mapping[str, Sequence[str]]
    ranks: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def parents(self) -> Mapping[str, Sequence[str]]:
        """The groups right above each group."""
        above: dict[str, list[str]] = {name: [] for name in self.children}
        for name, children in self.children.items():
            for child in children:
                above[child].append(name)
        return above

    @cached_property
    def depth(self) -> Mapping[str, int]:
        """How deep each group lies: 0 is `all`; of several ways the longest counts."""
        depths: dict[str, int] = {}
        for name in in_order(self.parents):
            depths[name] = max((depths[parent] + 1 for parent in self.parents[name]), default=0)
        return depths

    def speaking(self, names: Iterable[str]) -> tuple[str, ...]:
        """The groups with all that are above them, outer to inner: by depth, then rank, then name."""
        found: set[str] = {ALL}
        waiting = [*names]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self.parents[name])
        return tuple(sorted(found, key=lambda name: (self.depth[name], self.ranks.get(name, 1), name)))


def tree_of(groups: Entries, ledger: Ledger, *, complete: bool) -> Tree:
    """The tree that the entries describe; circles, unknown children and too much depth are noted.

    Unless `complete`, some file could not be read, and a group that seems unknown may stand there.
    """
    where = dict(_edges(groups, ledger, complete=complete))
    children: dict[str, list[str]] = {name: [] for name in groups}
    for name, child in where:
        children[name].append(child)
    below, cycles = cut_cycles(children)
    for cycle in cycles:
        ledger.note(where[cycle[-2], cycle[-1]], f"groups hold each other in a circle: {' → '.join(cycle)}", "take one out")
    tree = _under_all(below, groups)
    deep = next((name for name, depth in tree.depth.items() if depth > MAX_DEPTH and groups[name]), None)
    if deep is not None:
        ledger.note(
            groups[deep][0].path, f"groups lie more than {MAX_DEPTH} deep inside each other", "make it flatter", key=True
        )
    return tree


def _edges(groups: Entries, ledger: Ledger, *, complete: bool) -> Iterable[tuple[tuple[str, str], Path]]:
    for name, entries in groups.items():
        for mention in (mention for entry in entries for mention in entry.children):
            child = mention.names[0]
            if child == ALL:
                ledger.note(mention.path, "'all' holds every group and cannot stand inside one", "take it out")
            elif child in groups:
                yield (name, child), mention.path
            elif complete and child != UNGROUPED:  # which is there only when it holds somebody
                hint = did_you_mean(child, (other for other in groups if other != ALL), "the groups are")
                ledger.note(mention.path, f"there is no group '{child}'", hint)


def _under_all(below: Mapping[str, Sequence[str]], groups: Entries) -> Tree:
    held = {child for children in below.values() for child in children}
    tops = (name for name in below if name not in held and name != ALL)
    ranks = {name: next((e.rank for e in reversed(entries) if e.rank != 1), 1) for name, entries in groups.items()}
    return Tree({**below, ALL: tuple(dict.fromkeys((*below[ALL], *tops)))}, ranks)
