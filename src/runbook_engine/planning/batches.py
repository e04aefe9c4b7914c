"""Which hosts go together: how large batches are, the share of each rack, hosts that must be apart. Pure."""

import math
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import field
from heapq import heapify, heappop, heappush

from runbook_engine.model.runbook import Rolling
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import FailureScope, HostName

Hosts = tuple[HostName, ...]
_Wanted = Callable[[HostName], bool]
_Open = tuple[int, int, str, HostName, Iterator[HostName]]  # how far over its share, place, domain, next host, those after it


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """What the batches of a phase keep to. A host that is in none of the mappings is free of them."""

    batches: tuple[int | str, ...]
    canaries: frozenset[HostName] = frozenset()
    domain: Mapping[HostName, str] = field(default_factory=dict)  # each batch takes its share from each
    apart: Mapping[HostName, str] = field(default_factory=dict)  # hosts with the same value are never in one batch


def batches_of(hosts: Hosts, demands: Demands) -> tuple[Hosts, ...]:
    """The hosts in batches, the canaries first. The last entry of `batches` repeats until every host is in one."""
    sizes = [batch_size(entry, len(hosts)) for entry in demands.batches or ("rest",)]
    canaries = tuple(h for h in hosts if h in demands.canaries)
    others = tuple(h for h in hosts if h not in demands.canaries) if canaries else hosts
    first = _fill(canaries, [len(canaries)], demands) if canaries else ()
    return (*first, *_fill(others, sizes, demands))


def _fill(hosts: Hosts, sizes: Sequence[int], demands: Demands) -> tuple[Hosts, ...]:
    if not demands.domain and not demands.apart:
        return _cut(hosts, sizes)
    filling, made = _Filling(hosts, demands), list[Hosts]()
    while filling.total:
        made.append(filling.batch(sizes[min(len(made), len(sizes) - 1) :]))
    return tuple(made)


def _cut(hosts: Hosts, sizes: Sequence[int]) -> tuple[Hosts, ...]:
    made: list[Hosts] = []
    at = 0
    while at < len(hosts):
        size = sizes[min(len(made), len(sizes) - 1)]
        made.append(hosts[at : at + size])
        at += size
    return tuple(made)


class _Filling:
    """Takes hosts for one batch after the other.

    Each place goes to the domain that is furthest below its share (its part of the hosts that are left), there to the
    host that comes first. So no domain gets more than its share, rounded up. Of hosts that must be apart, those whose
    value fills all the batches that are left come first, or there would be more batches than needed.
    """

    def __init__(self, hosts: Hosts, demands: Demands) -> None:
        self.total = len(hosts)
        self._place = {host: number for number, host in enumerate(hosts)}
        self._apart = demands.apart
        self._left = Counter(demands.apart[h] for h in hosts if h in demands.apart)
        self._waiting: dict[str, OrderedDict[HostName, None]] = {}
        for host in hosts:
            domain = demands.domain.get(host, f"\0{host}") if demands.domain else ""
            self._waiting.setdefault(domain, OrderedDict())[host] = None

    def batch(self, sizes: Sequence[int]) -> Hosts:
        """The next batch, of the first of `sizes` or smaller; the further sizes are those of later batches."""
        size = min(sizes[0], self.total)
        over = {domain: -len(hosts) * size for domain, hosts in self._waiting.items()}  # times `total`: whole numbers
        taken: list[HostName] = []
        used: set[str] = set()
        urgent = self._urgent(size, sizes)
        if urgent:
            self._take(size, over, taken, used, lambda host: self._apart.get(host) in urgent)
        self._take(size, over, taken, used, lambda _: True)
        self.total -= len(taken)
        self._left.subtract(self._apart[h] for h in taken if h in self._apart)
        return tuple(sorted(taken, key=self._place.__getitem__))

    def _urgent(self, size: int, sizes: Sequence[int]) -> frozenset[str]:
        """The values of which each batch that is left needs one."""
        if not self._left:
            return frozenset()
        batches = _needed(self.total, sizes)
        return frozenset(value for value, left in self._left.most_common(size) if left >= batches)

    def _take(self, size: int, over: dict[str, int], taken: list[HostName], used: set[str], wanted: _Wanted) -> None:
        """Take wanted hosts until the batch is full or none is left that may join it."""
        heap = [place for domain in self._waiting if (place := self._place_of(domain, over, used, wanted))]
        heapify(heap)
        fresh: list[tuple[str, HostName]] = []
        while heap and len(taken) < size:
            _, _, domain, host, more = heappop(heap)
            if self._apart.get(host) not in used:
                over[domain] += self.total
                taken.append(host)
                fresh.append((domain, host))
                if host in self._apart:
                    used.add(self._apart[host])
            following = next(more, None)
            if following is not None:
                heappush(heap, (over[domain], self._place[following], domain, following, more))
        for domain, host in fresh:
            del self._waiting[domain][host]
            if not self._waiting[domain]:
                del self._waiting[domain]

    def _place_of(self, domain: str, over: Mapping[str, int], used: Set[str], wanted: _Wanted) -> _Open | None:
        more = (h for h in self._waiting[domain] if wanted(h) and self._apart.get(h) not in used)
        first = next(more, None)
        return None if first is None else (over[domain], self._place[first], domain, first, more)


def _needed(hosts: int, sizes: Sequence[int]) -> int:
    """How many batches of these sizes the hosts need; the last size repeats."""
    for number, size in enumerate(sizes[:-1]):
        if hosts <= 0:
            return number
        hosts -= size
    return len(sizes) - 1 + math.ceil(max(hosts, 0) / sizes[-1])


def batch_size(entry: int | str, total: int) -> int:
    """How many hosts one entry of `batches` means; at least one."""
    if isinstance(entry, str):
        return total if entry == "rest" else max(1, math.ceil(total * percent(entry) / 100))
    return max(1, entry)


def percent(entry: str) -> float:
    """The number of '25%'."""
    return float(entry.rstrip().removesuffix("%"))


def allowed(limit: int | str, total: int) -> int:
    """How many of `total` hosts may fail: a number, or a percent of them rounded down."""
    return math.floor(total * percent(limit) / 100) if isinstance(limit, str) else limit


def most_failures(rolling: Rolling | None, phase: int, project: int, batches: Sequence[int]) -> int | None:
    """How many hosts may fail before a phase stops; None when failures stop nothing.

    The numbers are those of the hosts of the phase, of the whole project and of each batch. Where failures are counted by
    batch, it is the number of the most generous batch.
    """
    if rolling is None:
        return None
    match rolling.failures_over:
        case FailureScope.PHASE:
            return allowed(rolling.max_failures, phase)
        case FailureScope.PROJECT:
            return allowed(rolling.max_failures, project)
        case FailureScope.BATCH:
            return max((allowed(rolling.max_failures, size) for size in batches), default=0)
