"""How far a task of a person is: said by them at a moment, of what they do now and not of what they did before."""

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
