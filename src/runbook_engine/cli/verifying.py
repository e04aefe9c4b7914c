"""verify: the journal of a run in its database, or an evidence file anywhere, against what is held outside."""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runbook_engine import __version__
from runbook_engine.cli import anchoring, opening, options
from runbook_engine.cli.anchoring import Seen
from runbook_engine.cli.estates import estates_of
from runbook_engine.cli.settings import Settings, settings
from runbook_engine.model.approvals import Head, Sealed, Sealing
from runbook_engine.model.errors import Exit, NotValid, Usage
from runbook_engine.model.places import Mistake, Place
from runbook_engine.model.words import PersonId, RunId

if TYPE_CHECKING:
    from runbook_engine.approving import Signers
    from runbook_engine.recording import Store
    from runbook_engine.reporting.evidence_checks import Check
    from runbook_engine.reporting.evidence_reading import Found

LARGEST_BYTES = 8 << 30
_SEAL = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_RUN = re.compile(r"last|[a-z0-9][a-z0-9._-]*-[0-9]+")  # never a file, whoever may have put one of that name here


@click.command("verify")
@click.argument("run", metavar="RUN|FILE", default="last")
@click.option("--head", "heads", multiple=True, metavar="SEQ:HASH", help="A head that was kept outside (repeatable).")
@click.option("--anchor", metavar="FILE", help="Compare with the heads in this file; for a run, then add its present head.")
@click.option("--git-tag", metavar="NAME", help="Compare with the head in this tag; for a run, make the tag if there is none.")
@click.option("--seal", "seals", multiple=True, metavar="sha256:…", help="The seal of an evidence file, as it was kept.")
@click.option("--signers", metavar="FILE", help="Keys that you trust: allowed_signers, people.yml or an inventory.")
@click.option("--extract", metavar="FOLDER", help="Write the outputs and attachments of an evidence file there.")
@options.journal
@options.as_json
def verify_command(
    run: str,
    heads: tuple[str, ...],
    anchor: str | None,
    git_tag: str | None,
    seals: tuple[str, ...],
    signers: str | None,
    extract: str | None,
    journal: str | None,
    as_json: bool,
) -> int:
    """Check the journal of a run, or an evidence file: whatever was changed, removed or moved is named.

    \b
    runbook verify rack12-install-1 --anchor /mnt/elsewhere/heads.txt
    runbook verify rack12.html --seal sha256:… --signers people.yml

    \b
    An evidence file needs no database. Exit 0: fine. 7: something differs. 3: the file is no evidence.
    """
    if Path(run).is_file() and not _RUN.fullmatch(run):
        return _verify_file(Path(run), heads, anchor, git_tag, seals, signers, extract, as_json=as_json)
    if seals or signers or extract:
        raise Usage(f"{run} is no file", why="--seal, --signers and --extract are for evidence files.")
    place = settings(journal=journal)
    with opening.store_of(place) as store:
        return _verify_run(place, store, store.run_id(run), heads, anchor, git_tag, as_json=as_json)


def _verify_run(
    place: Settings,
    store: "Store",
    run: RunId,
    heads: tuple[str, ...],
    anchor: str | None,
    git_tag: str | None,
    *,
    as_json: bool,
) -> int:
    from runbook_engine.recording.raw import raw_records
    from runbook_engine.reporting.evidence_checks import Check, head_faults
    from runbook_engine.reporting.evidence_file import Entry
    from runbook_engine.reporting.words import count

    number = store.verify(run)
    entries = [Entry(record.seq, record.hash.hex(), b"") for record in raw_records(store, run)]
    last = entries[-1]
    tagged = anchoring.tag_anchors(place.project, git_tag, run) if git_tag else None
    known = [anchoring.head_meant(run, head) for head in heads] + list(tagged or ())
    known += anchoring.read_anchors(anchor, run) if anchor else []
    known += _seen(store, run)
    faults = tuple(head_faults(entries, known))
    text = f"{run}: {count(number, 'record')}, the chain is whole. Head {last.seq}:{last.hash}"
    if known and not faults:
        text += f"\nIt agrees with {count(len(known), 'head')} held outside."
    checks = [Check(part="journal", said=text), Check(part="head", said="", wrong=faults, looked=bool(known))]
    _tell(run, checks, as_json=as_json, text=text)
    if not faults:
        _keep(place, Head(run=run, seq=last.seq, hash=last.hash), anchor, "" if tagged is not None else git_tag or "", known)
    return int(Exit.DIFFERENT if faults else Exit.DONE)


