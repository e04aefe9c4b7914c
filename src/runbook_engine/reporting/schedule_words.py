"""What a schedule comes to, in words: when it is over, how good it is, who is meant, when something is."""

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo

from rich.cells import cell_len

from runbook_engine.model.schedule import Booking, Schedule
from runbook_engine.model.times import Span, day_ended
from runbook_engine.model.words import PersonId
from runbook_engine.reporting.folding import fold_hosts
from runbook_engine.reporting.harmless import one_line
from runbook_engine.reporting.svg_text import cut
from runbook_engine.reporting.time_scale import since
from runbook_engine.reporting.words import duration, listed, moment, month_day, zone_if_twice, zone_name

Names = Mapping[PersonId, str]
ESTIMATES_SHOWN = 20
HOSTS_CELLS = 16  # the names of hosts beside a title; longer ones are counted
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def summary(schedule: Schedule, zone: tzinfo = UTC) -> str:
    """'Done Thu 10 Dec 16:20, one day before the deadline; at most 3 % from the best possible'."""
    return f"Done {end_words(schedule, zone)}; {bound_words(schedule)}"


def end_words(schedule: Schedule, zone: tzinfo = UTC) -> str:
    """When it is over: 'Thu 10 Dec 16:20, one day before the deadline'."""
    return ", ".join(filter(None, (_end(schedule, zone), deadline_words(schedule, zone))))


def _end(schedule: Schedule, zone: tzinfo) -> str:
    if schedule.abstract:
        return f"after {minutes_words(schedule.finish, schedule.start)}"
    return until(schedule.finish, zone)


def minutes_words(moment_: datetime, start: datetime) -> str:
    """'1 minute', '43 minutes': how long after the start."""
    minutes = (moment_ - start).total_seconds() / 60
    return f"{minutes:,g} minute{'' if minutes == 1 else 's'}"


def deadline_words(schedule: Schedule, zone: tzinfo = UTC) -> str:
    """'one day before the deadline', '3h 20m AFTER the deadline of Fri 11 Dec 24:00'; empty where there is none.

    One that is only wished is called so.
    """
    if schedule.deadline is None:
        return ""
    what = deadline_name(schedule)
    left = (schedule.deadline - schedule.finish).total_seconds()
    if left < 0:
        return f"{_roughly(-left)} AFTER the {what} of {until(schedule.deadline, zone)}"
    return f"{_roughly(left)} before the {what}" if left else f"at the {what}"


def deadline_name(schedule: Schedule) -> str:
    """'deadline', or 'wished deadline' for one that nobody is held to."""
    return "wished deadline" if schedule.deadline_soft else "deadline"


