"""iCalendar files beside the inventory: where they are, and whether they are whole. Nothing is ever fetched."""

import os
from pathlib import Path as FilePath

from runbook_engine.loading.characters import decoded, lines_of
from runbook_engine.loading.nearest import did_you_mean
from runbook_engine.model.errors import NotValid
from runbook_engine.model.places import Mistake, Place
from runbook_engine.model.values import dataclass

MAX_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarText:
    """A file as it was read: its text, and the line on which each of its events begins."""

    file: str
    lines: tuple[str, ...]
    events: tuple[int, ...]

    def mistake(self, line: int, message: str, hint: str = "") -> Mistake:
        """A mistake on a line, counted from 1."""
        return Mistake(Place(self.file, line, 1), message, hint, self.lines[line - 1][:500] if self.lines else "")


def located(folder: FilePath, beside: FilePath, written: str) -> FilePath:
    """The file that an inventory file means. Raises ValueError, in words, unless it is one inside the inventory folder."""
    try:
        path = (beside.parent / written).resolve()
        inside, there = path.is_relative_to(folder.resolve()), path.is_file()
    except (OSError, RuntimeError, ValueError):  # a name that is too long, a loop of links, a NUL
        inside, there = True, False
    if not inside:
        raise ValueError(f"{written} is outside the inventory folder")
    if not there:
        raise ValueError(f"there is no file {written}{_near(beside.parent, written)}")
    return path


def read_calendar(path: FilePath, file: str) -> CalendarText:
    """Read a file; one that is not whole is not used in part. Raises NotValid."""
    try:
        with path.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise NotValid([Mistake(Place(file, 1, 1), f"cannot read the file: {error.strerror or error}")]) from error
    if len(data) > MAX_BYTES:
        raise NotValid([Mistake(Place(file, 1, 1), f"the file is larger than {MAX_BYTES:,} bytes", "save less of it")])
    text = decoded(data, file)
    if isinstance(text, Mistake):
        raise NotValid([text])
    lines = lines_of(text)
    return CalendarText(file=file, lines=lines, events=_events(file, lines))


def _events(file: str, lines: tuple[str, ...]) -> tuple[int, ...]:
    """Where the events begin. Every part must end: a file that was cut off must not pass for a shorter calendar."""
    open_parts: list[str] = []
    events = []
    for number, line in enumerate(lines, 1):
        if line[:1] in (" ", "\t"):  # goes on with the line before
            continue
        word, _, part = line.strip().upper().partition(":")
        if word == "BEGIN":
            if not open_parts and part != "VCALENDAR":
                raise NotValid([_broken(file, lines, number, f"{part or 'a part'} stands outside a calendar")])
            if part == "VEVENT":
                events.append(number)
            open_parts.append(part)
        elif word == "END" and (not open_parts or open_parts.pop() != part):
            raise NotValid([_broken(file, lines, number, f"the end of {part or 'a part'} that did not begin")])
        elif "VTIMEZONE" in open_parts and word.startswith("RRULE") and "FREQ=YEARLY" not in part:
            raise NotValid([_broken(file, lines, number, "a time zone whose clock is not changed by year is not understood")])
        elif not open_parts and word and word != "END":
            raise NotValid([_broken(file, lines, number, "this is not a calendar: it does not begin with BEGIN:VCALENDAR")])
    if open_parts or not events:
        message = f"the file ends inside {open_parts[-1]}" if open_parts else "there is no event in this calendar"
        raise NotValid([_broken(file, lines, len(lines), message)])
    return tuple(events)


def _broken(file: str, lines: tuple[str, ...], line: int, message: str) -> Mistake:
    hint = "save the calendar again, as iCalendar (.ics)"
    return Mistake(Place(file, max(line, 1), 1), message, hint, lines[line - 1][:500] if lines else "")


def _near(folder: FilePath, written: str) -> str:
    try:
        names = sorted(os.path.relpath(found, folder) for found in (*folder.glob("*.ics"), *folder.glob("*/*.ics")))[:200]
    except OSError:
        return ""
    hint = did_you_mean(written, names, "there are")
    return f"; {hint}" if hint else ""
