"""One run of a plan on stand-ins, for the tests of the spine."""

from runbook_engine.running.execute import execute
from runbook_engine.running.focus import Focus, Habits
from stand import OK, Clock, ListInbox, MemoryJournal, Stand, created, ids, no_world


class Night:
    """One run of a plan on stand-ins, which can be carried on call by call."""

    def __init__(self, made, play=lambda _: OK, parallel=10):
        self.plans = {made.digest: made}
        self.plan = made
        self.clock = Clock()
        self.journal = MemoryJournal([created(made)])
        self.inbox = ListInbox(self.journal)
        self.play = play
        self.parallel = parallel
        self.lent = 0
        self.started: list = []
        self.seen: list = []
        self.new_id = ids()

    def go(self, focus=Focus(), world=no_world, habits=Habits()):
        workers = Stand(self.play, self.clock, self.parallel)
        workers.lent_places = self.lent
        self.course = execute(
            self.plans.__getitem__,
            self.journal,
            self.inbox,
            workers,
            world,
            self.clock,
            self.new_id,
            lambda _, events: self.seen.extend(events),
            focus,
            habits,
        )
        self.started += workers.started
        assert all(most == 1 for most in workers.most_at_once.values())
        assert self.seen == self.journal.durable[1:]
        return self.course

    def wish(self, kind, **fields):
        self.inbox.decisions.append(kind(id=f"d{len(self.inbox.decisions)}", by="ana", **fields))
        return self

    @property
    def order(self):
        return [a.task for a in self.started]

    def status(self, task):
        return self.course.run.task(task).status
