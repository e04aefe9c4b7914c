"""Who does what when, as a table: by person, site, window, day or phase; what decides the end; and what has moved."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from rich.cells import cell_len, set_cell_size

from runbook_engine.model.schedule import Booking, Held, Moved, Schedule, held
from runbook_engine.model.words import PersonId, PhaseId
from runbook_engine.reporting.booking_groups import By, grouped
from runbook_engine.reporting.folding import fold_hosts
from runbook_engine.reporting.harmless import one_line, shortened
from runbook_engine.reporting.schedule_words import (
    Names,
    fitted,
    in_order,
    name_of,
    people_words,
    times,
    titled,
    work_s,
    work_spans,
)
from runbook_engine.reporting.words import count, duration, hours_of_work, listed, month_day

TITLE, WHO, WHERE, HOSTS_SHOWN = 44, 34, 24, 3
CHAIN_TITLE, CHAIN_WHO = 32, 24
CHAIN_SHOWN = 40  # bookings of the critical chain
_SIGN = ("●", "*")  # on the critical chain, and its twin in ASCII


def table_text(
    schedule: Schedule,
    by: By,
    *,
    names: Names,
    phases: Mapping[PhaseId, str] | None = None,
    zone: tzinfo = UTC,
    ascii_only: bool = False,
) -> str:
    """A block for each person, site, window, day or phase: a line for each booking, and how many hours they are."""
    blocks = []
    wide = max((len(_times(b, schedule, zone)) for b in schedule.bookings), default=0)
    for key, title, bookings in grouped(schedule, by, phases or {}, names, zone):
        head = f"{_named(key, title, by)}: {count(len(bookings), 'task')}{_hours(bookings, schedule, by, zone)}"
        lines = [_line(b, schedule, by, key, names, zone, wide, _SIGN[ascii_only]) for b in bookings]
        blocks.append("\n".join([head, *lines]))
    return "\n\n".join(blocks)


def _named(key: str, title: str, by: By) -> str:
    if by is By.DAY and key:
        day = date.fromisoformat(key)
        return f"{month_day(day)} {day.year}"
    return f"{title} ({one_line(key)})" if by in (By.PERSON, By.PHASE) and key and title != key else title


def _hours(bookings: Sequence[Booking], schedule: Schedule, by: By, zone: tzinfo) -> str:
    work = work_s(bookings)
    weeks = weekly_hours(bookings, zone)
    if not work or by is By.DAY:
        return ""
    told = f", {hours_of_work(work)}"
    if by is not By.PERSON or schedule.abstract or len(weeks) < 2:
        return told
    return f"{told} ({', '.join(f'week of {month_day(week)} {hours_of_work(seconds)}' for week, seconds in weeks.items())})"


def weekly_hours(bookings: Sequence[Booking], zone: tzinfo) -> dict[date, float]:
    """Seconds of work in each week, by its Monday; what goes on past midnight counts where it is done."""
    found: dict[date, float] = {}
    for booking in in_order(bookings):
        for span in work_spans(booking):
            at = span.start
            while at < span.end:
                day = at.astimezone(zone).date()
                tomorrow = _midnight(day + timedelta(days=1), zone)
                until = min(span.end, tomorrow)
                week = day - timedelta(days=day.weekday())
                found[week] = found.get(week, 0.0) + (until - at).total_seconds()
                at = until
    return found


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _times(booking: Booking, schedule: Schedule, zone: tzinfo) -> str:
    return times(booking.start, booking.finish, zone, abstract=schedule.abstract)


def _line(booking: Booking, schedule: Schedule, by: By, key: str, names: Names, zone: tzinfo, wide: int, sign: str) -> str:
    cells = [f"  {sign if booking.chain else ' '} {_times(booking, schedule, zone):<{wide}}"]
    title = one_line(booking.title or booking.id) if booking.hosts else titled(booking)  # hosts have a column of their own
    cells += [set_cell_size(fitted(title, TITLE), TITLE)]
    where = [fold_hosts(booking.hosts, most=HOSTS_SHOWN)] if booking.hosts else []
    where += [one_line(booking.site)] if booking.site and by is not By.SITE else []
    if by is By.PERSON:
        return "  ".join([*cells, _padded(", ".join(where), WHERE), _with(booking, key, names)]).rstrip()
    return "  ".join([*cells, _padded(people_words(booking, names), WHO), ", ".join(where)]).rstrip()


def _with(booking: Booking, person: str, names: Names) -> str:
    others = [name_of(p, names) for p in booking.people if p != person]
    return f"with {listed(others)}" if others else ""


def _padded(text: str, cells: int) -> str:
    text = shortened(text, cells)
    return text + " " * max(0, cells - cell_len(text))


def chain_text(schedule: Schedule, zone: tzinfo = UTC, *, names: Names) -> str:
    """What decides the end, in its order: when, why then, and how much earlier the end would be without it."""
    chain = [b for b in in_order(schedule.bookings) if b.chain]
    if not chain:
        return ""
    wide = max(len(_times(b, schedule, zone)) for b in chain)
    lines = [
        f"Critical chain: {count(len(chain), 'task')}; a delay here moves the end",
        "  drag: so much earlier were the end without it; slack: so much later could it be over, people and things aside",
        *(_chain_line(b, schedule, zone, names, wide) for b in chain[:CHAIN_SHOWN]),
    ]
    if len(chain) > CHAIN_SHOWN:
        lines.append(f"  … and {len(chain) - CHAIN_SHOWN} more: see --json")
    return "\n".join(lines)


def _chain_line(booking: Booking, schedule: Schedule, zone: tzinfo, names: Names, wide: int) -> str:
    title = set_cell_size(fitted(titled(booking), CHAIN_TITLE), CHAIN_TITLE)
    numbers = f"drag {duration(booking.drag_s):<7} slack {duration(booking.slack_s):<7}"
    why = one_line(booking.why) if booking.why not in ("", "nothing") else "at once"
    who = _padded(people_words(booking, names), CHAIN_WHO)
    return f"  {_times(booking, schedule, zone):<{wide}}  {title}  {numbers}  {who}  {why}".rstrip()


def moved_text(moved: Sequence[Moved], names: Names, zone: tzinfo = UTC) -> str:
    """What differs from the schedule that was booked, and who must be told: each person with what changes for them."""
    if not moved:
        return "The same as the booked schedule: nobody needs to be told anything."
    told = told_by_person(moved)
    lines = [f"{count(len(moved), 'task')} moved against the booked schedule", *(f"  {_moved(m, names, zone)}" for m in moved)]
    if not told:
        return "\n".join(lines)
    lines += ["", f"To be told: {listed([name_of(p, names) for p in told])}"]
    for person, some in told.items():
        lines += [f"  {name_of(person, names)}", *(f"    {_for_one(person, m, zone)}" for m in some)]
    return "\n".join(lines)


def told_by_person(moved: Sequence[Moved]) -> dict[PersonId, list[Moved]]:
    """Who must be told of what: those who did it before, and those who do it now."""
    found: dict[PersonId, list[Moved]] = {}
    for entry in moved:
        sides = [side.people for side in (entry.before, entry.after) if side]
        for person in dict.fromkeys(p for people in sides for p in people):
            found.setdefault(person, []).append(entry)
    return dict(sorted(found.items()))


def _moved(moved: Moved, names: Names, zone: tzinfo) -> str:
    title = _title(moved)
    if moved.before is None or moved.after is None:
        side = moved.after or moved.before
        words = times(side.start, side.finish, zone) if side else ""
        return f"{title}: {'is new' if moved.before is None else 'is gone'} ({words})"
    parts = []
    if (moved.before.start, moved.before.finish) != (moved.after.start, moved.after.finish):
        before, after = moved.before, moved.after
        parts.append(f"{times(before.start, before.finish, zone)} -> {times(after.start, after.finish, zone)}")
    if set(moved.before.people) != set(moved.after.people):
        before_, after_ = (people_words(b, names) or "nobody" for b in (moved.before, moved.after))
        parts.append(f"{before_} -> {after_}")
    return f"{title}: {'; '.join(parts)}"


def _title(moved: Moved) -> str:
    side = moved.after or moved.before
    return titled(side) if side else one_line(moved.title or moved.id)


def _for_one(person: PersonId, moved: Moved, zone: tzinfo) -> str:
    title = _title(moved)
    before = moved.before if moved.before and person in moved.before.people else None
    after = moved.after if moved.after and person in moved.after.people else None
    if after and not before:
        return f"new: {title}, {times(after.start, after.finish, zone)}"
    if before and not after:
        return f"no longer: {title}, {times(before.start, before.finish, zone)}"
    words = [times(b.start, b.finish, zone) for b in (before, after) if b]
    if len(set(words)) == 1:
        return f"with other people: {title}, {words[0]}"
    return f"{title}: {' -> '.join(words)}"


def conflicts_of(
    schedule: Schedule, others: Sequence[Schedule]
) -> Iterator[tuple[Booking, Schedule, Booking, tuple[PersonId, ...]]]:
    """Where people are booked twice: a booking, the other schedule, its booking, and who."""
    by_person: dict[PersonId, list[tuple[Schedule, Booking]]] = {}
    for other in others:
        for booking in other.bookings:
            for person in booking.people:
                by_person.setdefault(person, []).append((other, booking))
    for booking in in_order(schedule.bookings):
        near = {(id(o), b.id): (o, b) for p in booking.people for o, b in by_person.get(p, ()) if _overlap(booking, b)}
        for other, found in near.values():
            yield booking, other, found, tuple(p for p in booking.people if p in found.people)


def _overlap(one: Booking, two: Booking) -> bool:
    return any(a.start < b.end and b.start < a.end for a in work_spans(one) for b in work_spans(two))


def meetings_of(schedule: Schedule, others: Sequence[Schedule]) -> Iterator[tuple[Held, Schedule, Held]]:
    """Where a phase and one of another schedule would have the same hosts at the same time."""
    mine = held(schedule)
    for other in others:
        for theirs in held(other):
            for own in mine:
                apart = own.span.end <= theirs.span.start or theirs.span.end <= own.span.start
                if not apart and not own.hosts.isdisjoint(theirs.hosts):
                    yield own, other, theirs


def conflict_text(schedule: Schedule, others: Sequence[Schedule], names: Names, zone: tzinfo = UTC) -> str:
    """Each double booking, of people and of hosts, in one line that names both sides; empty when there is none."""
    lines = []
    for own, other, held_too in meetings_of(schedule, others):
        both = fold_hosts(sorted(own.hosts & held_too.hosts), most=5)
        lines.append(
            f"{both}: phase {own.phase} of {schedule.runbook} ({times(own.span.start, own.span.end, zone)}) and phase "
            f"{held_too.phase} of {other.runbook} ({times(held_too.span.start, held_too.span.end, zone)}) cannot both "
            "have them: whichever begins first keeps them until it ends"
        )
    for mine, other, theirs, people in conflicts_of(schedule, others):
        who = listed([name_of(p, names) for p in people])
        is_ = "is" if len(people) == 1 else "are"
        lines.append(
            f"{who} {is_} booked twice: {titled(mine)} of {schedule.runbook} ({times(mine.start, mine.finish, zone)}) "
            f"and {titled(theirs)} of {other.runbook} ({times(theirs.start, theirs.finish, zone)})"
        )
    return "\n".join(lines)
