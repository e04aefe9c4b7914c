"""Repeatable steps of a host that need no decision in between travel together: one round trip for all of them."""

from itertools import chain, takewhile

from runbook_engine.model.attempts import Attempt
from runbook_engine.model.commands import Shell
from runbook_engine.model.errors import Refused
from runbook_engine.workers.fill import filled_command
from runbook_engine.workers.work import Link

LONGEST_S = 60.0  # a step that may take longer goes by itself, so that a pause need not wait for others behind it


def send_ahead(link: Link, attempt: Attempt) -> None:
    """Send the commands of an attempt and of those that may follow it, as far as nothing but exit code 0 leads on."""
    if attempt.then and not link.in_row:
        rows = takewhile(bool, (_plain(one) for one in (attempt, *attempt.then)))
        commands = list(chain.from_iterable(rows))
        if len(commands) > 1:
            link.send_row(commands)


def _plain(attempt: Attempt) -> list[Shell]:
    """The commands of an attempt that consists of nothing else; none where something must be asked before or after."""
    package, host = attempt.package, attempt.target.name if attempt.target else None
    procedure, takes = package.procedure, package.takes
    if procedure.guard or procedure.skip_if or procedure.verify or (takes and takes.high_s > LONGEST_S):
        return []
    commands = [c for c in procedure.apply if isinstance(c, Shell)]
    if len(commands) < len(procedure.apply):
        return []
    try:
        return [filled_command(c, package, host, attempt.saved) for c in commands]
    except Refused:
        return []
