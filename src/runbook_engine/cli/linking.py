"""Settings of the links to hosts, from the settings of the command line."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runbook_engine.cli.private import persons_umask
from runbook_engine.cli.settings import Settings
from runbook_engine.model.errors import Refused
from runbook_engine.model.plan import Plan, Target
from runbook_engine.model.words import HostName

if TYPE_CHECKING:
    from runbook_engine.transports import LinkSettings


def link_settings(place: Settings, run_folder: Path, targets: Mapping[HostName, Target], files: Path) -> "LinkSettings":
    """What holds for every link; the person's own SSH files unless the project names others."""
    from runbook_engine.transports import LinkSettings

    own: dict[str, Any] = {"ssh_programs": place.ssh_programs, "umask": persons_umask()}
    if place.known_hosts:
        own["known_hosts"] = (place.known_hosts,)
    if place.ssh_config:
        own["ssh_config"] = (place.ssh_config,)
    return LinkSettings(run_folder=run_folder, targets={str(n): t for n, t in targets.items()}, files_folder=files, **own)


def same_machines(place: Settings, plan: Plan) -> None:
    """A plan reaches the machines that it was made for. Raises Refused when RUNBOOK_LAB promises others."""
    if place.lab is None:
        return
    from runbook_engine.lab.overlaying import read_lab

    doors = read_lab(place.lab)["hosts"]
    for name, target in plan.targets.items():
        door = doors.get(name)
        if door is None or (target.address, target.ssh.port) != (door["address"], door["port"]):
            raise Refused(
                f"RUNBOOK_LAB is set, but this plan reaches {name} at {target.address}, not on a practice machine",
                why="A plan reaches the addresses that it was made with.",
                next_command="unset RUNBOOK_LAB, or plan again and run that plan",
            )


def files_beside(plan: Plan) -> Path:
    """The folder of the runbook that a plan was made from: the sources of its uploads are there."""
    return Path(plan.file).parent if plan.file else Path()