def contradicted(store: "Store", run: RunId, signers: "Signers") -> tuple[str, ...]:
    """How the journal contradicts what people saw when they signed: its end was cut, or it comes from an older backup.

    Only signatures that hold count: anybody could write down a head.
    """
    seen = list(_seen(store, run, lambda sealed: not _proof(sealed, signers)))
    if not seen:
        return ()
    from runbook_engine.recording.raw import raw_records
    from runbook_engine.reporting.evidence_checks import head_faults
    from runbook_engine.reporting.evidence_file import Entry

    return tuple(head_faults([Entry(r.seq, r.hash.hex(), b"") for r in raw_records(store, run)], seen))


def _seen(store: "Store", run: RunId, counts: Callable[[Sealed], bool] = lambda _: True) -> Iterator[Seen]:
    """The heads that people saw when they made their statements."""
    from runbook_engine.reporting.evidence_story import said

    for sealed in store.statements(store.run(run).runbook):
        statement = said(sealed)
        if statement and statement.seen and statement.seen.run == run and counts(sealed):
            yield f"{statement.by} in the statement {statement.id}", statement.seen


def _keep(place: Settings, head: Head, anchor: str | None, git_tag: str, known: list[Seen]) -> None:
    """Put the head where it was asked for; an anchor file that has it already stays as it is."""
    if anchor and not any(seen == head and who.startswith("the anchor file") for who, seen in known):
        anchoring.append_anchor(anchor, head, opening.now())
        options.say(f"Head {head.seq} is kept in {anchor}")
    if git_tag:
        anchoring.make_tag(place.project, git_tag, head, opening.now())
        options.say(f"Head {head.seq} is kept in the git tag {git_tag}; git push origin {git_tag} takes it elsewhere")


def _verify_file(
    file: Path,
    heads: tuple[str, ...],
    anchor: str | None,
    git_tag: str | None,
    seals: tuple[str, ...],
    signers: str | None,
    extract: str | None,
    *,
    as_json: bool,
) -> int:
    from runbook_engine.planning.digests import digest_of, leaves
    from runbook_engine.reporting.evidence_checks import Outside, checked

    found = _read(file)
    run = found.evidence.run
    known = [anchoring.head_meant(run, head) for head in heads]
    known += (anchoring.read_anchors(anchor, run) or _no_head(f"The anchor file {anchor}", run)) if anchor else []
    known += (anchoring.tag_anchors(Path.cwd(), git_tag, run) or _no_head(f"The git tag {git_tag}", run)) if git_tag else []
    outside = Outside(seals=tuple(map(_seal_meant, seals)), heads=tuple(known))
    checks = checked(found, _signed(found, signers), lambda plan: (digest_of(plan), leaves(plan)), outside, __version__)
    _tell(str(file), checks, as_json=as_json, text=_file_text(file, found, checks, trusted=bool(signers)))
    if extract:
        _extract(found, Path(extract))
    return int(Exit.DIFFERENT if any(check.wrong for check in checks) else Exit.DONE)


def _read(file: Path) -> "Found":
    from runbook_engine.reporting.evidence_reading import NotEvidence, read

    if file.stat().st_size > LARGEST_BYTES:
        raise Usage(f"{file} is too large for evidence")
    try:
        return read(file.read_bytes())
    except NotEvidence as error:
        mistake = Mistake(
            Place(str(file), 1, 1), f"this file cannot be checked: {error}", "runbook evidence RUN -o FILE makes one"
        )
        raise NotValid([mistake]) from None


def _no_head(where: str, run: RunId) -> list[Seen]:
    raise Usage(f"{where} is not there, or holds no head of {run}", why="Nothing could be compared with it.")


def _seal_meant(text: str) -> str:
    found = _SEAL.fullmatch(text.strip().lower())
    if found is None:
        raise Usage(f"{text[:100]} is no seal", why="A seal is written sha256:…, as runbook evidence prints it.")
    return f"sha256:{found[1]}"


