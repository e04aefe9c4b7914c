"""A command as a person reads it in a log. Secrets appear by name. Pure."""

from collections.abc import Callable

from runbook_engine.model.commands import Command, Download, Http, Reboot, Redfish, Shell, Upload, Wait
from runbook_engine.model.text import SecretRef, Text
from runbook_engine.model.words import Duty


def shown(command: Command) -> str:
    """What is carried out, in one line or in the lines of its script."""
    if isinstance(command, Shell):
        return _as(command.become.user if command.become else "") + text(command.script)
    if isinstance(command, Upload):
        return f"upload {text(command.source) if command.source else 'the planned text'} to {text(command.target)}"
    if isinstance(command, Download):
        return f"download {text(command.source)} to {text(command.target)}"
    if isinstance(command, Http):
        return f"{command.method} {text(command.url)}"
    if isinstance(command, Wait):
        return f"wait for {question(command)}, at most {command.within_s:g} s"
    if isinstance(command, Reboot):
        return f"restart by {text(command.command)}, at most {command.within_s:g} s"
    if isinstance(command, Redfish):
        return f"{controller_words(command, text)}, at most {command.within_s:g} s"
    return type(command).__name__


def question(wait: Wait) -> str:
    """What a wait asks."""
    probe = wait.probe
    what = "a session" if probe.ssh else ""
    if probe.port is not None:
        what = f"port {probe.port}" + (f" of {text(probe.address)}" if probe.address else "")
    if probe.file is not None:
        what = f"the file {text(probe.file)}"
    if probe.shell is not None:
        what = f"success of {text(probe.shell.script)}"
    if probe.http is not None:
        what = f"the answer to {shown(probe.http)}"
    return f"the end of {what}" if probe.absent else what


_POWER = {
    "on": "switch on",
    "off": "cut the power",
    "graceful-off": "have the system end, then switch off",
    "cycle": "switch off and on again",
    "graceful-restart": "have the system end, then restart",
}


def controller_words(command: Redfish, told: Callable[[Text], str]) -> str:
    """What a management controller is asked for; `told` gives the words of a text."""
    part = told(command.component) if command.component else "bios"
    version = told(command.version) if command.version else ""
    match command.duty:
        case Duty.POWER:
            what = _POWER[command.value]
        case Duty.BOOT:
            what = f"start from {command.value}, {'the next time' if command.once else 'from now on'}"
        case Duty.LED:
            what = f"light {command.value}"
        case Duty.UPDATE:
            what = f"install {told(command.image or Text())}" + (f" ({part} {version})" if version or command.component else "")
        case Duty.READ:
            what = f"read {command.value}"
        case Duty.UNTIL_POWER:
            what = f"wait until it is {command.value}"
        case Duty.UNTIL_FIRMWARE:
            what = f"wait until {part} is {version}"
    return f"by its management controller: {what}"


def text(source: Text) -> str:
    """The text with each secret by its name."""
    return "".join(f"{{secret {part.name}}}" if isinstance(part, SecretRef) else str(part) for part in source.parts)


def _as(user: str) -> str:
    return f"as {user}: " if user else ""
