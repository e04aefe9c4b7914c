"""Which run works on which host and has which resources, and the version of the world that grows whenever this changes."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from runbook_engine.model.events import Event, HostsReleased, HostsTaken
from runbook_engine.model.gates import BackInService, PartsTaken, ResourcesReleased, ResourcesTaken
from runbook_engine.model.words import HostName, RunId
from runbook_engine.model.world import World
from runbook_engine.recording.prepared import Prepared
from runbook_engine.recording.tables import leases, resources, runs, world

_CHANGING = (HostsTaken, HostsReleased, BackInService, ResourcesTaken, ResourcesReleased, PartsTaken)
_USED_UP = ""  # stands where a phase would: what is used up belongs to none, and stays
_AT_ONCE = 500  # hosts in one question, well under every database's limit of parameters


def version(connection: Connection) -> int:
    """The world's version as this transaction sees it."""
    return int(_VERSION.run(connection, {}).fetchone()[0])


def read_world(connection: Connection, run_id: int, known: World | None) -> World:
    """The world as the run sees it; `known` again when nothing has changed since."""
    now = version(connection)
    if known and known.version == now:
        return known
    found = connection.execute(_OTHERS.add_columns(leases.c.is_out), {"ours": run_id}).all()
    uses: dict[str, dict[RunId, int]] = {}
    for name, run, amount in connection.execute(_USES, {"ours": run_id}):
        uses.setdefault(name, {}).setdefault(RunId(run), 0)
        uses[name][RunId(run)] += amount
    return World(
        version=now,
        taken={HostName(row.host): RunId(row.run) for row in found},
        out={HostName(row.host): RunId(row.run) for row in found if row.is_out},
        uses=uses,
    )


def taken_by_others(connection: Connection, run_id: int, events: Sequence[Event]) -> dict[HostName, RunId]:
    """The hosts that these events take although another run has them, and which."""
    wanted = [host for event in events if isinstance(event, HostsTaken) for host in event.hosts]
    taken: dict[HostName, RunId] = {}
    for some in _portions(wanted):
        found = connection.execute(_OTHERS.where(leases.c.host.in_(some)), {"ours": run_id})
        taken.update((HostName(host), RunId(run)) for host, run in found)
    return taken


def changed_by(events: Sequence[Event]) -> bool:
    """Whether these events change who has which host or resource."""
    return any(isinstance(event, _CHANGING) for event in events)


def apply(connection: Connection, run_id: int, events: Sequence[Event]) -> None:
    """Take and release, in the order of the events. No host may be another run's: see `taken_by_others`."""
    changes = [event for event in events if isinstance(event, _CHANGING)]
    for event in changes:
        if isinstance(event, ResourcesTaken | ResourcesReleased | PartsTaken):
            _hand_over(connection, run_id, event)
            continue
        for some in _portions(event.hosts):
            _apply(connection, run_id, some, event)
    if changes:
        world_changes(connection)


def world_changes(connection: Connection) -> None:
    """Whoever looks at the world looks again."""
    connection.execute(update(world).values(version=world.c.version + 1))


def _apply(
    connection: Connection, run_id: int, hosts: list[HostName], event: HostsTaken | HostsReleased | BackInService
) -> None:
    """A host that is taken twice stays taken; one that is released without being taken stays free."""
    if isinstance(event, BackInService):
        connection.execute(update(leases).where(leases.c.run_id == run_id, leases.c.host.in_(hosts)).values(is_out=0))
        return
    ours = delete(leases).where(leases.c.run_id == run_id, leases.c.host == bindparam("name"))
    connection.execute(ours, [{"name": host} for host in hosts])
    if isinstance(event, HostsTaken):
        rows = [{"host": host, "run_id": run_id, "is_out": int(event.out)} for host in dict.fromkeys(hosts)]
        connection.execute(insert(leases), rows)


def _hand_over(connection: Connection, run_id: int, event: ResourcesTaken | ResourcesReleased | PartsTaken) -> None:
    """What a phase has taken before, and the run of parts, is replaced by what it has now."""
    phase = _USED_UP if isinstance(event, PartsTaken) else event.phase
    ours = resources.c.run_id == run_id, resources.c.phase == phase
    if isinstance(event, ResourcesReleased):
        connection.execute(delete(resources).where(*ours))
        return
    connection.execute(delete(resources).where(*ours, resources.c.name.in_(event.uses)))
    rows = [{"name": name, "run_id": run_id, "phase": phase, "amount": n} for name, n in event.uses.items()]
    connection.execute(insert(resources), rows)


def _portions(hosts: Iterable[HostName]) -> Iterator[list[HostName]]:
    left = iter(hosts)
    while some := list(islice(left, _AT_ONCE)):
        yield some


_VERSION = Prepared(select(world.c.version))
_USES = (
    select(resources.c.name, runs.c.run, resources.c.amount)
    .join(runs, runs.c.id == resources.c.run_id)
    .where(resources.c.run_id != bindparam("ours"))
)
_OTHERS = select(leases.c.host, runs.c.run).join(runs, runs.c.id == leases.c.run_id).where(leases.c.run_id != bindparam("ours"))
