"""Times are told by the clock of this machine as it will be then, not as it is today."""

from datetime import UTC, datetime

import pytest

from runbook_engine.cli import options

SUMMER, WINTER = datetime(2027, 7, 1, 12, tzinfo=UTC), datetime(2027, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def zoned(monkeypatch):
    """The times of a machine in another zone, as options tell them."""
    import time

    def in_zone(name):
        monkeypatch.setenv("TZ", name)
        time.tzset()
        zone = options.zone()
        return [f"{at.astimezone(zone):%H:%M}" for at in (WINTER, SUMMER)]

    yield in_zone
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("name", ["Europe/Berlin", ":Europe/Berlin"])
def test_a_zone_with_a_name_changes_its_clock(zoned, name):
    """Winter and summer, whenever it is asked."""
    assert zoned(name) == ["13:00", "14:00"]


@pytest.mark.parametrize(("name", "clock"), [("XYZ-3", "15:00"), ("UTC", "12:00"), ("../etc/passwd", "12:00")])
def test_what_is_no_name_is_the_time_of_now(zoned, name, clock):
    """A zone that nobody knows is the difference to UTC that the system says."""
    assert zoned(name) == [clock, clock]
