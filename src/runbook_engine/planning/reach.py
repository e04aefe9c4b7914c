"""Where the commands of a step are carried out. What is meant for a host never falls on the control machine."""

from collections.abc import Iterable
from dataclasses import replace

from runbook_engine.model.commands import Command, Download, Procedure, Reboot, Redfish, Shell, Upload, Wait
from runbook_engine.model.estate import Estate
from runbook_engine.model.places import Path
from runbook_engine.model.plan import Package
from runbook_engine.planning.findings import Findings

_SHOWN = 3  # hosts in a mistake


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
    return isinstance(command, Upload | Download | Reboot | Redfish)


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


def check_controllers(packages: Iterable[tuple[Path, Package]], estate: Estate, found: Findings) -> None:
    """Note the steps that talk to the management controllers of hosts that have none in the inventory."""
    told: set[Path] = set()
    for path, package in packages:
        back = package.way_back.procedure.apply if package.way_back and package.way_back.procedure else ()
        if path in told or not any(isinstance(c, Redfish) for c in (*package.procedure.apply, *back)):
            continue
        without = [host for host in package.hosts if not estate.hosts[host].bmc.address]
        if without:
            told.add(path)
            more = f" and {len(without) - _SHOWN} more" if len(without) > _SHOWN else ""
            message = f"no management controller is known for {', '.join(without[:_SHOWN])}{more}"
            hint = "write bmc: {address: …, user: …, password: {secret: …}} in the inventory"
            found.add(path, message, hint)
