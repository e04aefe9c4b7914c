"""What statements do to each other: given twice, taken back. The order in which they come makes no difference."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from runbook_engine.approving.statements import NotAStatement
from runbook_engine.approving.voices import Court, Heard, judged
from runbook_engine.model.approvals import Say, Sealed, Sealing, Voice
from runbook_engine.model.words import PersonId

_Takers = Mapping[tuple[PersonId, str], tuple[Voice, ...]]


def heard(sealed: Sequence[Sealed], court: Court) -> tuple[Heard, ...]:
    """Every statement with what the others do to it: repeated ones and those that were taken back do not count.

    Bytes that are no statement are left out; whoever takes statements in refuses those.
    """
    found = tuple(_once(sorted(_readable(sealed, court), key=_rank)))
    takers = _revocations(found)
    return tuple(_unless_taken_back(entry, takers) for entry in found)


def _readable(sealed: Sequence[Sealed], court: Court) -> Iterator[Heard]:
    for one in sealed:
        try:
            yield judged(one, court)
        except NotAStatement:
            continue


def _rank(entry: Heard) -> tuple[bool, datetime, bytes, str]:
    """Of several with one id, a signed one is the one that is meant; then the one that came first."""
    sealed = entry.sealed
    return sealed.sealing is not Sealing.SIGNED, sealed.received, sealed.body, sealed.signature


def _once(found: Sequence[Heard]) -> Iterator[Heard]:
    """Ids count once. Only what its person really said uses one up, so that nobody can spoil another's."""
    used: dict[str, bytes] = {}
    for entry in found:
        name, body = entry.voice.statement.id, entry.sealed.body
        first = used.get(name)
        if first is not None:
            yield _worth_nothing(
                entry, "it was given before" if first == body else "its id was used before, for something else"
            )
            continue
        if entry.authentic:
            used[name] = body
        yield entry


def _worth_nothing(entry: Heard, reason: str) -> Heard:
    return entry if entry.voice.not_counted else replace(entry, voice=replace(entry.voice, not_counted=reason))


def _revocations(found: Sequence[Heard]) -> _Takers:
    """What was taken back, by the same person: a revocation names an id, so it is later than what it names."""
    takers: dict[tuple[PersonId, str], tuple[Voice, ...]] = {}
    for entry in found:
        said = entry.voice.statement
        if said.say is Say.REVOKE and not entry.voice.not_counted:
            target = (said.by, said.revokes)
            takers[target] = (*takers.get(target, ()), entry.voice)
    return takers


def _unless_taken_back(entry: Heard, takers: _Takers) -> Heard:
    said = entry.voice.statement
    strong = stronger(entry.voice)
    by = next((t for t in takers.get((said.by, said.id), ()) if said.say is not Say.REVOKE and strong(t)), None)
    if by is None:
        return entry
    why = f": {by.statement.reason}" if by.statement.reason else ""
    return _worth_nothing(entry, f"{said.by} took it back on {by.statement.at:%Y-%m-%d %H:%M} UTC{why}")


def stronger(than: Voice) -> Callable[[Voice], bool]:
    """Whether another voice is enough to overrule this one: what was signed, only a signature takes back."""
    return lambda other: than.sealing is not Sealing.SIGNED or other.sealing is Sealing.SIGNED
