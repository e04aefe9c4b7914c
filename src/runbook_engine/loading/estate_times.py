"""Windows and freezes of an inventory, with the iCalendar files that they name read in."""

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from operator import attrgetter
from pathlib import Path as FilePath
from zoneinfo import ZoneInfo

from runbook_engine.calendars.local_time import earliest, latest, merged, shown
from runbook_engine.loading.calendar_events import Occurrence, occurrences
from runbook_engine.loading.calendar_files import located, read_calendar
from runbook_engine.loading.estate_documents import FreezeDocument, WindowDocument
from runbook_engine.loading.estate_pages import MAX_MISTAKES, Ledger
from runbook_engine.loading.estate_reading import Written
from runbook_engine.model.errors import NotValid
from runbook_engine.model.estate import Calendar, Freeze, Window
from runbook_engine.model.places import Mistake, Path
from runbook_engine.model.times import Span
from runbook_engine.model.values import dataclass

WINDOW_YEARS = 10  # in which an event of a window repeats, from its first time
FREEZE_YEARS = 40  # the same of a freeze: one that is forgotten would let work start

_DAY = timedelta(days=1)


@dataclass(slots=True, kw_only=True)
class Times:
    """Reads the windows and freezes of the files of one inventory; the mistakes of the calendars that they name are noted."""

    folder: FilePath  # nothing outside it is read
    files: Sequence[Written]
    calendars: Mapping[str, Calendar]
    ledger: Ledger

    def windows(self) -> dict[str, Window]:
        """The windows by name; of a name defined twice the first counts."""
        found: dict[str, Window] = {}
        for file in self.files:
            for name, told in file.document.windows.items():
                if name not in found:
                    found[name] = self._window(file.file, name, told)
        return found

    def freezes(self) -> tuple[Freeze, ...]:
        """The freezes in the order in which they stand; one for each time of an event."""
        return tuple(
            freeze
            for file in self.files
            for index, told in enumerate(file.document.freezes)
            for freeze in self._freezes((file.file, "freezes", index), told)
        )

    def _window(self, file: str, name: str, told: WindowDocument) -> Window:
        path: Path = (file, "windows", name)
        calendar = self.calendars.get(told.calendar)
        if calendar and not (calendar.work or calendar.rota):
            message = f"the calendar '{told.calendar}' has no hours, so this window would never open"
            self.ledger.note((*path, "calendar"), message, 'give it some, such as work: {mon-fri: "09:00-17:00"}')
        zone_name = told.time_zone if calendar is None or "time_zone" in told.model_fields_set else calendar.time_zone
        zone = ZoneInfo(zone_name)
        dates = [
            span for index, opening in enumerate(told.dates) for span in self._opening((*path, "dates", index), opening, zone)
        ]
        dates += [span for occurrence in self.read(path, told.ics, WINDOW_YEARS) for span in _open(occurrence, zone)]
        return Window(
            name=name,
            calendar=told.calendar,
            time_zone=zone_name,
            open=told.open,
            holidays=told.holidays,
            dates=tuple(merged(sorted(dates, key=attrgetter("start")))),
            source=told.ics,
            url=told.url,
        )

    def _opening(self, path: Path, opening: tuple[date | datetime, date | datetime], zone: tzinfo) -> tuple[Span, ...]:
        begin, end = opening[0], opening[1]
        if isinstance(begin, datetime) and isinstance(end, datetime) and begin.tzinfo and end.tzinfo:
            spans: tuple[Span, ...] = (Span(begin.astimezone(UTC), end.astimezone(UTC)),) if begin < end else ()
        else:
            spans = shown(_midnight(begin), _midnight(end if isinstance(end, datetime) else end + _DAY), zone)
        if not spans:
            self.ledger.note(path, "this opening never is: it ends before it begins, or the clock jumps over it")
        return spans

    def _freezes(self, path: Path, told: FreezeDocument) -> Iterator[Freeze]:
        if not told.ics:
            if told.start is not None and told.end is not None:
                yield _freeze(told, told.start, told.end, "")
            return
        for occurrence in self.read(path, told.ics, FREEZE_YEARS):
            start, end = whole_time(occurrence)
            yield _freeze(told, start, end, occurrence.title)

    def read(self, path: Path, written: str, years: int) -> list[Occurrence]:
        """The times of the events of a file that is named at a path; what is wrong becomes mistakes."""
        if not written:
            return []
        named_in = FilePath(str(path[0]))
        try:
            file = located(self.folder, named_in, written)
        except ValueError as error:
            self.ledger.note((*path, "ics"), str(error), "keep a saved copy of the calendar in the inventory folder")
            return []
        try:
            text = read_calendar(file, os.path.normpath(named_in.parent / written))
        except NotValid as error:
            self.ledger.found.extend(error.mistakes)
            return []
        mistakes: list[Mistake] = []
        found = occurrences(text, years, mistakes)
        self.ledger.found.extend(mistakes[:MAX_MISTAKES])
        return found


def _midnight(value: date | datetime) -> datetime:
    return value if isinstance(value, datetime) else datetime.combine(value, time())


def _open(occurrence: Occurrence, zone: tzinfo) -> tuple[Span, ...]:
    """When an event opens a window: as the clock of its zone shows it, or for as long as it says that it lasts."""
    zone = occurrence.zone or zone
    if occurrence.lasts is None:
        return shown(occurrence.begin, occurrence.end, zone)
    begin = earliest(occurrence.begin, zone)
    return (Span(begin, begin + occurrence.lasts),)


def whole_time(occurrence: Occurrence) -> tuple[date | datetime, date | datetime]:
    """From when to when an event forbids work: whole days and times without a zone are those of each site."""
    if occurrence.whole_days:
        return occurrence.begin.date(), occurrence.end.date() - _DAY
    if occurrence.zone is None:
        return occurrence.begin, occurrence.end
    begin = earliest(occurrence.begin, occurrence.zone)
    if occurrence.lasts is not None:
        return begin, latest(occurrence.begin, occurrence.zone) + occurrence.lasts
    return begin, latest(occurrence.end, occurrence.zone)


def _freeze(told: FreezeDocument, start: date | datetime, end: date | datetime, title: str) -> Freeze:
    return Freeze(
        start=start,
        end=end,
        why=told.why or title or f"an event of {told.ics}",
        sites=told.sites,
        services=told.services,
        kinds=told.kinds,
        lift=told.lift,
        event=title,
        source=told.ics,
    )
