"""What a package reads of earlier steps: from which packages, and whether these surely come before it."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from runbook_engine.model.plan import Package
from runbook_engine.model.words import EdgeKind, HostName, PackageId, PhaseId, StepId
from runbook_engine.planning.edges import Kinds
from runbook_engine.planning.findings import BadTemplate
from runbook_engine.planning.names import Saver

ALL = None  # as a set of hosts: every one


class Reading:
    """Resolves reads over all packages of a plan."""

    def __init__(
        self,
        packages: Mapping[PackageId, Package],
        kinds: Mapping[PackageId, Kinds],
        stages: Mapping[PackageId, int],
        before: Callable[[PhaseId], frozenset[PhaseId]],
    ) -> None:
        self._packages, self._kinds, self._stages, self._before = packages, kinds, stages, before
        self._of_step: dict[StepId, list[Package]] = {}
        for package in packages.values():
            self._of_step.setdefault(package.step, []).append(package)

    def sources(self, reader: Package, saver: Saver) -> tuple[PackageId, ...]:
        """The packages whose saved values a package needs. Raises BadTemplate when that cannot work."""
        found = [p for p in self._of_step.get(saver.step, ()) if self._meets(reader, p)]
        if not found:
            raise BadTemplate(f"{saver.step} saves nothing that this step could read", "it is not done for these hosts")
        self._check_hosts(reader, found)
        for package in found:
            self._check_before(reader, package)
        return tuple(p.id for p in found)

    def _meets(self, reader: Package, package: Package) -> bool:
        if package.phase == reader.phase and self._stages[package.id] > self._stages[reader.id]:
            return False
        if not package.hosts or not reader.hosts:
            same_batch = package.phase != reader.phase or self._stages[package.id] == self._stages[reader.id]
            return same_batch or len(self._of_step[package.step]) == 1
        return package.hosts is reader.hosts or not set(package.hosts).isdisjoint(reader.hosts)

    def _check_hosts(self, reader: Package, found: Sequence[Package]) -> None:
        step = found[0].step
        by_host = [p for p in found if p.hosts]
        if by_host and not reader.hosts:
            raise BadTemplate(f"{step} saves a value for each host, and this step is done once", "write per: host")
        if not by_host and len(found) > 1:
            raise BadTemplate(f"{step} saves a value for each batch, and this step cannot know which is meant")
        covered = {h for p in by_host for h in p.hosts}
        missing = next((h for h in reader.hosts if h not in covered), None) if by_host else None
        if missing is not None:
            raise BadTemplate(
                f"{step} is not done on {missing}, so there is nothing to read for it", "give both steps the same hosts"
            )

    def _check_before(self, reader: Package, package: Package) -> None:
        if package.phase != reader.phase:
            surely = package.phase in self._before(reader.phase) or self._reached(reader, package)
        else:
            surely = self._stages[package.id] < self._stages[reader.id] or self._reached(reader, package)
        if not surely:
            raise BadTemplate(
                f"{package.step} need not be done before this step, which reads what it saves", "name it under needs"
            )

    def _reached(self, reader: Package, package: Package) -> bool:
        """Whether every host of the reader that the package has waits for it, directly or not."""
        direct = self._kinds[reader.id].get(package.id)
        if direct is EdgeKind.ALL_HOSTS or (direct is EdgeKind.SAME_HOST and set(reader.hosts) <= set(package.hosts)):
            return True
        wanted = {h for h in reader.hosts if h in set(package.hosts)}
        got: set[HostName] = set()
        for hosts in self._ways(reader, package.id):
            if hosts is ALL:
                return True
            got |= hosts
        return bool(wanted) and wanted <= got

    def _ways(self, reader: Package, target: PackageId) -> Iterator[frozenset[HostName] | None]:
        """For which hosts the reader waits for the target; each package is looked at once for each set of hosts."""
        start = frozenset(reader.hosts) if reader.hosts else ALL
        waiting, seen = [(reader.id, start)], {(reader.id, start)}
        while waiting:
            at, hosts = waiting.pop()
            for before, kind in self._kinds.get(at, {}).items():
                if kind is EdgeKind.ALL_HOSTS:
                    through = ALL
                else:
                    own = frozenset(self._packages[before].hosts)
                    through = own if hosts is ALL else hosts & own
                if before == target:
                    yield through
                elif (before, through) not in seen:
                    seen.add((before, through))
                    waiting.append((before, through))
