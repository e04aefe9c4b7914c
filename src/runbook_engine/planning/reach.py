"""Where the commands of a step are carried out. What is meant for a host never falls on the control machine."""

from dataclasses import replace

from runbook_engine.model.commands import Command, Download, Procedure, Reboot, Shell, Upload, Wait


def needs_host(procedure: Procedure) -> bool:
    """Whether any command of a procedure is for a host."""
    commands: tuple[Command, ...] = (*procedure.guard, *procedure.skip_if, *procedure.apply, *procedure.verify)
    return any(_for_host(command) for command in commands)


def _for_host(command: Command) -> bool:
    if isinstance(command, Shell):
        return not command.on_controller
    if isinstance(command, Wait):
        probe = command.probe
        at_host = probe.ssh or probe.file is not None or (probe.port is not None and probe.address is None)
        return at_host or (probe.shell is not None and not probe.shell.on_controller)
    return isinstance(command, Upload | Download | Reboot)


def beside_its_work(procedure: Procedure) -> Procedure:
    """A step that works on the control machine is also asked about there: guard, skip_if and verify go with it."""
    if not any(isinstance(c, Shell) and c.on_controller for c in procedure.apply):
        return procedure
    return replace(
        procedure,
        guard=tuple(replace(c, on_controller=True) for c in procedure.guard),
        skip_if=tuple(replace(c, on_controller=True) for c in procedure.skip_if),
        verify=tuple(replace(c, on_controller=True) for c in procedure.verify),
    )
