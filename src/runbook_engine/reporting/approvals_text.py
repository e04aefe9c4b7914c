"""Who must still approve what, who has, what it covers, and the command for each."""

from collections.abc import Iterator, Sequence
from datetime import UTC, tzinfo
from typing import Any

from runbook_engine.model.approvals import Needed, Sealing, Standing, Voice
from runbook_engine.model.plan import Plan, PlannedPhase
from runbook_engine.reporting.harmless import one_line
from runbook_engine.reporting.words import clock_time, count, day

JSON_FORMAT = 1


def approvals_text(plan: Plan, standings: Sequence[Standing], file: str, loosened: Sequence[str], zone: tzinfo = UTC) -> str:
    """The whole picture, phase by phase; `loosened`: what the policy gives up."""
    lines = [f"{one_line(plan.title)} (plan {plan.digest[:12]})"]
    lines += [f"NOTE: {one_line(words)}" for words in loosened]
    for number, (phase, standing) in enumerate(zip(plan.phases, standings, strict=True), 1):
        lines += [
            "",
            f"{number}  {one_line(phase.title)} ({phase.id})   {_word(standing)}",
            *_of_phase(phase, standing, file, zone),
        ]
    return "\n".join(lines)


def _word(standing: Standing) -> str:
    if standing.rejected:
        return "REJECTED"
    missing = sum(need.missing for need in standing.needed)
    if missing:
        return f"{count(missing, 'approval')} missing"
    return "approved" if standing.needed else "needs no approval"


def _of_phase(phase: PlannedPhase, standing: Standing, file: str, zone: tzinfo) -> Iterator[str]:
    for voice in standing.rejected:
        yield f"   REJECTED  {_voice(voice, zone)}{_because(voice)}"
    for need in standing.needed:
        yield from _needed(phase, need, file, zone)
    for voice in standing.asked:
        yield f"   question  {_voice(voice, zone)}{_because(voice)}"
    for voice in standing.glass:
        yield f"   BREAK GLASS  {_voice(voice, zone)}{_because(voice)}"
    for voice in standing.ignored:
        yield f"   not counted: {voice.statement.say} by {_voice(voice, zone)}: {one_line(voice.not_counted)}"


def _needed(phase: PlannedPhase, need: Needed, file: str, zone: tzinfo) -> Iterator[str]:
    wanted = need.requirement
    number = f"{wanted.count} of " if wanted.count > 1 else ""
    yield f"   {number}{one_line(wanted.by)}: {one_line(wanted.why)}"
    for voice in need.given:
        own = f"; OWN CHANGE: {one_line(voice.own)}" if voice.own else ""
        yield f"     ✓ {_voice(voice, zone)}, counts until {_moment(voice, zone)}{own}"
    if need.missing:
        who = ", ".join(need.may) or "nobody who may is known to the inventory"
        yield f"     – {need.missing} missing; may: {one_line(who)}"
        yield f"       runbook approve {file} --phase {phase.id}"


def _voice(voice: Voice, zone: tzinfo) -> str:
    said = voice.statement
    at = said.at.astimezone(zone)
    how = (
        f"signed with {voice.key}"
        if voice.sealing is Sealing.SIGNED
        else f"{voice.sealing}, typed by {one_line(voice.typed_by)}"
    )
    return f"{said.by} on {day(at)} {clock_time(said.at, zone)} ({how}, id {said.id[:8]})"


def _because(voice: Voice) -> str:
    return f": {one_line(voice.statement.reason, 400)}" if voice.statement.reason else ""


def _moment(voice: Voice, zone: tzinfo) -> str:
    until = voice.statement.until
    return f"{day(until.astimezone(zone))} {clock_time(until, zone)}"


def approvals_data(plan: Plan, standings: Sequence[Standing], loosened: Sequence[str]) -> dict[str, Any]:
    """The same for programs."""
    return {
        "format": JSON_FORMAT,
        "plan": plan.digest,
        "loosened": list(loosened),
        "phases": [_phase_data(phase, standing) for phase, standing in zip(plan.phases, standings, strict=True)],
    }


def _phase_data(phase: PlannedPhase, standing: Standing) -> dict[str, Any]:
    return {
        "phase": phase.id,
        "leaf": phase.leaf,
        "may_start": standing.may_start,
        "needed": [
            {
                "by": need.requirement.by,
                "count": need.requirement.count,
                "why": need.requirement.why,
                "missing": need.missing,
                "may": list(need.may),
                "given": [_voice_data(voice) for voice in need.given],
            }
            for need in standing.needed
        ],
        **{
            name: [_voice_data(voice) for voice in getattr(standing, name)]
            for name in ("rejected", "asked", "glass", "ignored")
        },
    }


def _voice_data(voice: Voice) -> dict[str, Any]:
    said = voice.statement
    return {
        "id": said.id,
        "say": said.say.value,
        "by": said.by,
        "at": said.at.isoformat(),
        "until": said.until.isoformat(),
        "reason": said.reason,
        "sealing": voice.sealing.value,
        "key": voice.key,
        "typed_by": voice.typed_by,
        "not_counted": voice.not_counted,
    }
