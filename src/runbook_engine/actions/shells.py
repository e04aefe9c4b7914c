"""A shell command in the setting of its step. Pure."""

from runbook_engine.actions.contract import Setting
from runbook_engine.model.commands import Shell
from runbook_engine.model.text import Text


def in_setting(script: Text, setting: Setting, *, on_controller: bool = False, stdin: Text | None = None) -> Shell:
    """`script` as the step's user, in its directory, with its environment and time limit."""
    return Shell(
        script=script,
        directory=setting.directory,
        environment=setting.environment,
        become=setting.become,
        on_controller=on_controller,
        stdin=stdin,
        timeout_s=setting.timeout_s,
    )
