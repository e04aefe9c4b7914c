"""Runbook × estate → plan. The same files give the same plan: no clock, no network. Start reading here."""

from collections.abc import Mapping
from dataclasses import replace

from runbook_engine.actions import all_actions
from runbook_engine.model.estate import Estate, Host, SshSettings, Window
from runbook_engine.model.places import Path
from runbook_engine.model.plan import Plan, PlannedPhase, Stage, Target
from runbook_engine.model.runbook import Phase, Runbook, Step
from runbook_engine.model.text import Text
from runbook_engine.model.words import FailureScope, HostName, OnFailure, PackageId, PhaseId, StageKind, StepId
from runbook_engine.planning.batches import allowed, most_failures
from runbook_engine.planning.check import check_templates
from runbook_engine.planning.connecting import Connected, connect
from runbook_engine.planning.digests import sealed
from runbook_engine.planning.files import Checksum, Library, ReadFile
from runbook_engine.planning.findings import BadTemplate, Findings
from runbook_engine.planning.keeping import keep_to_capacity
from runbook_engine.planning.layout import Laid, LaidPhase, Part, lay_out, step_id
from runbook_engine.planning.limits import check_limits
from runbook_engine.planning.names import Names, Saver, Views, fixed_names, scope_values
from runbook_engine.planning.order import check_order, phase_needs
from runbook_engine.planning.packages import Built, Workshop, build
from runbook_engine.planning.params import Given, for_people, settle
from runbook_engine.planning.reach import check_controllers
from runbook_engine.planning.render import Columns, Renderer
from runbook_engine.planning.selecting import Selectors
from runbook_engine.planning.template import has_template


def make_plan(
    runbook: Runbook, estate: Estate, values: Mapping[str, Given], read_file: ReadFile, checksum: Checksum | None = None
) -> Plan:
    """The plan of a runbook on an estate, with `values` for its parameters.

    `read_file` gives the bytes of a file beside the runbook, `checksum` the SHA-256 of one that may be large. Raises NotValid
    with every mistake found, each at its place.
    """
    found = Findings(runbook.places)
    found.mistakes += [*check_templates(runbook), *(check_order(runbook) or check_limits(runbook))]
    params = settle(runbook, values, found)
    if len(params) < len(runbook.params):
        found.stop_if_any()
    planner = _Planner(runbook, estate, params, Library(read_file, checksum), found)
    laid = planner.lay_out()
    packages = planner.build(laid)
    check_controllers(((built.path, built.package) for built in packages.values()), estate, found)
    found.stop_if_any()
    whole = connect(runbook, laid, packages, found)
    plan = planner.plan(laid, whole)
    keep_to_capacity(plan, runbook, estate, found)
    found.stop_if_any()
    return sealed(plan)


