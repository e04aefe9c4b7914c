"""What a plan says of dates, lags and people for whoever schedules it: in a few words, and as data."""

from collections.abc import Collection, Iterator
from datetime import UTC
from typing import Any

from runbook_engine.model.plan import Package, PlannedPhase
from runbook_engine.model.runbook import Deadline, Lag
from runbook_engine.model.words import PackageId
from runbook_engine.reporting.words import day_or_moment, duration

Data = dict[str, Any]


def everywhere(sites: Collection[str]) -> str:
    """What is said of a day that counts at several sites: it must have begun at all of them."""
    return " (at all its sites)" if len(sites) > 1 else ""


def date_words(of: Package | PlannedPhase, sites: Collection[str] = ()) -> Iterator[str]:
    """'not before Tue 1 Dec 2026', 'deadline Fri 18 Dec 2026, if possible'. `sites`: those of a phase."""
    if of.earliest is not None:
        yield f"not before {day_or_moment(of.earliest, UTC)}{everywhere(sites)}"
    if of.deadline is not None:
        yield f"deadline {day_or_moment(of.deadline.by, UTC)}{', if possible' if of.deadline.soft else ''}"


def planned_notes(package: Package) -> Iterator[str]:
    """What is to be known of a step besides what it does."""
    yield from date_words(package)
    for edge in package.needs:
        if edge.lag is not None:
            yield _lag_words(edge.lag, _step(edge.before))
    if package.takes is not None and package.takes.pausable:
        yield "may rest and go on"
    if package.same_people_as:
        yield f"by the people of {_steps(package.same_people_as)}"
    if package.other_people_than:
        yield f"by other people than {_steps(package.other_people_than)}"
    if package.on_site_said is not None:
        yield "on site" if package.on_site_said else "from anywhere"


def _lag_words(lag: Lag, step: str) -> str:
    """'starts 30m to 2h after the end of swap/pull', 'ends not before the start of …', 'starts 10m before the end of …'."""
    before, after = lag.kind.value.split("-")
    verb, of = "ends" if after == "finish" else "starts", f"the {'end' if before == 'finish' else 'start'} of {step}"
    least, side = duration(abs(lag.lag_s)), "after" if lag.lag_s >= 0 else "before"
    if lag.at_most_s is None:
        return f"{verb} {least} {side} {of}" if lag.lag_s else f"{verb} not before {of}"
    most = duration(lag.at_most_s)
    if lag.lag_s < 0:
        return f"{verb} from {least} before {of} to {most} after it"
    return f"{verb} {least} to {most} after {of}" if lag.lag_s else f"{verb} at most {most} after {of}"


def _steps(packages: tuple[PackageId, ...]) -> str:
    return ", ".join(dict.fromkeys(map(_step, packages)))


def _step(package: PackageId) -> str:
    return package.partition("#")[0]


def deadline_data(deadline: Deadline | None) -> Data | None:
    """`by` and `soft`, or null."""
    return {"by": deadline.by.isoformat(), "soft": deadline.soft} if deadline else None


def lag_data(lag: Lag | None) -> Data | None:
    """`kind`, `lag_s` (less than 0: a lead), `at_most_s`; or null."""
    return {"kind": lag.kind.value, "lag_s": lag.lag_s, "at_most_s": lag.at_most_s} if lag else None


def planned_data(package: Package) -> Data:
    """What is to be known of a step besides what it does."""
    return {
        "uses": [{"resource": name, "amount": amount} for name, amount in package.uses.items()],
        "earliest": package.earliest.isoformat() if package.earliest else None,
        "deadline": deadline_data(package.deadline),
        "milestone": package.milestone,
        "same_people_as": list(dict.fromkeys(map(_step, package.same_people_as))),
        "other_people_than": list(dict.fromkeys(map(_step, package.other_people_than))),
        "on_site": package.on_site,
    }
