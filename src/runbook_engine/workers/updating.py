"""Firmware by a management controller: sent once, its task followed to the end, the version read from the inventory."""

from runbook_engine.model.attempts import Answer
from runbook_engine.model.controllers import Progress
from runbook_engine.model.errors import Declined
from runbook_engine.model.text import Text
from runbook_engine.workers.errands import Errand, component, installed

GONE = frozenset({404, 410})  # what a controller answers when it has forgotten a task
OWN = frozenset({"bios", "bmc"})  # parts that are known without an inventory


def updated(it: Errand) -> Answer:
    """Install it, unless the version is there already. Raises TransportFault when nobody can tell what became of it."""
    if it.command.version is not None:
        already, words = installed(it)
        if already:
            it.work.log.note(f"{words} already; nothing was changed")
            return Answer(exit_code=0, detail=f"{words} already")
    targets = _targets(it)
    monitor = it.send(lambda: it.controller.update(it.command.image or Text(), targets, it.left_s))
    ended = _followed(it, monitor) if monitor else None
    if ended is not None and not ended.well:
        it.work.host_asked = True
        return Answer(exit_code=1, detail=f"the update failed: {ended.words}")
    return _proved(it, ended)


def _targets(it: Errand) -> tuple[str, ...]:
    """Where in the controller the part is that is named. Declined when the inventory does not have it."""
    if it.command.component is None or component(it).casefold() in OWN:
        return ()
    return (it.controller.place(component(it), it.left_s),)


def _followed(it: Errand, monitor: str) -> Progress | None:
    """The end of the task; None when it can no longer be asked for. Raises TransportFault when its end is not heard."""
    last: Progress | None = Progress(ended=False)

    def seen() -> tuple[bool, str]:
        nonlocal last
        try:
            now = it.controller.progress(monitor, it.left_s)
        except Declined as no:
            if no.status not in GONE:
                raise
            it.work.log.note(f"its task can no longer be asked for: {no.message}")
            last = None
            return True, ""
        if last is None or now.words != last.words:
            it.work.log.note(f"its task: {now.words}")
        last = now
        return now.ended, now.words

    ended, words = it.until(seen)
    if not ended:
        raise it.unclear(f"its task had not ended after {it.command.within_s:g} s ({words})")
    return last


def _proved(it: Errand, ended: Progress | None) -> Answer:
    """The version in the inventory is the proof; without one it is the task's good end."""
    if it.command.version is None:
        if ended is None:
            raise it.unclear("nobody can say whether it was installed; a version (to: …) would prove it")
        it.work.host_asked = True
        return Answer(exit_code=0, detail=ended.words)
    done, words = it.until(lambda: installed(it))
    it.work.host_asked = True
    it.work.log.note(f"read back: {words}")
    if done:
        return Answer(exit_code=0, detail=words)
    if ended is None:
        raise it.unclear(f"after {it.command.within_s:g} s {words}, and nobody can say whether it will be another")
    return Answer(exit_code=1, detail=f"its task ended well, but {words}; some versions show only after a restart")
