"""How far a task of a person is: said by them at a moment, of what they do now and not of what they did before."""

from datetime import timedelta

from runbook_engine.model import decisions as de
from runbook_engine.model.commands import Choice
from runbook_engine.model.words import Status
from running.nights import Night
from stand import manual, phase, plan

GO = (Choice(name="go", goes_on=True), Choice(name="no", goes_on=False))


def test_what_is_told_has_its_moment():
    """The last report counts, from when it was said."""
    night = Night(plan(phase("p", [manual("p/a")])))
    night.go()
    state = night.course.run.task("p/a")
    assert (state.percent, state.told) == (0, None)
    for percent in (25, 40):
        night.clock.pass_s(600)
        said = night.clock.now
        night.wish(de.Progress, task="p/a", percent=percent).go()
        state = night.course.run.task("p/a")
        assert state.percent == percent
        assert state.told == said
        assert state.started < state.told


def test_what_is_opened_again_is_not_done_yet():
    """It was refused, which was an end; another try begins with nothing."""
    night = Night(plan(phase("p", [manual("p/a", GO)])))
    night.go()
    night.wish(de.Progress, task="p/a", percent=25).go()
    night.wish(de.Decide, task="p/a", choice="no", reason="storm").go()
    night.wish(de.Retry, task="p/a", reason="it is over").go()
    state = night.course.run.task("p/a")
    assert (state.status, state.percent, state.told) == (Status.WAITING, 0, None)


def test_when_it_began_is_their_word_or_the_moment_of_nothing_done():
    """What is said first at 0 % begins then; a time that is said goes before it, and stays."""
    night = Night(plan(phase("p", [manual("p/a")])))
    night.go()
    night.clock.pass_s(600)
    begun = night.clock.now
    for pass_s, percent in ((0, 0), (300, 40), (300, 0)):
        night.clock.pass_s(pass_s)
        night.wish(de.Progress, task="p/a", percent=percent).go()
        assert night.course.run.task("p/a").began == begun
    earlier = begun - timedelta(hours=2)
    night.wish(de.Progress, task="p/a", percent=50, started=earlier).go()
    assert night.course.run.task("p/a").began == earlier
    night.wish(de.Done, task="p/a").go()
    state = night.course.run.task("p/a")
    assert (state.status, state.started) == (Status.OK, earlier)


def test_nobody_begins_in_the_future():
    """It is refused, and nothing is known of a start."""
    night = Night(plan(phase("p", [manual("p/a")])))
    night.go()
    night.wish(de.Progress, task="p/a", percent=50, started=night.clock.now + timedelta(minutes=1)).go()
    state = night.course.run.task("p/a")
    assert (state.percent, state.began) == (0, None)
    assert [*night.course.run.refusals.values()] == ["the start lies in the future"]


def test_what_was_begun_is_begun_anew_when_it_is_opened_again():
    """The start of a first try is none of the second."""
    night = Night(plan(phase("p", [manual("p/a", GO)])))
    night.go()
    night.wish(de.Progress, task="p/a", percent=0).go()
    night.wish(de.Decide, task="p/a", choice="no", reason="storm").go()
    night.wish(de.Retry, task="p/a", reason="it is over").go()
    assert night.course.run.task("p/a").began is None
