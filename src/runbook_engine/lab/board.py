"""What a management controller knows of its make-believe host, and what it does to it: power, boot device, light."""

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from runbook_engine.lab.door import Door

OWN_VERSION = "7.10.30"  # of the controller itself
RESETS = ("On", "ForceOff", "GracefulShutdown", "GracefulRestart", "ForceRestart")
DEVICES = ("None", "Pxe", "Hdd", "Cd", "Usb", "BiosSetup")
ENABLED = ("Disabled", "Once", "Continuous")
LIGHTS = ("Off", "Lit", "Blinking")
_VERSION = re.compile(r"[0-9A-Za-z.+-]{1,64}\n?")


class NotOffered(ValueError):
    """What is asked for is not something that this controller does."""


class Board:
    """One host as its controller sees it. The folder is that of the host, relative to the lab's own."""

    def __init__(self, door: Door, folder: Path) -> None:
        self._door = door
        self._folder = folder
        self._light = "Off"
        self._boot = {"BootSourceOverrideTarget": "None", "BootSourceOverrideEnabled": "Disabled"}
        self._boot_set = ""  # the last restart when it was set

    @property
    def name(self) -> str:
        """The host's name."""
        return self._door.machine.name

    def pages(self, root: str) -> Mapping[str, dict[str, Any]]:
        """Everything that can be read, by its path."""
        system, manager, part = f"{root}/Systems/1", f"{root}/Managers/1", f"{root}/UpdateService/FirmwareInventory"
        version = self._version()
        return {
            f"{root}/Systems": _list(system),
            system: self._system(system, manager, version),
            f"{root}/Managers": _list(manager),
            manager: {"Id": "1", "Name": "Controller", "ManagerType": "BMC", "FirmwareVersion": OWN_VERSION},
            f"{root}/UpdateService": {
                "Id": "UpdateService",
                "Name": "Firmware",
                "Actions": {},
                "FirmwareInventory": {"@odata.id": part},
            },
            part: _list(f"{part}/BIOS", f"{part}/BMC"),
            f"{part}/BIOS": {"Id": "BIOS", "Name": "System BIOS", "Version": version, "Updateable": False},
            f"{part}/BMC": {"Id": "BMC", "Name": "Controller", "Version": OWN_VERSION, "Updateable": False},
        }

    def set(self, wanted: Mapping[str, Any]) -> None:
        """Change the boot device or the light. Raises NotOffered."""
        boot = wanted.get("Boot") or {}
        for key, value in (*boot.items(), ("IndicatorLED", wanted.get("IndicatorLED", self._light))):
            known = {"BootSourceOverrideTarget": DEVICES, "BootSourceOverrideEnabled": ENABLED, "IndicatorLED": LIGHTS}
            if value not in known.get(key, ()):
                raise NotOffered(f"{key} cannot be {value}.")
        self._boot = {**self._boot_now(), **boot}
        self._boot_set = self._restarted()
        self._light = wanted.get("IndicatorLED", self._light)
        self._note(" ".join(f"{key} {value}" for key, value in (*boot.items(), ("light", self._light))))

    async def reset(self, kind: str) -> None:
        """Switch the host on or off, or restart it. Raises NotOffered."""
        if kind not in RESETS:
            raise NotOffered(f"ResetType cannot be {kind}.")
        self._note(f"power {kind}")
        if kind == "On":
            self._door.switch_on()
        elif kind in ("ForceOff", "GracefulShutdown"):
            self._door.switch_off()
        else:
            self._door.restart()

    def _system(self, place: str, manager: str, version: str) -> dict[str, Any]:
        name = self.name
        return {
            "Id": "1",
            "Name": name,
            "HostName": name,
            "Manufacturer": "Make-believe",
            "Model": "R650",
            "SerialNumber": f"MB{sum(name.encode()):05}",
            "BiosVersion": version,
            "PowerState": "On" if self._door.powered else "Off",
            "LastResetTime": self._restarted(),
            "Status": {"State": "Enabled", "Health": "OK"},
            "ProcessorSummary": {"Count": 2, "Model": "Make-believe CPU"},
            "MemorySummary": {"TotalSystemMemoryGiB": 256},
            "IndicatorLED": self._light,
            "Boot": {**self._boot_now(), "BootSourceOverrideTarget@Redfish.AllowableValues": list(DEVICES)},
            "Links": {"ManagedBy": [{"@odata.id": manager}]},
            "Actions": {
                "#ComputerSystem.Reset": {
                    "target": f"{place}/Actions/ComputerSystem.Reset",
                    "ResetType@Redfish.AllowableValues": list(RESETS),
                }
            },
        }

    def _boot_now(self) -> dict[str, str]:
        """The boot device; one that was for the next start is used up by it."""
        if self._boot["BootSourceOverrideEnabled"] == "Once" and self._restarted() != self._boot_set:
            self._boot = {"BootSourceOverrideTarget": "None", "BootSourceOverrideEnabled": "Disabled"}
        return self._boot

    def _restarted(self) -> str:
        """When the host was last started: it gets a new boot id then."""
        return datetime.fromtimestamp((self._folder / "boot_id").stat().st_mtime, UTC).isoformat()

    def _version(self) -> str:
        """The version of the BIOS, from the disk of the host. Steps can write there, so that nothing else is let out."""
        try:
            file = os.open(self._folder / "disk/lab/versions/firmware", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return ""
        with os.fdopen(file, "rb") as reader:
            found = reader.read(100).decode("latin-1")
        return found.strip() if _VERSION.fullmatch(found) else ""

    def _note(self, what: str) -> None:
        """Write down what was done to the host, beside what its own tools did."""
        file = os.open(self._folder / "effects.log", os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
        with os.fdopen(file, "w", encoding="utf-8") as log:
            log.write(f"controller {what}\n")


def _list(*places: str) -> dict[str, Any]:
    members = [{"@odata.id": place} for place in places]
    return {"Name": "List", "Members": members, "Members@odata.count": len(members)}
