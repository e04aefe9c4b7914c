"""What pieces of work wait for: edges between packages host by host or as a whole, stages one after the other, phases."""

from collections.abc import Mapping, Sequence
from math import floor

from runbook_engine.model.durations import in_order
from runbook_engine.model.jobs import Job, Link, LinkKind
from runbook_engine.model.plan import Edge, Plan, PlannedPhase
from runbook_engine.model.runbook import Lag
from runbook_engine.model.words import EdgeKind, HostName, PackageId, PhaseId
from runbook_engine.scheduling.projects_known import Known
from runbook_engine.scheduling.projects_pieces import Piece
from runbook_engine.scheduling.projects_times import slots

_AFTER_START = {LinkKind.FINISH_START, LinkKind.START_START}  # the start of the job after waits
_AFTER_END = {LinkKind.FINISH_START, LinkKind.FINISH_FINISH}  # for the end of the job before


class Links:
    """The links of each piece, by its number; and gates, which stand between many that all wait for many others."""

    def __init__(self, plan: Plan, pieces: Sequence[Piece], slot_s: int) -> None:
        self._plan, self._pieces, self._slot_s = plan, pieces, slot_s
        self.links: list[dict[Link, None]] = [{} for _ in pieces]
        self.gates: list[Job] = []
        self.of_package: dict[PackageId, list[int]] = {}
        self._by_host: dict[PackageId, dict[str, list[int]]] = {}
        for number, piece in enumerate(pieces):
            self.of_package.setdefault(piece.package.id, []).append(number)
        for package in plan.packages.values():
            for edge in package.needs:
                self._by_edge(edge, self.of_package[package.id])
        ends: dict[PhaseId, list[int]] = {}
        for phase in in_order(plan):
            ends[phase.id] = self._by_phase(phase, list(dict.fromkeys(e for need in phase.needs for e in ends.get(need, ()))))

    def about(self, hosts: Sequence[HostName], packages: Sequence[PackageId]) -> tuple[int, ...]:
        """The pieces of some packages that are about any of the hosts; all of them where either side is done once."""
        if not hosts:
            return tuple(n for name, of in self.of_package.items() if name in packages for n in of)
        found = [self._at(name).get(host, ()) for name in packages for host in ("", *hosts)]
        return tuple(sorted({n for numbers in found for n in numbers}))

    def _at(self, package: PackageId) -> Mapping[str, Sequence[int]]:
        """The pieces of a package by host; an empty name stands for none."""
        if package not in self._by_host:
            at = self._by_host[package] = {}
            for number in self.of_package.get(package, ()):
                for host in self._pieces[number].hosts or ("",):
                    at.setdefault(host, []).append(number)
        return self._by_host[package]

    def _by_edge(self, edge: Edge, after: Sequence[int]) -> None:
        before = self.of_package[edge.before]
        lag = edge.lag or Lag()
        if edge.kind is EdgeKind.ALL_HOSTS:
            self._join(before, after, lag)
            return
        where: dict[HostName, int] = {host: number for number in before for host in self._pieces[number].hosts}
        for number in after:
            for other in dict.fromkeys(where[h] for h in self._pieces[number].hosts if h in where):
                self._link(other, number, lag)

    def _by_phase(self, phase: PlannedPhase, before: list[int]) -> list[int]:
        """Put the stages of a phase one after the other; gives what is settled last, which may be what came before it."""
        pause_s = 0.0
        for stage in phase.stages:
            inside = [number for name in stage.packages for number in self.of_package[name]]
            if inside:
                self._join(before, self._first(inside), Lag(lag_s=pause_s))
                before, pause_s = self._last(inside), 0.0
            pause_s = max(pause_s, stage.pause_s)
        return before

    def _first(self, inside: Sequence[int]) -> list[int]:
        """Those that could start before all others of them."""
        among = set(inside)
        return [n for n in inside if not any(link.before in among and _holds(link, _AFTER_START) for link in self.links[n])]

    def _last(self, inside: Sequence[int]) -> list[int]:
        """Those that could end after all others of them."""
        among = set(inside)
        passed = {link.before for n in inside for link in self.links[n] if link.before in among and _holds(link, _AFTER_END)}
        return [n for n in inside if n not in passed]

    def _join(self, before: Sequence[int], after: Sequence[int], lag: Lag) -> None:
        """All of `after` wait for all of `before`; through a gate where that is fewer links."""
        if len(before) * len(after) <= 2 * (len(before) + len(after)) or lag.at_most_s is not None:
            for number in after:
                for other in before:
                    self._link(other, number, lag)
            return
        gate = self._gate()
        into = LinkKind.FINISH_START if lag.kind in _AFTER_END else LinkKind.START_START
        out = LinkKind.FINISH_START if lag.kind in _AFTER_START else LinkKind.FINISH_FINISH
        for other in before:
            self.links[gate][Link(before=other, kind=into)] = None
        for number in after:
            self.links[number][Link(before=gate, kind=out, lag=slots(lag.lag_s, self._slot_s))] = None

    def _gate(self) -> int:
        number = len(self._pieces) + len(self.gates)
        self.gates.append(Job(id=f"gate {len(self.gates) + 1}", duration=0, title="all of these"))
        self.links.append({})
        return number

    def _link(self, before: int, after: int, lag: Lag) -> None:
        most = None if lag.at_most_s is None else floor(lag.at_most_s / self._slot_s + 1e-9)
        link = Link(before=before, kind=lag.kind, lag=slots(lag.lag_s, self._slot_s), most=most)
        self.links[after][link] = None


def links_of(plan: Plan, pieces: Sequence[Piece], slot_s: int, known: Known) -> Links:
    """The links of these pieces. They follow from what waits for what and which hosts go together, and from nothing else."""
    hosts = tuple((piece.package.id, piece.hosts) for piece in pieces)
    needs = tuple((package.id, package.needs) for package in plan.packages.values())
    phases = tuple((phase.id, phase.needs, phase.stages) for phase in plan.phases)
    return known.once(("links", hosts, needs, phases, slot_s), lambda: Links(plan, pieces, slot_s))


def _holds(link: Link, kinds: set[LinkKind]) -> bool:
    """Whether a link really keeps the one behind the other: a lead does not."""
    return link.kind in kinds and link.lag >= 0
