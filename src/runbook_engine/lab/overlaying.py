"""Point an estate at a running lab: its hosts keep their names and get the lab's addresses, ports and keys."""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from runbook_engine.model.errors import Refused
from runbook_engine.model.estate import BmcSettings, Estate, Host, SshSettings
from runbook_engine.model.text import SecretRef

FORMAT = 1


def overlay(estate: Estate, lab_file: Path) -> Estate:
    """The estate with each host that the lab serves reached there; the others stay as they are.

    Raises Refused when no lab runs, or when the file is not the description of one.
    """
    told = read_lab(lab_file)
    hosts = {name: _moved(host, told) if name in told["hosts"] else host for name, host in estate.hosts.items()}
    return replace(estate, hosts=hosts)


def read_lab(lab_file: Path) -> Mapping[str, Any]:
    """The lab.json of a lab that runs. Raises Refused."""
    try:
        told = json.loads(lab_file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Refused(f"No lab runs in {lab_file.parent}.", next_command=f"runbook lab --state {lab_file.parent}") from None
    except (OSError, ValueError) as error:
        raise Refused(f"{lab_file} cannot be read as the description of a lab: {error}") from None
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise Refused(f"{lab_file} is not the description of a lab in format {FORMAT}.")
    if not lives(told["pid"]):
        raise Refused(
            f"The lab of {lab_file.parent} has ended without saying so.", next_command=f"runbook lab --state {lab_file.parent}"
        )
    return told


def lives(pid: int) -> bool:
    """Whether there is a process of that number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _moved(host: Host, told: Mapping[str, Any]) -> Host:
    door = told["hosts"][host.name]
    ssh = SshSettings(user=told["user"], port=door["port"], key=told["key"], known_hosts=told["known_hosts"])
    bmc = BmcSettings(
        address=f"https://{door['address']}:{door['controller']}",
        user=told["bmc"]["user"],
        password=SecretRef(told["bmc"]["password"]),
        verify=told["bmc"]["verify"],
    )
    return replace(host, address=door["address"], ssh=ssh, bmc=bmc if host.bmc.address else host.bmc)
