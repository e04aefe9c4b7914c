"""How each phase of a plan stands: who must still approve it, who has, who rejects it, and what does not count and why."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from runbook_engine.approving.people import may, people_of
from runbook_engine.approving.together import heard, stronger
from runbook_engine.approving.voices import Court, Heard, age_s, covers, own
from runbook_engine.approving.wanted import requirements
from runbook_engine.approving.whose_keys import Signers
from runbook_engine.model.approvals import Needed, Requirement, Say, Sealed, Standing, Voice
from runbook_engine.model.estate import Estate
from runbook_engine.model.plan import Plan, PlannedPhase
from runbook_engine.model.policy import Policy
from runbook_engine.model.words import PersonId, PhaseId


def standing(
    plan: Plan,
    sealed: Sequence[Sealed],
    estate: Estate,
    policy: Policy,
    signers: Signers,
    now: datetime,
    executor: PersonId | frozenset[PersonId] | None,
) -> tuple[Standing, ...]:
    """How each phase stands, in the order of the plan. Raises Refused for a rule of the plan that cannot be read.

    A quorum counts different people with different keys. Of what a person says of a phase the latest counts; a rejection
    wins a tie. The order in which the statements came in makes no difference.
    """
    court = Court(plan=plan, estate=estate, policy=policy, signers=signers, now=now, executor=executor)
    everything = heard(sealed, court)
    wanted = requirements(plan, estate, policy)
    return tuple(_of_phase(phase, everything, [r for r in wanted if r.phase == phase.id], court) for phase in plan.phases)


def _of_phase(phase: PlannedPhase, everything: Sequence[Heard], wanted: Sequence[Requirement], court: Court) -> Standing:
    about = [_for_phase(entry, phase) for entry in everything if _names(entry, phase.id, everything)]
    counted = [entry for entry in about if not entry.voice.not_counted]
    approvals, overtaken = _latest(counted)
    rejected = [entry for entry in counted if entry.voice.statement.say is Say.REJECT and not _lifted(entry, counted)]
    needed = tuple(_needed(requirement, approvals, court) for requirement in wanted)
    useless = [_why_useless(entry, needed, court) for entry in approvals if not _used(entry, needed)]
    nothing = [entry for entry in about if entry.voice.not_counted]
    return Standing(
        phase=phase.id,
        needed=needed,
        rejected=_voices(rejected),
        asked=_voices(entry for entry in counted if entry.voice.statement.say is Say.ASK and not _answered(entry, counted)),
        ignored=_voices([*nothing, *overtaken, *useless]),
        glass=_voices(entry for entry in counted if entry.voice.statement.say is Say.BREAK_GLASS),
    )


def _voices(entries: Iterable[Heard]) -> tuple[Voice, ...]:
    return tuple(entry.voice for entry in sorted(entries, key=_when))


def _when(entry: Heard) -> tuple[datetime, str]:
    return entry.voice.statement.at, entry.voice.statement.id


def _names(entry: Heard, phase: PhaseId, everything: Sequence[Heard]) -> bool:
    """Whether a statement is about the phase; a revocation is about the phases of what it takes back."""
    said = entry.voice.statement
    if said.say is not Say.REVOKE:
        return phase in said.phases
    return any(other.voice.statement.id == said.revokes and phase in other.voice.statement.phases for other in everything)


def _for_phase(entry: Heard, phase: PlannedPhase) -> Heard:
    if entry.voice.not_counted or entry.voice.statement.say is Say.REVOKE or covers(entry.voice.statement, phase):
        return entry
    return _ignored(entry, "the phase has changed since")


def _ignored(entry: Heard, reason: str) -> Heard:
    return replace(entry, voice=replace(entry.voice, not_counted=reason))


def _latest(counted: Sequence[Heard]) -> tuple[list[Heard], list[Heard]]:
    """The approvals that hold, one a person, and those that something later of the same person has overtaken."""
    holding: dict[PersonId, Heard] = {}
    overtaken: list[Heard] = []
    for entry in sorted((e for e in counted if e.voice.statement.say is Say.APPROVE), key=_when, reverse=True):
        said = entry.voice.statement
        if any(_rejects_after(other, entry) for other in counted):
            overtaken.append(_ignored(entry, f"{said.by} rejected the phase later"))
        elif said.by in holding:
            overtaken.append(_ignored(entry, f"{said.by} approved again later, and that counts"))
        else:
            holding[said.by] = entry
    return sorted(holding.values(), key=_when), overtaken


def _rejects_after(other: Heard, approval: Heard) -> bool:
    one, two = other.voice.statement, approval.voice.statement
    if one.say is not Say.REJECT or one.by != two.by:
        return False
    return one.at >= two.at or not stronger(other.voice)(approval.voice)


def _lifted(rejection: Heard, counted: Sequence[Heard]) -> bool:
    """Whether the same person approved later, and at least as surely."""
    said, strong = rejection.voice.statement, stronger(rejection.voice)
    later = (e.voice for e in counted if e.voice.statement.by == said.by and e.voice.statement.at > said.at)
    return any(voice.statement.say is Say.APPROVE and strong(voice) for voice in later)


def _answered(question: Heard, counted: Sequence[Heard]) -> bool:
    """Whether who asked has decided since."""
    said = question.voice.statement
    others = (e.voice.statement for e in counted if e.voice.statement.by == said.by)
    return any(s.say in (Say.APPROVE, Say.REJECT) and s.at > said.at for s in others)


def _needed(requirement: Requirement, approvals: Sequence[Heard], court: Court) -> Needed:
    people = people_of(requirement.by, court.estate)
    given: dict[PersonId, Voice] = {}
    keys: set[str] = set()
    for entry in approvals:
        who, key = entry.voice.statement.by, entry.voice.key
        if who in people and key not in keys and not _too_old(requirement, entry, court):
            given[who] = entry.voice
            keys |= {key} - {""}
    could = (person for person in sorted(people) if person not in given and not _kept_from(person, court))
    return Needed(requirement=requirement, given=tuple(given.values()), may=tuple(could))


def _too_old(requirement: Requirement, entry: Heard, court: Court) -> bool:
    age = age_s(entry.voice.statement, entry.sealed.received, court.now)
    return requirement.expires_s is not None and age >= requirement.expires_s


def _kept_from(person: PersonId, court: Court) -> str:
    """Why a person's approval would not count, whatever they sign."""
    if person not in court.estate.people:
        return f"{person} is nobody in the inventory"
    not_own = "" if court.policy.self_approval else own(person, court)
    return not_own or may(person, "approve", court.policy, court.estate)


