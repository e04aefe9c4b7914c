"""The outputs in an evidence file against the journal: the end of each attempt says what its log held. Pure."""

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from runbook_engine.model import events as ev
from runbook_engine.model.words import AttemptId, TaskId
from runbook_engine.reporting.evidence_file import Kept
from runbook_engine.reporting.evidence_story import Story
from runbook_engine.workers import Logs

_BEGINS = re.compile(rb"^\S+ == attempt [^\n]*\n", re.MULTILINE)
_LOGS = Logs(Path("/"))


def log_name(task: TaskId) -> str:
    """The name of a task's log in the evidence, as in the folder of the run."""
    return str(_LOGS.path(task)).lstrip("/")


def log_faults(story: Story) -> Iterator[str]:
    """Each output that is not what the end of its attempt says, or is not there. One that is only named is passed over."""
    outputs = {kept.name: kept for kept in story.evidence.outputs}
    known: dict[str, frozenset[str]] = {}
    for number, event in story.of(ev.AttemptEnded):
        if not event.outcome.log:
            continue
        name = log_name(event.task)
        if name not in known:
            known[name] = _parts(outputs, name)
        if name not in outputs:
            yield f"record {number} names the output of {event.task}: it is not in the evidence"
        elif (data := outputs[name].data) is None or event.outcome.log in known[name]:
            continue
        elif event.outcome.log not in _torn(data, event.attempt):
            yield f"the output {name} is not what record {number} says that {event.attempt} printed"


def _parts(outputs: Mapping[str, Kept], name: str) -> frozenset[str]:
    """SHA-256 of what each attempt wrote into a log, from its first line to the first of the next."""
    data = outputs[name].data if name in outputs else None
    if data is None:
        return frozenset()
    begins = [match.start() for match in _BEGINS.finditer(data)]
    return frozenset(sha256(data[a:b]).hexdigest() for a, b in zip(begins, [*begins[1:], len(data)], strict=True))


def _torn(data: bytes, attempt: AttemptId) -> frozenset[str]:
    """The same for an attempt that begins in the middle of a line, which an engine that died could not write to its end."""
    begins = re.finditer(rb"[0-9T:.-]{23}Z == attempt [^\n]*, %b\n" % re.escape(attempt.encode()), data)
    parts = (data[found.start() :] for found in begins)
    return frozenset(sha256(part[: _end(part)]).hexdigest() for part in parts)


def _end(part: bytes) -> int:
    """Where the next attempt begins."""
    found = _BEGINS.search(part, part.index(b"\n"))
    return found.start() if found else len(part)
