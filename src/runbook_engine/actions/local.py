"""local: a shell command on the control machine. Exit code 0 is success."""

from pydantic import Field

from runbook_engine.actions.contract import Action, Files, Params, Setting
from runbook_engine.actions.shells import in_setting
from runbook_engine.actions.values import ShellText
from runbook_engine.model.commands import Procedure
from runbook_engine.model.words import Per


class LocalParams(Params):
    """`local: COMMAND`."""

    command: ShellText = Field(
        description="The command, for /bin/sh on the control machine. Each {{ }} becomes one quoted word."
    )


def procedure(params: LocalParams, setting: Setting, files: Files) -> Procedure:
    """One command on the machine where the engine runs."""
    return Procedure(apply=(in_setting(params.command, setting, on_controller=True),))


ACTION = Action(
    name="local",
    help="Run a shell command on the control machine, once, or for each host with `per: host`.",
    params=LocalParams,
    procedure=procedure,
    shorthand="command",
    per=Per.PHASE,
)
