"""What may start now, as far as sign-offs, windows, freezes, rehearsals and capacity go: the world of a run.

Facts are read anew when the journal's database, a file of the inventory or the time says so; whatever cannot be read closes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from runbook_engine.cli import opening
from runbook_engine.cli.estates import Estates, Live, estates_of
from runbook_engine.cli.identity import executors
from runbook_engine.cli.settings import Settings
from runbook_engine.model.approvals import Sealed, Standing, Voice
from runbook_engine.model.errors import NotValid, RunbookError
from runbook_engine.model.estate import Estate
from runbook_engine.model.folding import fold_hosts
from runbook_engine.model.plan import Plan, PlannedPhase
from runbook_engine.model.times import Closed, Opening
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import PackageId, PersonId, PhaseId, RunId
from runbook_engine.model.world import Grounds, Hold, World

if TYPE_CHECKING:
    from runbook_engine.recording import Store

When = Callable[[Plan, PlannedPhase, datetime], datetime]  # as if it were then: for demonstrations, which say so
AGAIN = timedelta(seconds=20)  # how often facts are read anew although nothing is known to have changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """What a phase may do now, and when that changes by itself."""

    holds: tuple[Hold, ...] = ()
    closes: datetime | None = None
    grounds: Grounds | None = None
    changes: datetime | None = None


class Gates:
    """Judges the phases of a plan. `open_wide`: nobody is asked and nothing is closed (practice machines)."""

    def __init__(
        self,
        store: "Store",
        estates: Estates,
        executors: Sequence[PersonId | None],
        *,
        file: str = "",
        run: RunId | None = None,
        parallel: int = 0,
        open_wide: bool = False,
        when: When | None = None,
    ) -> None:
        self._store = store
        self._estates = estates
        self._executors = tuple(executors)
        self._file = file or (run or "")
        self._run = run
        self._parallel = parallel
        self._open_wide = open_wide
        self._when = when
        self._known: tuple[object, ...] = ()
        self._earliest: Mapping[PackageId, datetime] = {}
        self._until: datetime | None = None
        self._world = World()

    def world(self, base: World, plan: Plan, now: datetime) -> World:
        """The world of a run: `base` with what these gates forbid. Costs microseconds while nothing changes."""
        known = (base.version, plan.digest)
        if known == self._known and self._until is not None and now < self._until:
            return self._world
        passages, live = self.passages(plan, now)
        self._until = min([now + AGAIN, *(p.changes for p in passages.values() if p.changes and p.changes > now)])
        self._known = known
        made = self._made(base, passages, live, plan, now)
        same = replace(made, moment=self._world.moment) == self._world
        self._world = made if same else replace(made, moment=self._world.moment + 1)
        return self._world

    def _made(self, base: World, passages: Mapping[PhaseId, Passage], live: Live | None, plan: Plan, now: datetime) -> World:
        return replace(
            base,
            moment=self._world.moment,
            parallel=self._parallel,
            capacity={name: r.capacity for name, r in live.estate.resources.items() if r.capacity} if live else {},
            stock=live.stock(now) if live else {},
            earliest=self._earliest if live else {},
            pools=live.pools if live else (),
            ends=self._ends(base),
            holds={phase: p.holds for phase, p in passages.items() if p.holds},
            closes={phase: p.closes for phase, p in passages.items() if p.closes},
            grounds={phase: p.grounds for phase, p in passages.items() if p.grounds},
        )

    def _ends(self, base: World) -> dict[RunId, datetime]:
        """When the runs that work on hosts of this one are over, by the worst case that their authors state."""
        from runbook_engine.reporting.timing import longest, plan_time

        found = {}
        for run in sorted(set(base.taken.values())):
            row = self._store.run(run)
            worst_s = plan_time(self._store.plan(row.digest), longest, self._parallel or None)
            found[run] = row.created + timedelta(seconds=worst_s)
        return found

    def passages(self, plan: Plan, now: datetime) -> tuple[Mapping[PhaseId, Passage], Live | None]:
        """What each phase may do now, and the inventory that says so."""
        if self._open_wide and plan.targets:  # all of them practice machines: see linking.same_machines
            return {}, None
        try:
            live = self._estates.live()
            self._earliest = live.earliest(plan)
            return {p.id: passage for p, passage in self._judged(plan, live, now)}, live
        except (RunbookError, OSError, ValueError, LookupError) as error:  # whatever it is, nothing is known to be open
            hold = Hold(kind="inventory", reason=_unreadable(error), next_command="runbook inventory check")
            return {phase.id: Passage(holds=(hold,)) for phase in plan.phases}, None

    def standings(self, plan: Plan, live: Live, now: datetime) -> tuple[Standing, ...]:
        """How the sign-offs of each phase stand, for whoever carries it out here."""
        return standings(plan, live, self._store.statements(plan.runbook), now, self._executors)

    def _judged(self, plan: Plan, live: Live, now: datetime) -> Iterator[tuple[PlannedPhase, Passage]]:
        rehearsed = not live.estate.policy.rehearsed or self._rehearsed(plan)
        for phase, standing in zip(plan.phases, self.standings(plan, live, now), strict=True):
            at = self._when(plan, phase, now) if self._when else now
            times = live.times(plan, phase, standing, at).shifted(now - at)
            holds = [*self._unsigned(plan, standing), *_closed(times.closed), *_added(phase, live.estate, self._anew(plan))]
            if not rehearsed:
                command = f"runbook rehearse {self._file or plan.file}"
                holds.append(Hold(kind="rehearsal", reason="this very plan was not rehearsed yet", next_command=command))
            yield phase, _passage(holds, standing, times.opening, times.glass)

    def _anew(self, plan: Plan) -> str:
        """The command that makes the plan anew."""
        file = plan.file or "RUNBOOK"
        return f"runbook amend {self._run} {file}" if self._run else f"runbook plan {file}"

    def _rehearsed(self, plan: Plan) -> bool:
        """Whether all standard nights of exactly this plan were played, and ended as it says."""
        from runbook_engine.simulating import rehearsal_of

        found = (rehearsal_of(record.body) for record in self._store.rehearsals(plan.digest))
        return any(rehearsal.standard and rehearsal.as_planned for rehearsal in found)

    def _unsigned(self, plan: Plan, standing: Standing) -> Iterator[Hold]:
        file = self._file or plan.file
        for voice in standing.rejected:
            said = voice.statement
            because = f": {said.reason}" if said.reason else ""
            yield Hold(kind="approval", reason=f"{said.by} rejects it{because}", next_command=_see(file))
        for need in standing.needed:
            if need.missing:
                wanted = need.requirement
                who = f"; {', '.join(need.may)} can" if need.may else "; nobody who may is known"
                number = f"{need.missing} more people of {wanted.by}" if need.missing > 1 else wanted.by
                reason = f"it is not approved by {number} ({wanted.why}){who}"
                yield Hold(kind="approval", reason=reason, next_command=f"runbook approve {file} --phase {standing.phase}")


def gates_for(place: Settings, store: "Store", *creators: str, file: str = "", run: RunId | None = None) -> Gates:
    """The gates for what this call drives or looks at. On practice machines nobody is asked, unless the settings say so."""
    practice = place.lab is not None and not place.lab_gates
    estates = estates_of(place.inventory)
    try:
        people = () if practice else executors(estates.live().estate, *creators)
    except (RunbookError, OSError):
        people = ()  # then nothing starts
    return Gates(store, estates, people, file=file, run=run, parallel=place.parallel, open_wide=practice)


def world_now(found: opening.Opened) -> World:
    """The world of a run that is only looked at."""
    gates = gates_for(found.place, found.store, found.course.run.by, run=found.run)
    return gates.world(found.store.world(found.run), found.course.shape.plan, opening.now())


def standings(
    plan: Plan, live: Live, said: Sequence[Sealed], now: datetime, executors: Sequence[PersonId | None]
) -> tuple[Standing, ...]:
    """How the sign-offs of each phase stand."""
    from runbook_engine.approving import requirements

    if not said and not requirements(plan, live.estate, live.estate.policy):
        return tuple(Standing(phase=phase.id) for phase in plan.phases)
    from runbook_engine.approving import standing  # brings cryptography in

    return standing(plan, said, live.estate, live.estate.policy, live.signers, now, frozenset(e for e in executors if e))


def _see(file: str) -> str:
    return f"runbook approvals {file}"


def _closed(closed: Closed | None) -> Iterator[Hold]:
    if closed is not None:
        lift = f"; {', '.join(closed.lift)} may lift it" if closed.lift else ""
        yield Hold(kind=closed.kind, reason=f"{closed.reason.rstrip('.')}{lift}", until=closed.next)


def _added(phase: PlannedPhase, estate: Estate, anew: str) -> Iterator[Hold]:
    """Hosts that came to a place where a phase is alone after it was planned: it would not keep others from them."""
    new = [host for host in estate.hosts_at(phase.alone_at) if host not in phase.alone_with]
    if new:
        named = f"{fold_hosts(new, most=4)} came to {', '.join(phase.alone_at)} after this was planned"
        reason = f"it must be alone there, and {named}"
        yield Hold(kind="site", reason=reason, next_command=anew)


def _passage(holds: Sequence[Hold], standing: Standing, opening: Opening | None, glass: Sequence[Voice]) -> Passage:
    counted = {v.statement.id: v.statement.by for need in standing.needed for v in need.given}
    times = [hold.until for hold in holds if hold.until]
    times += [opening.until] if opening and opening.until else []
    times += [v.statement.until for need in standing.needed for v in need.given] + [v.statement.until for v in glass]
    grounds = Grounds(
        statements=tuple(sorted(counted)),
        by=tuple(sorted(set(counted.values()))),
        entry=opening.entry if opening else "",
        until=opening.until if opening else None,
        glass=tuple(sorted({v.statement.id for v in glass})),
    )
    return Passage(
        holds=tuple(holds),
        closes=opening.until if opening and not holds else None,
        grounds=grounds if grounds != Grounds() and not holds else None,
        changes=min(times, default=None),
    )


def _unreadable(error: Exception) -> str:
    first = str(error.mistakes[0]) if isinstance(error, NotValid) and error.mistakes else str(error)
    return f"who must approve, and what is open, cannot be found out: {first.splitlines()[0]}"