def _used(entry: Heard, needed: Sequence[Needed]) -> bool:
    return any(entry.voice in need.given for need in needed)


def _why_useless(entry: Heard, needed: Sequence[Needed], court: Court) -> Heard:
    who = entry.voice.statement.by
    asked = [n.requirement for n in needed if who in people_of(n.requirement.by, court.estate)]
    old = next((r for r in asked if _too_old(r, entry, court)), None)
    if old is not None:
        return _ignored(entry, f"it has expired: as {old.by} it counts for {_hours(old.expires_s or 0.0)}")
    return _ignored(entry, "its key has spoken for somebody else here" if asked else f"the phase does not need {who}")


def _hours(seconds: float) -> str:
    return f"{seconds / 86400:g} days" if seconds >= 2 * 86400 else f"{seconds / 3600:g} hours"


def people_asked(standings: Iterable[Standing]) -> Mapping[PersonId, tuple[PhaseId, ...]]:
    """Who could still give what is missing, and for which phases."""
    found: dict[PersonId, dict[PhaseId, None]] = {}
    for person, phase in _missing(standings):
        found.setdefault(person, {})[phase] = None
    return {person: tuple(phases) for person, phases in found.items()}


def _missing(standings: Iterable[Standing]) -> Iterator[tuple[PersonId, PhaseId]]:
    for one in standings:
        for need in one.needed:
            if need.missing:
                yield from ((person, one.phase) for person in need.may)