def _signed(found: "Found", file: str | None) -> Callable[[Sealed], str]:
    """What says whether a signature proves its statement, by the keys of the auditor or else those in the file."""
    if file is None and not any(sealed.sealing is Sealing.SIGNED for sealed in found.evidence.statements):
        return lambda _: ""
    known = _trusted(file) if file else _own(found)
    return lambda sealed: known if isinstance(known, str) else _proof(sealed, known)


def _proof(sealed: Sealed, known: "Signers") -> str:
    """Why a signature does not prove that the person said it; empty: it does."""
    from runbook_engine.approving import NotAStatement, statement_of
    from runbook_engine.approving.ssh_signatures import parse, verify
    from runbook_engine.approving.ssh_wire import Malformed

    try:
        statement, signature = statement_of(sealed.body), parse(sealed.signature)
        verify(sealed.body, signature)
    except (Malformed, NotAStatement) as error:
        return str(error)
    signer, key = known.of(signature.key), signature.key.fingerprint
    if signer is None or signature.key.identity in known.revoked:
        return f"the key {key} is not among those that are trusted here"
    return f"the key {key} is {signer.person}'s" if signer.person != statement.by else signer.outside(sealed.received)


def _own(found: "Found") -> "Signers | str":
    """The keys in the file; why they cannot be used, if they cannot."""
    lines = (line for keys in found.evidence.keys.values() for line in keys)
    try:
        return _of_lines("\n".join(lines), "the keys in the file")
    except NotValid as error:
        return f"the keys in the file cannot be used: {error.mistakes[0].message}"


def _trusted(file: str) -> "Signers":
    """Keys from an allowed_signers file, a people.yml or a whole inventory. Raises NotValid, Usage."""
    path = Path(file)
    if not path.exists():
        raise Usage(f"there is no file {file}")
    if path.is_dir():
        return estates_of(path).live().signers
    text = path.read_text(encoding="utf-8")
    return _of_lines("\n".join(_lines_of_people(text, file)) if path.suffix in (".yml", ".yaml") else text, file)


def _lines_of_people(text: str, file: str) -> Iterator[str]:
    """The keys of a people.yml as lines of an allowed_signers file; nothing else of it is looked at."""
    from runbook_engine.loading import read_document
    from runbook_engine.model.approvals import NAMESPACE

    data = read_document(text, file).data
    people = data.get("people", {}) if isinstance(data, dict) else {}
    for person, facts in people.items():
        for key in facts.get("ssh_keys", ()) if isinstance(facts, dict) else ():
            yield f'{person} namespaces="{NAMESPACE}" {key}'


def _of_lines(text: str, file: str) -> "Signers":
    from runbook_engine.approving import signers
    from runbook_engine.approving.signer_lines import Line, allowed_lines
    from runbook_engine.model.estate import Estate, Person

    people = [PersonId(line.principal) for line in allowed_lines(text) if isinstance(line, Line)]
    return signers(Estate(people={name: Person(id=name) for name in people}), text, "", allowed_file=file)


def _file_text(file: Path, found: "Found", checks: "Iterable[Check]", *, trusted: bool) -> str:
    from runbook_engine.reporting.evidence_words import check_lines, limits_lines

    checks = list(checks)
    evidence = found.evidence
    head = f"{file}: evidence of {evidence.run}, made {evidence.made:%Y-%m-%d %H:%M} UTC by {evidence.by}"
    return "\n".join([head, *check_lines(checks), *limits_lines(evidence, checks, trusted=trusted)])


def _tell(what: str, checks: "list[Check]", *, as_json: bool, text: str) -> None:
    from runbook_engine.reporting.evidence_words import verify_data, wrong_lines

    if as_json:
        options.show_json(verify_data(what, checks))
        return
    options.show(text)
    for line in wrong_lines(checks):
        options.say(line)


def _extract(found: "Found", folder: Path) -> None:
    """Write outputs and attachments under names of ours, into a folder that is new."""
    from runbook_engine.cli.projects import write_output

    folder.mkdir(parents=True, exist_ok=False)
    files = [*found.evidence.outputs, *found.evidence.attachments]
    for number, kept in enumerate(files, 1):
        if kept.data is not None:
            plain = "".join(c if c.isascii() and (c.isalnum() or c in "._#@+-") else "_" for c in kept.name)[-120:]
            write_output(kept.data, str(folder / f"{number:05}-{plain}"))
    options.say(f"{len(files)} files are in {folder}")