class _Planner:
    """What the steps of planning share."""

    def __init__(
        self, runbook: Runbook, estate: Estate, params: Mapping[str, object], library: Library, found: Findings
    ) -> None:
        self.runbook, self.estate, self.params, self.found = runbook, estate, params, found
        self.scopes = scope_values(runbook, params)
        self.parents = tuple(scope.parent for scope in runbook.scopes) or (0,)
        self.views = Views(estate)
        self.saved: dict[str, Saver] = {}
        self.shop = Workshop(actions=all_actions(), library=library, found=found, names_of=self._names_of)

    def lay_out(self) -> list[LaidPhase]:
        """Phases as written, with stages and hosts."""
        selectors, actions = Selectors(self.estate), dict(self.shop.actions)
        return [lay_out(phase, actions, selectors, self._selector, self.found) for phase in self.runbook.phases]

    def build(self, laid: list[LaidPhase]) -> dict[PackageId, Built]:
        """The packages in the order in which their steps were written; each sees what earlier steps save."""
        built: dict[PackageId, Built] = {}
        for phase in laid:
            parts: dict[StepId, list[Part]] = {}
            for stage in phase.stages:
                for part in stage.parts:
                    parts.setdefault(part.step_id, []).append(part)
            for part in phase.way_back:
                parts.setdefault(part.step_id, []).append(part)
            for chosen in phase.steps:
                name = step_id(phase.phase, chosen.step)
                built.update({part.id: build(part, self.shop) for part in parts.get(name, ())})
                if chosen.step.save_as:
                    self.saved[chosen.step.save_as] = Saver(step=name, per=chosen.per)
        return built

    def plan(self, laid: list[LaidPhase], whole: Connected) -> Plan:
        """Everything together, not yet sealed by its digest."""
        book = self.runbook
        needs, packages = phase_needs(book), whole.packages
        backs = (p for way in whole.ways_back.values() for p in way)
        used = {h for p in (*packages.values(), *backs) for h in (*p.hosts, *p.left_out)}
        project = len({h for phase in laid for h in phase.hosts})
        return Plan(
            runbook=book.id,
            title=self._words(book.title, ("title",)),
            kind=book.kind,
            owner=book.owner,
            why=self._words(book.why, ("why",)),
            impact=self._words(book.impact, ("impact",)),
            phases=tuple(self._phase(phase, needs[phase.phase.id], whole, project) for phase in laid),
            packages=packages,
            targets={name: _target(host, self.estate) for name, host in self.estate.hosts.items() if name in used},
            params=for_people(self.params),
            start=book.start,
            deadline=book.deadline,
            deadline_soft=book.deadline_soft,
            priority=book.priority,
            budget=book.budget,
            costs=book.costs,
            approvals=book.approvals,
            stakeholders=book.stakeholders,
            unenforced=tuple(sorted({key for key, _ in book.unenforced})),
            file=book.file,
        )

    def _names(self, phase: Phase | None, step: Step | None, batch: int | None) -> Names:
        scope = step.scope if step else phase.scope if phase else 0
        fixed = fixed_names(self.runbook, phase, step, batch) if phase else {"runbook": {"id": self.runbook.id}}
        return Names(fixed=fixed, scope=scope, scopes=self.scopes, parents=self.parents, saved=self.saved)

    def _names_of(self, part: Part, hosts: tuple[HostName, ...]) -> Names:
        names = self._names(part.phase, part.chosen.step, part.stage)
        return replace(names, hosts=hosts, views=self.views.of(hosts)) if hosts else names

    def _selector(self, phase: Phase, step: Step | None) -> str | None:
        """The selector of a step, else of its phase, with parameters filled in."""
        own = step is not None and step.hosts is not None
        selector = step.hosts if step is not None and own else phase.hosts
        if selector is None or not has_template(selector):
            return selector
        return Renderer(self._names(phase, step if own else None, None), Columns()).words(Text((selector,)))

    def _words(self, source: str, path: Path, phase: Phase | None = None) -> str:
        try:
            return Renderer(self._names(phase, None, None), Columns()).words(Text((source,)))
        except BadTemplate as error:
            self.found.bad(path, error)
            return source

    def _phase(self, laid: LaidPhase, needs: tuple[PhaseId, ...], whole: Connected, project: int) -> PlannedPhase:
        phase, rolling = laid.phase, laid.phase.rolling
        point = phase.point_of_no_return
        last = max((s.number for s in laid.stages if s.kind is StageKind.BATCH), default=0)
        return PlannedPhase(
            id=phase.id,
            title=self._words(phase.title.source, (*phase.path, "title"), phase),
            needs=needs,
            stages=tuple(_stage(stage, laid, whole, last) for stage in laid.stages),
            hosts=laid.hosts,
            alone_at=phase.alone_at,
            alone_with=self.estate.hosts_at(phase.alone_at),
            window=phase.window,
            earliest=phase.earliest,
            deadline=phase.deadline,
            opens=self._opens(phase),
            rolling=rolling,
            max_failures=most_failures(rolling, len(laid.hosts), project, laid.batches),
            failures_over=rolling.failures_over if rolling else FailureScope.PHASE,
            on_failure=rolling.on_failure if rolling else OnFailure.STOP,
            way_back=whole.ways_back.get(phase.id, ()),
            point_of_no_return=self._words(point, (*phase.path, "point_of_no_return", "why"), phase) if point else "",
            no_return_step=StepId(f"{phase.id}/{phase.no_return_step}") if phase.no_return_step else None,
        )

    def _opens(self, phase: Phase) -> Window | None:
        """What the window of a phase means; that its name is known was checked with the inventory."""
        window = self.estate.windows.get(phase.window)
        if window is None:
            return None
        from runbook_engine.calendars import resolved

        try:
            return resolved(window, self.estate.calendars)
        except ValueError as error:
            self.found.add((*phase.path, "window"), str(error))
            return None


def _stage(stage: Laid, laid: LaidPhase, whole: Connected, last: int) -> Stage:
    rolling = laid.phase.rolling if stage.kind is StageKind.BATCH else None
    by_batch = rolling is not None and rolling.failures_over is FailureScope.BATCH
    return Stage(
        number=stage.number,
        kind=stage.kind,
        hosts=stage.hosts,
        packages=whole.by_stage[laid.phase.id, stage.number],
        pause_s=rolling.pause_s if rolling and stage.number < last else 0.0,
        max_failures=allowed(rolling.max_failures, len(stage.hosts)) if rolling and by_batch else None,
    )


def _target(host: Host, estate: Estate) -> Target:
    return Target(
        name=host.name,
        address=host.address or host.name,
        site=host.site,
        rack=host.rack,
        owner=host.owner,
        serves=host.serves,
        ssh=_reachable(host.ssh, estate),
        bmc=host.bmc,
    )


def _reachable(ssh: SshSettings, estate: Estate) -> SshSettings:
    """A jump host that the inventory names is written as user@address:port, so that the plan needs no inventory."""
    hops = [_hop(estate.hosts[HostName(hop)]) if hop in estate.hosts else hop for hop in ssh.jump.split(",")]
    return replace(ssh, jump=",".join(hops)) if ssh.jump else ssh


def _hop(host: Host) -> str:
    user = f"{host.ssh.user}@" if host.ssh.user else ""
    address = host.address or host.name
    port = f":{host.ssh.port}" if host.ssh.port else ""
    return f"{user}[{address}]{port}" if ":" in address and port else f"{user}{address}{port}"
