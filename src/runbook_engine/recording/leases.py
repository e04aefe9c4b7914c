"""Which run works on which host, and the version of the world that grows whenever this changes."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from runbook_engine.model.events import Event, HostsReleased, HostsTaken
from runbook_engine.model.words import HostName, RunId
from runbook_engine.model.world import World
from runbook_engine.recording.prepared import Prepared
from runbook_engine.recording.tables import leases, runs, world

_CHANGING = (HostsTaken, HostsReleased)
_AT_ONCE = 500  # hosts in one question, well under every database's limit of parameters


def version(connection: Connection) -> int:
    """The world's version as this transaction sees it."""
    return int(_VERSION.run(connection, {}).fetchone()[0])


def read_world(connection: Connection, run_id: int, known: World | None) -> World:
    """The world as the run sees it; `known` again when nothing has changed since."""
    now = version(connection)
    if known and known.version == now:
        return known
    taken = connection.execute(_OTHERS, {"ours": run_id})
    return World(version=now, taken={HostName(host): RunId(run) for host, run in taken})


def taken_by_others(connection: Connection, run_id: int, events: Sequence[Event]) -> dict[HostName, RunId]:
    """The hosts that these events take although another run has them, and which."""
    wanted = [host for event in events if isinstance(event, HostsTaken) for host in event.hosts]
    taken: dict[HostName, RunId] = {}
    for some in _portions(wanted):
        found = connection.execute(_OTHERS.where(leases.c.host.in_(some)), {"ours": run_id})
        taken.update((HostName(host), RunId(run)) for host, run in found)
    return taken


def changed_by(events: Sequence[Event]) -> bool:
    """Whether these events change who has which host."""
    return any(isinstance(event, _CHANGING) for event in events)


def apply(connection: Connection, run_id: int, events: Sequence[Event]) -> None:
    """Take and release, in the order of the events. No host may be another run's: see `taken_by_others`."""
    changes = [event for event in events if isinstance(event, _CHANGING)]
    for event in changes:
        for some in _portions(event.hosts):
            _apply(connection, run_id, some, taken=isinstance(event, HostsTaken))
    if changes:
        connection.execute(update(world).values(version=world.c.version + 1))


def _apply(connection: Connection, run_id: int, hosts: list[HostName], *, taken: bool) -> None:
    """A host that is taken twice stays taken; one that is released without being taken stays free."""
    ours = delete(leases).where(leases.c.run_id == run_id, leases.c.host == bindparam("name"))
    connection.execute(ours, [{"name": host} for host in hosts])
    if taken:
        connection.execute(insert(leases), [{"host": host, "run_id": run_id} for host in dict.fromkeys(hosts)])


def _portions(hosts: Iterable[HostName]) -> Iterator[list[HostName]]:
    left = iter(hosts)
    while some := list(islice(left, _AT_ONCE)):
        yield some


_VERSION = Prepared(select(world.c.version))
_OTHERS = select(leases.c.host, runs.c.run).join(runs, runs.c.id == leases.c.run_id).where(leases.c.run_id != bindparam("ours"))
