"""When work may happen: windows, freezes, public holidays and start dates, as plain spans of time. Pure.

Read `judging` for the one question that is asked at every start, and `openings` for what the clock on the wall means on the
nights on which it is changed.
"""

from runbook_engine.calendars.freezing import freeze_spans
from runbook_engine.calendars.judging import first_everywhere, first_moment, holding, judge
from runbook_engine.calendars.openings import resolved, spans, working_time
from runbook_engine.calendars.rotas import turns_between
from runbook_engine.calendars.weekly import DaysOff
from runbook_engine.calendars.words import freeze_entry, hours_entry, window_entry

__all__ = [
    "judge",
    "holding",
    "first_everywhere",
    "first_moment",
    "spans",
    "freeze_spans",
    "resolved",
    "working_time",
    "turns_between",
    "window_entry",
    "freeze_entry",
    "hours_entry",
    "DaysOff",
]
