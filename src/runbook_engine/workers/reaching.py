"""Which attempts begin with their host: these open the connection first, before anything else is done."""

from itertools import chain

from runbook_engine.model.attempts import Attempt
from runbook_engine.model.commands import Download, Shell, Upload
from runbook_engine.model.words import Purpose


def begins_with_its_host(attempt: Attempt) -> bool:
    """Whether the first that is done is done over the link; what settles doubt decides by itself when to ask."""
    if attempt.target is None or attempt.purpose in (Purpose.VERIFY, Purpose.SETTLE):
        return False
    procedure = attempt.package.procedure
    first = next(chain(procedure.guard, procedure.skip_if, procedure.verify, procedure.apply), None)
    return attempt.purpose is Purpose.GREET or _over_the_link(first)


def _over_the_link(command: object) -> bool:
    return isinstance(command, Upload | Download) or (isinstance(command, Shell) and not command.on_controller)
