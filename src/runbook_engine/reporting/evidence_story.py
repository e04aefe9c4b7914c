"""What the records of an evidence file tell: the events, the plans, and the run as they leave it. Pure."""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, TypeVar

from runbook_engine.model.approvals import Sealed, Statement
from runbook_engine.model.errors import ImpossibleEvent
from runbook_engine.model.events import Event, RunCreated, TaskAnswered
from runbook_engine.model.plan import Plan
from runbook_engine.model.run import Run
from runbook_engine.model.values import dataclass
from runbook_engine.model.wire import from_data
from runbook_engine.model.words import Digest, PersonId, TaskId
from runbook_engine.reporting.evidence_file import Evidence, Kept
from runbook_engine.reporting.naming import package_of
from runbook_engine.running.course import replay

E = TypeVar("E")
_EVENT: Any = Event
_ARMOR = "-----"
_NAMED = re.compile(r"(?:^| )sha256:([0-9a-f]{64})\Z")
FILES = ("photo", "file")  # the kinds of evidence that are files


class NoStory(ValueError):
    """The records cannot be followed, so that there is nothing to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A run as its evidence tells it. Events have their numbers in the journal."""

    evidence: Evidence
    events: tuple[tuple[int, Event], ...]
    created: RunCreated
    plans: Mapping[Digest, Plan]
    plan: Plan  # the one that the run follows in the end
    run: Run

    def of(self, *kinds: type[E]) -> Iterator[tuple[int, E]]:
        """The events of some kinds, in their order."""
        return ((number, event) for number, event in self.events if isinstance(event, kinds))


def told(evidence: Evidence) -> Story:
    """The story of a run. Raises NoStory for records that no run can have written, or that name a plan which is not there."""
    try:
        plans = {digest: plan_of(body) for digest, body in evidence.plans.items()}
        events = tuple((entry.seq, from_data(_EVENT, json.loads(entry.body))) for entry in evidence.records)
        course = replay((event for _, event in events), plans.__getitem__)
    except (ValueError, KeyError, ImpossibleEvent) as error:
        raise NoStory(f"{type(error).__name__}: {error}") from error
    created = events[0][1]
    assert isinstance(created, RunCreated)  # noqa: S101 - a run that was replayed begins with it
    return Story(evidence=evidence, events=events, created=created, plans=plans, plan=course.shape.plan, run=course.run)


def plan_of(body: bytes) -> Plan:
    """A plan as it is stored. Raises WireError, ValueError."""
    plan: Plan = from_data(Plan, json.loads(body))
    return plan


def said(sealed: Sealed) -> Statement | None:
    """What a sealed statement says; None when it cannot be read."""
    try:
        statement: Statement = from_data(Statement, json.loads(sealed.body))
    except ValueError:
        return None
    return statement


def attached(story: Story, digest: str) -> Kept | None:
    """The attachment of that SHA-256."""
    return next((kept for kept in story.evidence.attachments if kept.sha256 == digest), None)


def named_files(plans: Iterable[Plan], event: TaskAnswered) -> Mapping[str, str]:
    """SHA-256 of the photos and files of an answer, by name: `rack.jpg sha256:…`. What is asked for as text is text."""
    kinds = [kind for plan in plans for kind in _evidence_of(plan, event.task)]
    texts = {name for name, kind in kinds if kind not in FILES} - {name for name, kind in kinds if kind in FILES}
    found = {name: _NAMED.search(value) for name, value in event.evidence.items() if name not in texts}
    return {name: match[1] for name, match in found.items() if match}


def _evidence_of(plan: Plan, task: TaskId) -> Iterator[tuple[str, str]]:
    package = package_of(plan, task)
    if package is None:
        return
    back = package.way_back.procedure if package.way_back else None
    for procedure in (package.procedure, back):
        if procedure and procedure.question:
            yield from procedure.question.evidence
    yield from package.evidence


def fingerprint(key: bytes) -> str:
    """A public key as `ssh-keygen -l` names it."""
    return "SHA256:" + b64encode(sha256(key).digest()).decode().rstrip("=")


def signing_key(signature: str) -> str:
    """The fingerprint of the key that an armored signature names; empty when it is none. That it fits is not looked at."""
    lines = [line.strip() for line in signature.strip().splitlines() if not line.startswith(_ARMOR)]
    try:
        data = b64decode("".join(lines), validate=True)
    except ValueError:
        return ""
    length = int.from_bytes(data[10:14])
    return fingerprint(data[14 : 14 + length]) if data.startswith(b"SSHSIG") and length else ""


def owner_of(keys: Mapping[PersonId, tuple[str, ...]], found: str) -> PersonId | None:
    """The person whose key has that fingerprint."""
    return next((person for person, lines in keys.items() for line in lines if found and found in _prints(line)), None)


def _prints(line: str) -> tuple[str, ...]:
    """The fingerprint of the key in a line such as `ssh-ed25519 AAAA… comment`; options may come first."""
    for word in line.split():
        if word.startswith("AAAA"):
            try:
                return (fingerprint(b64decode(word, validate=True)),)
            except ValueError:
                return ()
    return ()


def stamp(at: datetime) -> str:
    """'2026-12-01 21:00:05', in UTC: the same on every machine."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
