"""Whether work may start at a moment: window, freezes and start date together. Start reading here for calendars.

What cannot be found out is raised, never taken for an opening: whoever calls treats it as closed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from operator import attrgetter, itemgetter
from zoneinfo import ZoneInfo

from runbook_engine.calendars.freezing import freeze_spans, may_matter, touches, zones_of
from runbook_engine.calendars.local_time import earliest, merged
from runbook_engine.calendars.openings import every_day, holidays_on, spans
from runbook_engine.calendars.weekly import DaysOff
from runbook_engine.calendars.words import freeze_entry, on_the_wall, turn_words, window_entry
from runbook_engine.model.estate import Freeze, Window
from runbook_engine.model.times import Closed, Opening, Scope, Span
from runbook_engine.model.values import dataclass

AHEAD = timedelta(days=400)  # how far the next opening is looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """All that the answer follows from."""

    at: datetime
    horizon: datetime
    window: Window | None
    frozen: Sequence[tuple[Span, Freeze]]  # what holds now or later, up to the horizon
    begin: tuple[datetime, ZoneInfo] | None  # nothing starts before it, told in a zone
    days_off: DaysOff
    zone: ZoneInfo  # in which a moment is told when there is no window

    def openings(self) -> Iterator[Span]:
        """When the window is open, up to the horizon; without a window always."""
        if self.window is None:
            return iter((Span(self.at, self.horizon),))
        return spans(self.window, self.at, self.horizon, self.days_off)


def judge(
    at: datetime,
    window: Window | None,
    freezes: Sequence[Freeze],
    scope: Scope,
    zones: Mapping[str, str],
    days_off: DaysOff,
    *not_before: date | datetime | None,
) -> Opening | Closed:
    """Whether work on what `scope` names may start at a moment, and until when; or what forbids it, and when it may.

    `zones` gives the time zone of each site, `not_before` days and times from which it may start, once they have come at all
    sites. Of several things that forbid it, a freeze is named before a start date, and that before the window; of
    several freezes the one that ends last.
    """
    asked = _asked(at, window, freezes, scope, zones, days_off, [when for when in not_before if when is not None])
    holds = [(span, freeze) for span, freeze in asked.frozen if span.start <= asked.at]
    if holds:
        return _frozen(max(holds, key=lambda held: held[0].end)[1], asked)
    if asked.begin is not None and asked.at < asked.begin[0]:
        return _too_early(*asked.begin, asked)
    opening = next(asked.openings(), None)
    if opening is None or opening.start > asked.at:
        return _shut(asked)
    ends = [opening.end, *(span.start for span, _ in asked.frozen)]
    until = min(ends)
    return Opening(entry=window_entry(window) if window else "", until=until if until < asked.horizon else None)


def holding(at: datetime, freezes: Iterable[Freeze], scope: Scope, zones: Mapping[str, str]) -> tuple[Freeze, ...]:
    """Every freeze that forbids work on what `scope` names at a moment: whoever lifts one has not lifted the others."""
    moment = _utc(at)
    found = _freezes(freezes, scope, zones_of(scope, zones), moment, moment)
    return tuple(freeze for span, freeze in found if span.start <= moment)


def _asked(
    at: datetime,
    window: Window | None,
    freezes: Sequence[Freeze],
    scope: Scope,
    zones: Mapping[str, str],
    days_off: DaysOff,
    not_before: Sequence[date | datetime],
) -> _Asked:
    moment, here = _utc(at), zones_of(scope, zones)
    zone = ZoneInfo(window.time_zone if window else next(iter(here.values()), "UTC"))
    return _Asked(
        at=moment,
        horizon=moment + AHEAD,
        window=window,
        frozen=_freezes(freezes, scope, here, moment, moment + AHEAD),
        begin=max((_begin(when, here, zone) for when in not_before), key=itemgetter(0), default=None),
        days_off=days_off,
        zone=zone,
    )


def first_moment(when: date | datetime, zone: ZoneInfo) -> datetime:
    """When a day begins, or the clock of a zone shows a time; one with a zone of its own is that moment."""
    if isinstance(when, datetime):
        return when.astimezone(UTC) if when.tzinfo else earliest(when, zone)
    return earliest(datetime.combine(when, time()), zone)


def first_everywhere(when: date | datetime, zones: Iterable[ZoneInfo]) -> datetime:
    """When a day has begun, or the clock has shown a time, in all of some zones."""
    return max(first_moment(when, zone) for zone in zones)


def _begin(when: date | datetime, here: Mapping[str, str], told: ZoneInfo) -> tuple[datetime, ZoneInfo]:
    """When a day has begun at all sites, and the zone in which that is told: of several the one in which it is last."""
    zones = [ZoneInfo(name) for name in dict.fromkeys(here.values())]
    if len(zones) < 2 or (isinstance(when, datetime) and when.tzinfo):
        return first_moment(when, zones[0] if zones else ZoneInfo("UTC")), told
    return max(((first_moment(when, zone), zone) for zone in zones), key=itemgetter(0))


def _freezes(
    freezes: Iterable[Freeze], scope: Scope, zones: Mapping[str, str], start: datetime, end: datetime
) -> list[tuple[Span, Freeze]]:
    near = (freeze for freeze in freezes if may_matter(freeze, start, end) and touches(freeze, scope))
    return [(span, freeze) for freeze in near for span in freeze_spans(freeze, zones) if span.end > start and span.start <= end]


def _frozen(freeze: Freeze, asked: _Asked) -> Closed:
    entry = freeze_entry(freeze)
    reason = f"{entry[0].upper()}{entry[1:]} forbids changes."
    return Closed(kind="freeze", entry=entry, reason=reason, next=_next(asked), lift=freeze.lift)


def _too_early(begin: datetime, zone: ZoneInfo, asked: _Asked) -> Closed:
    entry = f"start {on_the_wall(begin, zone)} ({zone.key})"
    return Closed(kind="start", entry=entry, reason=f"It may not start before {entry[6:]}.", next=_next(asked))


def _shut(asked: _Asked) -> Closed:
    window = asked.window
    if window is None:
        raise ValueError("without a window nothing can be shut")
    entry, now = window_entry(window), on_the_wall(asked.at, asked.zone)
    told = f"{_holiday(window, asked)}{turn_words(window, asked.at.astimezone(asked.zone).date())}"
    reason = f"It is {now} in {asked.zone.key}{told}, and {entry} is not open."
    return Closed(kind="window", entry=entry, reason=reason, next=_next(asked))


def _holiday(window: Window, asked: _Asked) -> str:
    """That it is a public holiday, if the window would be open but for that."""
    plain = next(spans(every_day(window), asked.at, asked.at + timedelta(minutes=1), asked.days_off), None)
    if plain is None or plain.start > asked.at:
        return ""
    today = asked.at.astimezone(asked.zone).date()
    for day in (today, today - timedelta(days=1)):
        code = holidays_on(window, day)
        name = asked.days_off(code, day.year).get(day) if code else ""
        if name:
            return f", {name} is a public holiday of {code}"
    return ""


def _next(asked: _Asked) -> datetime | None:
    """The first moment from now on that is in the window, in no freeze, and not too early."""
    closed = [span for span, _ in asked.frozen]
    if asked.begin is not None and asked.begin[0] > asked.at:
        closed.append(Span(asked.at, asked.begin[0]))
    shut = list(merged(sorted(closed, key=attrgetter("start"))))
    for opening in asked.openings():
        moment = opening.start
        for span in shut:
            if span.start <= moment < span.end:
                moment = span.end
        if moment < opening.end:
            return moment
    return None


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return at.astimezone(UTC)
