"""The wording that all reports share: statuses, counts, durations, times. One thing is always called the same."""

from collections.abc import Mapping
from datetime import date, datetime, tzinfo

from runbook_engine.model.runbook import Takes
from runbook_engine.model.times import day_ended
from runbook_engine.model.words import Repeat, Status

STATUS_WORDS: Mapping[Status, str] = {
    Status.NOT_STARTED: "not started",
    Status.RUNNING: "running",
    Status.WAITING: "waiting",
    Status.RETRYING: "retrying",
    Status.OK: "ok",
    Status.SKIPPED: "skipped",
    Status.FAILED: "FAILED",
    Status.REFUSED: "REFUSED",
    Status.UNREACHABLE: "UNREACHABLE",
    Status.UNKNOWN: "UNKNOWN",
    Status.CANCELLED: "cancelled",
    Status.ROLLING_BACK: "rolling back",
    Status.ROLLED_BACK: "rolled back",
    Status.ROLL_BACK_FAILED: "ROLL-BACK FAILED",
}
SYMBOLS: Mapping[Status, tuple[str, str]] = {  # a symbol and its twin in ASCII
    Status.NOT_STARTED: ("·", "."),
    Status.RUNNING: ("▶", ">"),
    Status.WAITING: ("‖", "="),
    Status.RETRYING: ("↻", "~"),
    Status.OK: ("✓", "+"),
    Status.SKIPPED: ("–", "-"),
    Status.FAILED: ("✗", "x"),
    Status.REFUSED: ("⊘", "!"),
    Status.UNREACHABLE: ("↯", "/"),
    Status.UNKNOWN: ("?", "?"),
    Status.CANCELLED: ("■", "#"),
    Status.ROLLING_BACK: ("↶", "<"),
    Status.ROLLED_BACK: ("↩", "u"),
    Status.ROLL_BACK_FAILED: ("‼", "%"),
}
STYLES: Mapping[Status, str] = {  # colours of rich; a word always stands beside them
    Status.NOT_STARTED: "dim",
    Status.RUNNING: "cyan",
    Status.WAITING: "yellow",
    Status.RETRYING: "yellow",
    Status.OK: "green",
    Status.SKIPPED: "green dim",
    Status.FAILED: "bold red",
    Status.REFUSED: "bold red",
    Status.UNREACHABLE: "bold red",
    Status.UNKNOWN: "bold magenta",
    Status.CANCELLED: "red",
    Status.ROLLING_BACK: "yellow",
    Status.ROLLED_BACK: "magenta",
    Status.ROLL_BACK_FAILED: "bold white on red",
}
WORST_FIRST: tuple[Status, ...] = (
    Status.ROLL_BACK_FAILED,
    Status.UNKNOWN,
    Status.FAILED,
    Status.UNREACHABLE,
    Status.REFUSED,
    Status.CANCELLED,
    Status.ROLLING_BACK,
    Status.ROLLED_BACK,
    Status.WAITING,
    Status.RETRYING,
    Status.RUNNING,
    Status.NOT_STARTED,
    Status.SKIPPED,
    Status.OK,
)
REPEATS: Mapping[Repeat, str] = {
    Repeat.ONCE: "at most once: in doubt a person decides",
    Repeat.VERIFY: "checked by a command",
    Repeat.SAFE: "may be repeated",
    Repeat.MANUAL: "done by a person",
}
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def status_word(status: Status) -> str:
    """The word for a status; each has its own, and what went badly stands in capitals."""
    return STATUS_WORDS[status]


def symbol(status: Status, *, ascii_only: bool = False) -> str:
    """One character for a status, never shown without its word nearby."""
    return SYMBOLS[status][ascii_only]


def count(number: int, noun: str, plural: str = "") -> str:
    """'1 host', '3 hosts', '10,000 hosts'."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listed(items: list[str], word: str = "and") -> str:
    """'a', 'a and b', 'a, b and c'."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {word} {items[-1]}" if items else ""


DIGEST_SHOWN = 12  # characters of a digest


def duration(seconds: float) -> str:
    """A length of time in its two largest units: '0.4s', '17m', '4h 10m', '2d 3h'."""
    if seconds < 0:
        return "-" + duration(-seconds)
    if seconds < 10:
        return f"{round(seconds, 1):g}s"
    rest = round(seconds) if seconds < 3600 else round(seconds / 60) * 60
    days, rest = divmod(rest, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    parts = [f"{n}{unit}" for n, unit in ((days, "d"), (hours, "h"), (minutes, "m"), (left, "s")) if n]
    return " ".join(parts[:2])


def hours_of_work(seconds: float) -> str:
    """A sum of people's work: '45m', '9h 45m', '27h 30m'. A day of 24 hours means nothing there."""
    hours, minutes = divmod(round(seconds / 60), 60)
    parts = [f"{hours:,}h"] if hours else []
    return " ".join([*parts, *([f"{minutes}m"] if minutes or not hours else [])])


def span(takes: Takes) -> str:
    """'8m to 25m', '15m', '10m to 25m, most likely 15m'; for the whole batch where that is meant."""
    text = duration(takes.low_s)
    if takes.high_s != takes.low_s:
        text += f" to {duration(takes.high_s)}"
    if takes.likely_s is not None and takes.high_s != takes.low_s:
        text += f", most likely {duration(takes.likely_s)}"
    return text + (" for the whole batch" if takes.per_batch else "")


def clock_time(at: datetime, zone: tzinfo) -> str:
    """'22:03:11', in the zone that was announced before."""
    return at.astimezone(zone).strftime("%H:%M:%S")


def zone_name(at: datetime, zone: tzinfo) -> str:
    """How the zone calls itself at that moment: 'CET', 'UTC'."""
    return at.astimezone(zone).tzname() or "UTC"


def zone_if_twice(at: datetime, zone: tzinfo) -> str:
    """' CET' for a time that the clock shows twice on the night when it goes back; else empty."""
    local = at.astimezone(zone)
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f" {zone_name(at, zone)}" if twice else ""


def moment(at: datetime, zone: tzinfo) -> str:
    """'Tue 1 Dec 2026 22:03 CET'."""
    local = at.astimezone(zone)
    return f"{day(local)} {local:%H:%M} {zone_name(at, zone)}"


def end_moment(at: datetime, zone: tzinfo) -> str:
    """The same for the end of something: midnight is the end of the day before, 'Tue 1 Dec 2026 24:00 CET'."""
    ended = day_ended(at, zone)
    return moment(at, zone) if ended is None else f"{day(ended)} 24:00 {zone_name(at, zone)}"


def day(when: date) -> str:
    """'Tue 1 Dec 2026'; the names do not follow the machine's language, because the rest of the text does not either."""
    return f"{month_day(when)} {when.year}"


def month_day(when: date) -> str:
    """'Tue 1 Dec': a day of a year that is known."""
    return f"{_DAYS[when.weekday()]} {when.day} {_MONTHS[when.month - 1]}"


def day_or_moment(when: date | datetime, zone: tzinfo) -> str:
    """A day, or a moment when an hour was written."""
    if isinstance(when, datetime):
        return moment(when, zone) if when.tzinfo else f"{day(when)} {when:%H:%M}"
    return day(when)


def short_digest(digest: str) -> str:
    """As much of a digest as a person compares by eye."""
    return digest[:DIGEST_SHOWN] or "without digest"
