"""A command as a person reads it in a log. Secrets appear by name. Pure."""

from runbook_engine.model.commands import Command, Download, Http, Reboot, Shell, Upload, Wait
from runbook_engine.model.text import SecretRef, Text


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


def text(source: Text) -> str:
    """The text with each secret by its name."""
    return "".join(f"{{secret {part.name}}}" if isinstance(part, SecretRef) else str(part) for part in source.parts)


def _as(user: str) -> str:
    return f"as {user}: " if user else ""
