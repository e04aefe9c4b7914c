"""A forecast in words: the promised end beside the expected one, the alarm, and what to type next."""

from datetime import datetime

from reporting.made_schedules import MONDAY, ZONE, booking, minutes, schedule
from runbook_engine.model.forecast import Forecast
from runbook_engine.reporting.forecast_text import forecast_lines, sooner_line


def forecast(late: float, **more: object) -> Forecast:
    """A forecast that is over so many minutes after what was promised, made to move little; its deadline was midnight."""
    midnight = datetime(2026, 12, 1, tzinfo=ZONE)
    made = schedule(booking("a/b", MONDAY, 60), aim=more.pop("aim", "change"))
    facts = {"at": MONDAY, "end": midnight + minutes(late), "schedule": made, "promised": midnight, "deadline": midnight}
    return Forecast(**(facts | more))  # type: ignore[arg-type]


def test_a_forecast_names_moments_as_a_schedule_does() -> None:
    """What has to be over by the end of a day says so."""
    assert forecast_lines(forecast(0), ZONE) == [
        "promised Mon 30 Nov 2026 24:00 CET, forecast Mon 30 Nov 2026 24:00 CET: as promised"
    ]
    assert forecast_lines(forecast(60), ZONE)[1] == (
        "ALARM: by this forecast it is over 1h after its deadline, Mon 30 Nov 2026 24:00 CET"
    )
    assert forecast_lines(forecast(60, soft=True), ZONE)[1].startswith(
        "NOTE: by this forecast it is over 1h after its wished deadline, "
    )


def test_what_may_be_over_sooner_is_the_next_step() -> None:
    """Only where few changes were aimed at, and the promised end is missed."""
    assert sooner_line(forecast(60), "r 1").startswith("Next: runbook schedule 'r 1' --aim finish ")
    assert [sooner_line(f, "r") for f in (forecast(0), forecast(60, aim="finish"), forecast(60, promised=None))] == [""] * 3
