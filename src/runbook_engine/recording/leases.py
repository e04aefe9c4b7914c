"""Which run works on which host and has which resources, and the version of the world that grows whenever this changes."""

from collections.abc import Sequence

from runbook_engine.model.events import Event, HostsReleased, HostsTaken
from runbook_engine.model.gates import BackInService, PartsTaken, ResourcesReleased, ResourcesTaken
from runbook_engine.model.words import HostName, RunId
from runbook_engine.model.world import World
from runbook_engine.recording.connection import Connection, insertion, scalar

_CHANGING = (HostsTaken, HostsReleased, BackInService, ResourcesTaken, ResourcesReleased, PartsTaken)
_USED_UP = ""  # stands where a phase would: what is used up belongs to none, and stays


def version(connection: Connection) -> int:
    """The world's version as this transaction sees it."""
    return int(scalar(connection, "SELECT version FROM world"))


def read_world(connection: Connection, run_id: int, known: World | None) -> World:
    """The world as the run sees it; `known` again when nothing has changed since."""
    now = version(connection)
    if known and known.version == now:
        return known
    found = connection.execute(_OTHERS, {"ours": run_id}).fetchall()
    uses: dict[str, dict[RunId, int]] = {}
    for name, run, amount in connection.execute(_USES, {"ours": run_id}):
        uses.setdefault(name, {}).setdefault(RunId(run), 0)
        uses[name][RunId(run)] += amount
    return World(
        version=now,
        taken={HostName(row["host"]): RunId(row["run"]) for row in found},
        out={HostName(row["host"]): RunId(row["run"]) for row in found if row["is_out"]},
        uses=uses,
    )


def taken_by_others(connection: Connection, run_id: int, events: Sequence[Event]) -> dict[HostName, RunId]:
    """The hosts that these events take although another run has them, and which."""
    wanted = [host for event in events if isinstance(event, HostsTaken) for host in event.hosts]
    found = ((host, scalar(connection, _OTHER, {"host": host, "ours": run_id})) for host in wanted)
    return {host: RunId(run) for host, run in found if run is not None}


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
        _apply(connection, run_id, event)
    if changes:
        world_changes(connection)


def world_changes(connection: Connection) -> None:
    """Whoever looks at the world looks again."""
    connection.execute("UPDATE world SET version = version + 1")


def _apply(connection: Connection, run_id: int, event: HostsTaken | HostsReleased | BackInService) -> None:
    """A host that is taken twice stays taken; one that is released without being taken stays free."""
    ours = [{"host": host, "run_id": run_id} for host in dict.fromkeys(event.hosts)]
    if isinstance(event, BackInService):
        connection.executemany(_BACK, ours)
        return
    connection.executemany(_RELEASE, ours)
    if isinstance(event, HostsTaken):
        connection.executemany(_TAKE, [{**one, "is_out": int(event.out)} for one in ours])


def _hand_over(connection: Connection, run_id: int, event: ResourcesTaken | ResourcesReleased | PartsTaken) -> None:
    """What a phase has taken before, and the run of parts, is replaced by what it has now."""
    phase = _USED_UP if isinstance(event, PartsTaken) else event.phase
    if isinstance(event, ResourcesReleased):
        connection.execute(
            "DELETE FROM resources WHERE run_id = :run_id AND phase = :phase", {"run_id": run_id, "phase": phase}
        )
        return
    rows = [{"name": name, "run_id": run_id, "phase": phase, "amount": n} for name, n in event.uses.items()]
    connection.executemany("DELETE FROM resources WHERE run_id = :run_id AND phase = :phase AND name = :name", rows)
    connection.executemany(_USE, rows)


_TAKE = insertion("leases", "host", "run_id", "is_out")
_RELEASE = "DELETE FROM leases WHERE run_id = :run_id AND host = :host"
_BACK = "UPDATE leases SET is_out = 0 WHERE run_id = :run_id AND host = :host"
_USE = insertion("resources", "name", "run_id", "phase", "amount")
_USES = "SELECT name, run, amount FROM resources JOIN runs ON runs.id = run_id WHERE run_id <> :ours"
_OTHERS = "SELECT host, run, is_out FROM leases JOIN runs ON runs.id = run_id WHERE run_id <> :ours"
_OTHER = "SELECT run FROM leases JOIN runs ON runs.id = run_id WHERE host = :host AND run_id <> :ours"
