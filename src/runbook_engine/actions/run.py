"""run: a shell command on the host. Exit code 0 is success."""

from runbook_engine.actions.contract import Action, Files, Params, Setting
from runbook_engine.actions.values import ShellText
from runbook_engine.model.commands import Procedure, Shell


class RunParams(Params):
    """`run: COMMAND`."""

    command: ShellText


def procedure(params: RunParams, setting: Setting, files: Files) -> Procedure:
    """One command, as the step's user, in the step's directory."""
    return Procedure(
        apply=(
            Shell(
                script=params.command,
                directory=setting.directory,
                environment=setting.environment,
                become=setting.become,
                timeout_s=setting.timeout_s,
            ),
        )
    )


ACTION = Action(name="run", help="Run a shell command on the host.", params=RunParams, procedure=procedure, shorthand="command")
