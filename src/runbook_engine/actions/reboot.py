"""reboot: restart the host. A new boot id proves it, then SSH and the health command must answer."""

from pydantic import Field

from runbook_engine.actions.contract import Action, Files, Params, Setting
from runbook_engine.actions.values import Seconds, ShellText
from runbook_engine.model.commands import Procedure, Reboot
from runbook_engine.model.text import shell

RESTART = "systemctl reboot || shutdown -r now || reboot"  # systemd; sysvinit and BSD; what is left, busybox


class RebootParams(Params):
    """`reboot: {}`, or a mapping."""

    within: Seconds = Field(
        900.0,
        description="How long the host may take until it is back and healthy, such as 15m.",
        json_schema_extra={"default": "15m"},
    )
    command: ShellText = Field(shell(RESTART), description="What restarts the host.", json_schema_extra={"default": RESTART})
    health: ShellText | None = Field(None, description="A command that must end with 0 on the restarted host.")


def procedure(params: RebootParams, setting: Setting, files: Files) -> Procedure:
    """One restart, as the step's user."""
    return Procedure(
        apply=(Reboot(command=params.command, within_s=params.within, health=params.health, become=setting.become),)
    )


ACTION = Action(name="reboot", help="Restart the host and wait until it is back.", params=RebootParams, procedure=procedure)
