"""What the demonstration brings of its own: keys of the people who approve, their signatures, and a clock."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from runbook_engine.cli import opening
from runbook_engine.cli.estates import ALLOWED, estates_of
from runbook_engine.cli.gating import Gates, standings
from runbook_engine.cli.sealing import sealed_by
from runbook_engine.model.approvals import NAMESPACE, Say, Standing, Statement
from runbook_engine.model.errors import Refused
from runbook_engine.model.plan import Plan, PlannedPhase
from runbook_engine.model.words import PersonId, PhaseId

if TYPE_CHECKING:
    from runbook_engine.recording import Store

COUNTS = timedelta(days=7)


def own_inventory(shipped: Path, folder: Path, people: Sequence[PersonId]) -> Path:
    """A copy of the inventory, with keys that are made here for these people and stay in `folder`."""
    inventory, keys = folder / "inventory", folder / "keys"
    shutil.rmtree(inventory, ignore_errors=True)
    shutil.rmtree(keys, ignore_errors=True)
    shutil.copytree(shipped, inventory)
    keys.mkdir(mode=0o700)
    lines = [f'{person} namespaces="{NAMESPACE}" {_key(keys / person)}\n' for person in people]
    (inventory / ALLOWED).write_text("".join(lines), encoding="utf-8")
    return inventory


def _key(file: Path) -> str:
    try:
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        raise Refused("ssh-keygen is not here", why="The demo signs approvals.", next_command="runbook doctor") from None
    return Path(f"{file}.pub").read_text(encoding="ascii").strip()


def approve_all(plan: Plan, inventory: Path, folder: Path, store: "Store") -> Mapping[PersonId, tuple[PhaseId, ...]]:
    """Everybody who is needed approves, signed with the demo's own keys; who, and which phases."""
    live = estates_of(inventory).live()
    wanted: dict[PersonId, list[PhaseId]] = {}
    for standing in standings(plan, live, (), opening.now(), ()):
        for need in standing.needed:
            for person in need.may[: need.missing]:
                wanted.setdefault(person, []).append(standing.phase)
    for person, phases in wanted.items():
        statement = _approval(plan, person, phases)
        store.add_statement(statement, sealed_by(statement, live, key=str(folder / "keys" / person), unsigned=False))
    return {person: tuple(dict.fromkeys(phases)) for person, phases in wanted.items()}


def _approval(plan: Plan, person: PersonId, phases: Sequence[PhaseId]) -> Statement:
    now = opening.now().replace(microsecond=0)
    return Statement(
        id=uuid4().hex,
        say=Say.APPROVE,
        plan=plan.digest,
        runbook=plan.runbook,
        title=plan.title,
        by=person,
        at=now,
        until=now + COUNTS,
        phases={phase.id: phase.leaf for phase in plan.phases if phase.id in phases},
        reason="the demo's own",
    )


def own_gates(store: "Store", inventory: Path, parallel: int) -> Gates:
    """Real gates, at a clock of their own for each phase: it begins at the next opening, and goes on from there."""
    estates, ahead = estates_of(inventory), dict[PhaseId, timedelta]()

    def when(plan: Plan, phase: PlannedPhase, now: datetime) -> datetime:
        if phase.id not in ahead:
            closed = estates.live().times(plan, phase, Standing(phase=phase.id), now).closed
            ahead[phase.id] = closed.next - now if closed is not None and closed.next is not None else timedelta()
        return now + ahead[phase.id]

    return Gates(store, estates, (), parallel=parallel, when=when)
