"""Whether an evidence file is what it was: what was looked at, and exactly what is wrong. Pure; needs no database."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256

from runbook_engine.model import events as ev
from runbook_engine.model.approvals import Head, Sealed, Sealing
from runbook_engine.model.gates import PhaseCleared
from runbook_engine.model.plan import Plan
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import Digest, PhaseId, RunId
from runbook_engine.recording.chain import Link, extend
from runbook_engine.reporting.evidence_file import Entry, Evidence, Kept, rehearsal_digest, statement_digest
from runbook_engine.reporting.evidence_logs import log_faults
from runbook_engine.reporting.evidence_page import page_of
from runbook_engine.reporting.evidence_reading import Found
from runbook_engine.reporting.evidence_story import NoStory, Story, named_files, plan_of, said, told
from runbook_engine.reporting.words import count

Recomputed = Callable[[Plan], tuple[Digest, Mapping[PhaseId, Digest]]]  # the digest of a plan, and the leaf of each phase
Signed = Callable[[Sealed], str]  # why a signature does not prove what it is to prove; empty: it does


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at: `said` is what was found, `wrong` is each thing that is not as it was."""

    part: str
    said: str
    wrong: tuple[str, ...] = ()
    looked: bool = True  # False: it was not looked at, `said` says why


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What is known from elsewhere: seals, and heads with who or what holds them."""

    seals: tuple[str, ...] = ()
    heads: tuple[tuple[str, Head], ...] = ()


def checked(found: Found, signed: Signed, recomputed: Recomputed, outside: Outside, version: str) -> list[Check]:
    """Everything that can be looked at in an evidence file. `version` is that of the engine that looks."""
    evidence = found.evidence
    checks = [_records(found), _plans(found, recomputed), _statements(found, signed)]
    checks += [_files("outputs", "output", evidence.outputs), _files("attachments", "attachment", evidence.attachments)]
    try:
        story = told(evidence)
        checks += [_named(story), _printed(story), _page(found, story, version)]
    except NoStory as error:
        checks.append(Check(part="story", said="", wrong=(f"the records cannot be followed: {error}",)))
    checks.append(_heads(evidence, [*outside.heads, *seen_in(evidence)]))
    checks.append(_seal(found, outside.seals))
    return [*checks, _file(found, named=any(check.wrong for check in checks))]


def chain_faults(run: RunId, entries: Sequence[Entry]) -> Iterator[str]:
    """Each record that is not what was recorded there, is missing, or stands in the wrong place."""
    expected, previous, known = 1, bytes(32), True
    for entry in entries:
        if entry.seq < expected:
            yield f"record {entry.seq} stands after record {expected - 1}: it was moved, or stands twice"
            continue
        if entry.seq > expected:
            yield missing(expected, entry.seq - 1)
            known = False
        (record,) = extend(run, Link(entry.seq - 1, previous), [entry.body])
        if known and record.hash.hex() != entry.hash:
            yield f"record {entry.seq} is not what was recorded there: it was changed, inserted or moved"
        try:
            previous, known = bytes.fromhex(entry.hash), True
        except ValueError:
            yield f"the hash of record {entry.seq} is none"
            known = False
        expected = entry.seq + 1


def missing(first: int, last: int) -> str:
    """'record 7 is missing', 'records 7 to 9 are missing'."""
    return f"record {first} is missing" if first == last else f"records {first} to {last} are missing"


def seen_in(evidence: Evidence) -> Iterator[tuple[str, Head]]:
    """The heads that people saw when they made their statements."""
    for sealed in evidence.statements:
        statement = said(sealed)
        if statement and statement.seen and statement.seen.run == evidence.run:
            yield f"{statement.by} in the statement {statement.id} ({sealed.sealing.value})", statement.seen


def head_faults(entries: Sequence[Entry], heads: Iterable[tuple[str, Head]]) -> Iterator[str]:
    """Each head held outside that the journal contradicts."""
    hashes = {entry.seq: entry.hash for entry in entries}
    last = max(hashes, default=0)
    for who, head in heads:
        if head.seq > last:
            yield (
                f"the journal ends with record {last}, and {who} has seen record {head.seq}: "
                "its end was cut off, or it comes from an older backup"
            )
        elif head.seq and hashes.get(head.seq) != head.hash:
            yield (
                f"record {head.seq} is not the one that {who} has seen: the journal was rewritten from there or before, "
                "or it is another run of that name"
            )


def _records(found: Found) -> Check:
    evidence = found.evidence
    wrong = list(chain_faults(evidence.run, evidence.records))
    last, named = max((e.seq for e in evidence.records), default=0), found.manifest["head"]
    if last < named["seq"]:
        wrong.append(f"{missing(last + 1, named['seq'])}: the file was made with {count(named['seq'], 'record')}")
    elif evidence.records and (last, evidence.records[-1].hash) != (named["seq"], named["hash"]):
        wrong.append(f"the journal does not end with record {named['seq']} as the file was made")
    told_last = f"head {last}:{evidence.records[-1].hash}" if evidence.records else "none"
    said_ = f"{count(len(evidence.records), 'record')}, each chained to the one before; {told_last}"
    return Check(part="journal", said=said_, wrong=tuple(wrong))


def _plans(found: Found, recomputed: Recomputed) -> Check:
    plans, named = found.evidence.plans, found.manifest["plans"]
    wrong = [f"the plan {digest[:12]} is missing" for digest in named if digest not in plans]
    for digest, body in plans.items():
        wrong += _plan(digest, body, named.get(digest, ""), recomputed)
    return Check(part="plans", said=f"{count(len(plans), 'plan')}, digests computed anew", wrong=tuple(wrong))


def _plan(digest: Digest, body: bytes, named: str, recomputed: Recomputed) -> Iterator[str]:
    name = f"the plan {digest[:12]}"
    if sha256(body).hexdigest() != named:
        yield f"{name} is not what was exported: a byte of it differs"
    try:
        plan = plan_of(body)
        whole, computed = recomputed(plan)
    except (ValueError, KeyError) as error:
        yield f"{name} cannot be read: {error}"
        return
    for phase in plan.phases:
        if computed[phase.id] != phase.leaf:
            yield f"{name} was changed in phase {phase.id}: its digest is another"
    if whole != digest:
        yield f"{name} was changed: its digest is {whole[:12]}"


def _statements(found: Found, signed: Signed) -> Check:
    evidence, wrong = found.evidence, list[str]()
    named = list(found.manifest["statements"])
    for sealed in evidence.statements:
        statement = said(sealed)
        name = f"the statement {statement.id} of {statement.by} ({statement.say})" if statement else "a statement"
        if statement_digest(sealed) in named:
            named.remove(statement_digest(sealed))
        else:
            wrong.append(f"{name} is not one that was exported: it was changed or added")
        problem = signed(sealed) if sealed.sealing is Sealing.SIGNED else ""
        if problem:
            wrong.append(f"the signature of {name}: {problem}")
    if len(evidence.statements) < len(found.manifest["statements"]):
        wrong.append(count(len(found.manifest["statements"]) - len(evidence.statements), "statement") + " missing")
    rehearsed = [rehearsal_digest(made) for made in evidence.rehearsals]
    if rehearsed != found.manifest["rehearsals"]:
        wrong.append("the rehearsals are not those that were exported")
    signatures = sum(sealed.sealing is Sealing.SIGNED for sealed in evidence.statements)
    said_ = f"{count(len(evidence.statements), 'statement')}, {count(signatures, 'signature')} checked"
    unsigned = len(evidence.statements) - signatures
    return Check(part="approvals", said=said_ + (f"; {unsigned} NOT SIGNED" if unsigned else ""), wrong=tuple(wrong))


def _files(part: str, noun: str, files: Sequence[Kept]) -> Check:
    wrong = [
        f"the {noun} {kept.name} is not what was exported: its SHA-256 is another"
        for kept in files
        if kept.data is not None and sha256(kept.data).hexdigest() != kept.sha256
    ]
    wrong += [f"the {noun} {kept.name} is missing" for kept in files if kept.data is None and not kept.note]
    held = sum(kept.data is not None for kept in files)
    left = f"; {len(files) - held} only named: {files_note(files)}" if held < len(files) else ""
    return Check(part=part, said=f"{count(held, noun)} with their SHA-256{left}", wrong=tuple(wrong))


def files_note(files: Sequence[Kept]) -> str:
    """Why files are only named, the first reason that there is."""
    return next((kept.note for kept in files if kept.data is None and kept.note), "not in the file")


def _named(story: Story) -> Check:
    """What the records name must be there: plans, statements, photos and files."""
    there = {kept.sha256 for kept in story.evidence.attachments}
    statements = {statement.id for sealed in story.evidence.statements if (statement := said(sealed))}
    wrong = [
        f"record {number} names {name}={event.evidence[name]} as evidence of {event.task}: that file is not in the evidence"
        for number, event in story.of(ev.TaskAnswered)
        for name, digest in named_files(story.plans.values(), event).items()
        if digest not in there
    ]
    wrong += [
        f"record {number} starts phase {event.phase} on the statement {name}, which is not in the evidence"
        for number, event in story.of(PhaseCleared)
        for name in (*event.statements, *event.glass)
        if name not in statements
    ]
    named = {story.created.digest, *(event.digest for _, event in story.of(ev.PlanAmended))}
    wrong += [f"no record names the plan {digest[:12]}" for digest in story.plans if digest not in named]
    return Check(part="references", said="all that the records name is there", wrong=tuple(wrong))


def _printed(story: Story) -> Check:
    ended = [event for _, event in story.of(ev.AttemptEnded)]
    bound = sum(bool(event.outcome.log) for event in ended)
    words = f"{count(bound, 'attempt')} of {len(ended):,} printed what the journal says"
    return Check(part="printed", said=words, wrong=tuple(log_faults(story)), looked=bool(bound))


def _page(found: Found, story: Story, version: str) -> Check:
    """What people read must be what the records say: the page is made anew and compared."""
    if sha256(found.page).hexdigest() != found.manifest["page"]:
        wrong = ("the page, which people read, was changed after it was made: trust the records, not the page",)
        return Check(part="page", said="", wrong=wrong)
    if version != story.evidence.version:
        words = (
            f"it was made by runbook-engine {story.evidence.version}, this is {version}: that it tells the records is not known"
        )
        return Check(part="page", said=words, looked=False)
    if page_of(story).encode() != found.page:
        wrong = ("the page, which people read, does not say what the records say: trust the records, not the page",)
        return Check(part="page", said="", wrong=wrong)
    return Check(part="page", said="what people read is what the records say")


def _heads(evidence: Evidence, heads: Sequence[tuple[str, Head]]) -> Check:
    if not heads:
        words = "nothing that is held outside was compared: give --head SEQ:HASH or --anchor FILE"
        return Check(part="head", said=words, looked=False)
    faults = tuple(head_faults(evidence.records, heads))
    return Check(part="head", said=f"agrees with {count(len(heads), 'head')} held outside", wrong=faults)


def _seal(found: Found, seals: Sequence[str]) -> Check:
    if not seals:
        words = f"not compared: give --seal with what was kept elsewhere. This file has sha256:{found.seal}"
        return Check(part="seal", said=words, looked=False)
    wrong = tuple(f"the seal is sha256:{found.seal}, not {seal}" for seal in seals if seal != f"sha256:{found.seal}")
    return Check(part="seal", said="it is the one that was kept elsewhere", wrong=wrong)


def _file(found: Found, *, named: bool) -> Check:
    wrong = list(found.damaged)
    if found.stated_seal != found.seal:
        wrong.append("the manifest was changed after the file was made: its SHA-256 is another")
    if found.lines != found.manifest["lines"] and not (wrong or named):
        wrong.append("the lines of records are not those of the manifest: something was added, removed or written otherwise")
    return Check(part="file", said="nothing in it was changed since it was made", wrong=tuple(wrong))
