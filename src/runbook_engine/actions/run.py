"""run: a shell command on the host. Exit code 0 is success."""

from pydantic import Field

from runbook_engine.actions.contract import Action, Files, Params, Setting
from runbook_engine.actions.shells import in_setting
from runbook_engine.actions.values import ShellText
from runbook_engine.model.commands import Procedure


class RunParams(Params):
    """`run: COMMAND`."""

    command: ShellText = Field(description="The command, for /bin/sh on the host. Each {{ }} becomes one quoted word.")


def procedure(params: RunParams, setting: Setting, files: Files) -> Procedure:
    """One command, as the step's user, in the step's directory."""
    return Procedure(apply=(in_setting(params.command, setting),))


ACTION = Action(name="run", help="Run a shell command on the host.", params=RunParams, procedure=procedure, shorthand="command")
