"""evidence: one file that shows what was planned, approved and done, and can be checked without this machine."""

import json
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from hashlib import file_digest, sha256
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runbook_engine import __version__
from runbook_engine.cli import opening, options
from runbook_engine.cli.attaching import files_of
from runbook_engine.cli.estates import estates_of
from runbook_engine.cli.settings import Settings, settings
from runbook_engine.model.approvals import NAMESPACE, Sealed
from runbook_engine.model.errors import Exit, NotValid, Refused
from runbook_engine.model.events import PlanAmended, RunCreated, TaskAnswered
from runbook_engine.model.plan import Plan
from runbook_engine.model.words import PersonId, RunId

if TYPE_CHECKING:
    from runbook_engine.approving import Signer
    from runbook_engine.recording import Store
    from runbook_engine.reporting.evidence_file import Evidence, Kept

LIMIT_MB = 100


@click.command("evidence")
@click.argument("run", default="last")
@click.option("-o", "--output", metavar="FILE", help="Where it goes; else RUN.evidence.html. '-': stdout.")
@click.option(
    "--limit-mb", type=click.IntRange(0, 4096), default=LIMIT_MB, show_default=True, help="Most that photos and outputs take."
)
@options.inventory
@options.journal
@options.as_json
def evidence_command(
    run: str, output: str | None, limit_mb: int, inventory: str | None, journal: str | None, as_json: bool
) -> int:
    """Write one file that shows a run to people, and holds all that an auditor needs to check it.

    \b
    runbook evidence rack12-install-1 -o rack12.html
    runbook verify rack12.html --seal sha256:…

    \b
    It opens in any browser, offline. The seal that is printed belongs elsewhere: in the ticket, in a mail.
    """
    from runbook_engine.reporting.evidence_file import write
    from runbook_engine.reporting.evidence_page import evidence_page

    place = settings(inventory=inventory, journal=journal)
    with opening.store_of(place) as store:
        name = store.run_id(run)
        store.verify(name)
        evidence = collect(place, store, name, limit_mb << 20)
    data, seal = write(evidence, evidence_page(evidence))
    file = output or f"{name}.evidence.html"
    from runbook_engine.cli.projects import write_output

    write_output(data, file)
    _tell(evidence, file, len(data), seal, as_json=as_json)
    return _complaints(evidence)


def _tell(evidence: "Evidence", file: str, size: int, seal: str, *, as_json: bool) -> None:
    told = options.say if file == "-" else options.show
    if as_json:
        named = [kept.name for kept in (*evidence.attachments, *evidence.outputs) if kept.data is None]
        facts = {"run": evidence.run, "file": file, "bytes": size, "seal": f"sha256:{seal}", "only_named": named}
        told(json.dumps({"format": 1, "kind": "evidence", **facts}, indent=2, ensure_ascii=False))
        return
    told(_summary(evidence, file, size))
    told(f"Keep this elsewhere: sha256:{seal}")


def _summary(evidence: "Evidence", file: str, size: int) -> str:
    from runbook_engine.reporting.words import count

    parts = [count(len(evidence.records), "record"), count(len(evidence.statements), "statement")]
    parts += [count(len(evidence.outputs), "output"), count(len(evidence.attachments), "attachment")]
    return f"{file}: evidence of {evidence.run}, {size / 1e6:,.1f} MB: {', '.join(parts)}"


def _complaints(evidence: "Evidence") -> int:
    """Say what is not in the file; an attachment that was changed since it was handed in is a difference."""
    changed = [kept for kept in evidence.attachments if kept.data is None and kept.note.startswith(_CHANGED)]
    gone = [kept for kept in evidence.attachments if kept.data is None and kept.note == _GONE]
    for kept in [*changed, *gone]:
        options.say(f"WRONG: the attachment {kept.name}: {kept.note}")
    left = sum(kept.data is None for kept in (*evidence.attachments, *evidence.outputs)) - len(changed) - len(gone)
    if left:
        options.say(f"{left} files are only named in it, with their SHA-256, because of --limit-mb")
    return int(Exit.DIFFERENT if changed or gone else Exit.DONE)


_CHANGED = "what is in the folder of the run is not what was handed in"
_GONE = "it is not in the folder of the run any more"
_LARGE = "left out because of its size; it is in the folder of the run"