def _roughly(seconds: float) -> str:
    """Whole days from one day on; hours and minutes below."""
    days = int(seconds // 86400)
    if not days:
        return duration(seconds)
    return f"{NUMBERS[days] if days < len(NUMBERS) else days} day{'' if days == 1 else 's'}"


def estimates_text(estimates: Mapping[str, str]) -> str:
    """Which durations nobody stated, by package, and where they come from; empty where all are stated."""
    told = list(estimates.items())
    if not told:
        return ""
    lines = [f"  {one_line(package)}: {one_line(words)}" for package, words in told[:ESTIMATES_SHOWN]]
    more = [f"  … and {len(told) - ESTIMATES_SHOWN} more"] if len(told) > ESTIMATES_SHOWN else []
    return "\n".join(["Durations that the author did not state", *lines, *more])


def bound_words(schedule: Schedule) -> str:
    """How far its end is from the best possible at most, or that no schedule is over earlier, whatever it was made for."""
    if schedule.optimal:
        return "proved: no schedule is over earlier"
    percent = gap_percent(schedule)
    if percent is None:
        return "how far from the best possible is not known"
    if percent == 0:
        return "no schedule is over a minute earlier"
    shown = math.ceil(percent * 10) / 10 if percent < 10 else math.ceil(percent)
    best = (
        "at most {:g} % from the best possible"
        if schedule.aim == "finish"
        else "its end at most {:g} % from the earliest possible"
    )
    return best.format(shown)


def gap_percent(schedule: Schedule) -> float | None:
    """How much longer than the bound it takes, in percent; None where the bound says nothing."""
    least = (schedule.bound - schedule.start).total_seconds()
    if least <= 0:
        return None if schedule.finish > schedule.bound else 0.0
    return (schedule.finish - schedule.bound).total_seconds() * 100 / least


def when(at: datetime, zone: tzinfo = UTC) -> str:
    """'Thu 10 Dec 16:20': without year and zone, which the text says once. Of hours that come twice the zone is said."""
    local = at.astimezone(zone)
    return f"{month_day(local)} {local:%H:%M}{zone_if_twice(at, zone)}"


def until(at: datetime, zone: tzinfo = UTC) -> str:
    """The same for the end of something: midnight is the end of the day before."""
    ended = day_ended(at, zone)
    return when(at, zone) if ended is None else f"{month_day(ended)} 24:00{zone_if_twice(at, zone)}"


def times(start: datetime, finish: datetime, zone: tzinfo = UTC, *, abstract: bool = False) -> str:
    """'Mon 30 Nov 09:00–09:25', 'Mon 30 Nov 22:00 – Tue 1 Dec 02:00', or minutes from the start.

    Where the clock is changed in between, both are told with their zone: 'Sun 25 Oct 00:00 CEST – 02:00 CET' is three hours.
    """
    if abstract:
        return f"{since(start)}–{since(finish)}"
    if start == finish:
        return when(start, zone)
    first, last = start.astimezone(zone), finish.astimezone(zone)
    if first.utcoffset() != last.utcoffset():
        return _changed(start, finish, zone)
    if first.date() == last.date():
        return f"{when(start, zone)}–{last:%H:%M}{zone_if_twice(finish, zone)}"
    return f"{when(start, zone)} – {until(finish, zone)}"


def _changed(start: datetime, finish: datetime, zone: tzinfo) -> str:
    """From when to when, with the zone of each."""
    one, two = (f" {zone_name(at, zone)}" for at in (start, finish))
    first, last = when(start, zone).removesuffix(one), until(finish, zone).removesuffix(two)
    day = f"{month_day(start.astimezone(zone))} "
    return f"{first}{one} – {last.removeprefix(day)}{two}"


def zone_words(schedule: Schedule, zone: tzinfo) -> str:
    """In which zone its times are, and of which year: 'Mon 30 Nov 2026 09:00 CET'."""
    return moment(schedule.start, zone)


def titled(booking: Booking) -> str:
    """What a booking is called, with its hosts, or its batch, where the title does not say it."""
    title = one_line(booking.title or booking.id, 200)
    batch = booking.package.partition("#")[2]
    if not booking.hosts:
        return f"{title} · batch {batch}" if batch else title
    hosts = fold_hosts(booking.hosts)
    if cell_len(hosts) > HOSTS_CELLS and len(booking.hosts) > 1:
        hosts = f"{len(booking.hosts)} hosts"
    return title if hosts in title else f"{title} · {hosts}"


def fitted(title: str, cells: int) -> str:
    """What a booking is called, in so many cells; its hosts, or its batch, are kept whole."""
    words, dot, end = title.rpartition(" · ")
    room = cells - cell_len(end) - 3
    return cut(title, cells) if not dot or room < 8 else f"{cut(words, room)} · {end}"


def people_words(booking: Booking, names: Names) -> str:
    """'Ana Duarte and Ben Ott'."""
    return listed([name_of(p, names) for p in booking.people])


def name_of(person: PersonId, names: Names) -> str:
    """The name of a person, or the id where no name is known."""
    return one_line(names.get(person) or person, 60)


def work_spans(booking: Booking) -> tuple[Span, ...]:
    """The times at which it is worked on: all of it, or its spells between pauses."""
    return booking.spells or (Span(booking.start, booking.finish),)


def work_s(bookings: Iterable[Booking]) -> float:
    """How much work there is in bookings, without pauses, in seconds, for one person."""
    return sum((span.end - span.start).total_seconds() for b in bookings for span in work_spans(b))


def in_order(bookings: Iterable[Booking]) -> list[Booking]:
    """As they begin."""
    return sorted(bookings, key=lambda b: (b.start, b.finish, b.id))