def collect(place: Settings, store: "Store", run: RunId, limit: int) -> "Evidence":
    """All that is exported of a run. `limit`: bytes that attachments and outputs may take. Raises JournalFault."""
    from runbook_engine.recording.raw import raw_plan, raw_records
    from runbook_engine.reporting.evidence_file import Entry, Evidence
    from runbook_engine.reporting.evidence_story import named_files

    entries = tuple(Entry(record.seq, record.hash.hex(), record.body) for record in raw_records(store, run))
    events = [event for _, event in zip(entries, store.journal(run).read(), strict=False)]
    named = dict.fromkeys(event.digest for event in events if isinstance(event, RunCreated | PlanAmended))
    folder = opening.run_folder(place, run)
    plans = [store.plan(digest) for digest in named]
    answers = [event for event in events if isinstance(event, TaskAnswered)]
    digests = [digest for event in answers for digest in named_files(plans, event).values()]
    attachments = list(_attachments(digests, files_of(folder), limit))
    statements = _about(store.statements(store.run(run).runbook), plans)
    room = limit - sum(kept.size for kept in attachments if kept.data is not None)
    return Evidence(
        run=run,
        made=opening.now().astimezone(UTC),
        by=options.me(),
        version=__version__,
        records=entries,
        plans={digest: raw_plan(store, digest) for digest in named},
        statements=statements,
        keys=_keys(place, statements),
        rehearsals=tuple(made for digest in named for made in store.rehearsals(digest)),
        outputs=tuple(_outputs(folder / "logs", room)),
        attachments=tuple(attachments),
    )


def _about(statements: Iterable[Sealed], plans: Sequence[Plan]) -> tuple[Sealed, ...]:
    """The statements of these plans, and of others whose phases are the same; and whatever takes one of them back."""
    from runbook_engine.reporting.evidence_story import said

    leaves = {(phase.id, phase.leaf) for plan in plans for phase in plan.phases}
    digests = {plan.digest for plan in plans}
    kept, ids = [], set[str]()
    for sealed in statements:
        statement = said(sealed)
        if statement and (statement.plan in digests or leaves & set(statement.phases.items()) or statement.revokes in ids):
            kept.append(sealed)
            ids.add(statement.id)
    return tuple(kept)


def _keys(place: Settings, statements: Iterable[Sealed]) -> dict[PersonId, tuple[str, ...]]:
    """The keys of those who have said something, as lines of an allowed_signers file."""
    from runbook_engine.reporting.evidence_story import said

    speakers = {statement.by for sealed in statements if (statement := said(sealed))}
    if not speakers or not place.inventory.exists():
        return {}
    try:
        known = estates_of(place.inventory).live().signers
    except (NotValid, Refused, OSError) as error:
        options.say(f"The keys of the inventory cannot be read, so that none are in the file: {error}")
        return {}
    found: dict[PersonId, list[str]] = {}
    for identity, signer in known.keys.items():
        if signer.person in speakers and identity not in known.revoked:
            found.setdefault(signer.person, []).append(_signer_line(signer))
    return {person: tuple(lines) for person, lines in sorted(found.items())}


def _signer_line(signer: "Signer") -> str:
    from base64 import b64encode

    times = [("valid-after", signer.after), ("valid-before", signer.before)]
    told = "".join(f',{name}="{at.astimezone(UTC):%Y%m%d%H%M%S}Z"' for name, at in times if at)
    kind = signer.key.kind
    return f'{signer.person} namespaces="{NAMESPACE}"{told} {kind} {b64encode(signer.key.blob).decode()}'


def _attachments(digests: Iterable[str], files: dict[str, Path], limit: int) -> "Iterator[Kept]":
    from runbook_engine.reporting.evidence_file import Kept

    for digest in dict.fromkeys(digests):
        path = files.pop(digest, None)
        data = _bytes_of(path) if path else None
        note = "" if data is not None else _GONE
        if data is not None and sha256(data).hexdigest() != digest:
            data, note = None, _CHANGED
        size = len(data) if data is not None else 0
        if data is not None and size > limit:
            data, note = None, _LARGE
        limit -= size if data is not None else 0
        yield Kept(name=path.name if path else digest, size=size, sha256=digest, data=data, note=note)


def _outputs(folder: Path, limit: int) -> "Iterator[Kept]":
    """The logs of a run; when they are too much together, the largest are only named."""
    from runbook_engine.reporting.evidence_file import Kept

    logs = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*.log")) if path.is_file()}
    sizes = {name: path.lstat().st_size for name, path in logs.items()}
    taken = set[str]()
    for name in sorted(sizes, key=lambda n: (sizes[n], n)):
        if sizes[name] <= limit:
            limit -= sizes[name]
            taken.add(name)
    for name, path in logs.items():
        data = _bytes_of(path) if name in taken else None
        if data is None:
            yield Kept(name=name, size=sizes[name], sha256=_digest_of(path), note=_LARGE)
        else:
            yield Kept(name=name, size=len(data), sha256=sha256(data).hexdigest(), data=data)


def _bytes_of(path: Path) -> bytes | None:
    """A file of the run's folder, never through a link; None when it is none, or cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def _digest_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
