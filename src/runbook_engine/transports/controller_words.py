"""Words of Redfish and words of runbooks. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from runbook_engine.model.controllers import Progress
from runbook_engine.model.values import dataclass

POWER: Mapping[str, str] = {
    "On": "on",
    "Off": "off",
    "PoweringOn": "powering-on",
    "PoweringOff": "powering-off",
    "Paused": "paused",
}
RESET: Mapping[str, tuple[str, ...]] = {  # what is asked for, the first that the controller offers
    "on": ("On", "ForceOn"),
    "off": ("ForceOff",),
    "graceful-off": ("GracefulShutdown",),
    "cycle": ("PowerCycle", "ForceRestart"),
    "graceful-restart": ("GracefulRestart",),
}
DEVICES: Mapping[str, str] = {
    "none": "None",
    "pxe": "Pxe",
    "disk": "Hdd",
    "cd": "Cd",
    "usb": "Usb",
    "bios-setup": "BiosSetup",
}
BOOT: Mapping[str, str] = {theirs: ours for ours, theirs in DEVICES.items()} | {"UsbCd": "cd"}
LED: Mapping[str, str] = {"Lit": "on", "Off": "off", "Blinking": "blinking"}
OWN = ("bios", "bmc")  # what a controller tells beside its inventory
WELL = "Completed"
GOING = frozenset({"New", "Starting", "Running", "Pending", "Suspended", "Stopping", "Service", "Cancelling", "Interrupted"})
LONGEST = 500  # characters of a controller's own words


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwarePart:
    """An entry of the firmware inventory; `place` is its path in the controller."""

    id: str
    name: str
    version: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Firmware:
    """The installed versions."""

    bios: str = ""
    bmc: str = ""
    parts: tuple[FirmwarePart, ...] = ()


def named(parts: Sequence[FirmwarePart], component: str) -> FirmwarePart | None:
    """The part with that id, else the first with that name; the size of letters does not matter."""
    word = component.casefold()
    by_id = (part for part in parts if part.id.casefold() == word)
    return next(by_id, None) or next((part for part in parts if part.name.casefold() == word), None)


def progress_of(response: Any) -> Progress:
    """What the answer of a task monitor says. While the task runs it is 202, or 200 with a task that says so."""
    try:
        task = response.json() if response.content else {}
    except ValueError:
        task = {}
    state = str(task.get("TaskState") or "") if isinstance(task, dict) else ""
    if response.status_code == 202 or state in GOING:
        return Progress(ended=False, words=_steps(task, state))
    well = state in ("", WELL) and str(task.get("TaskStatus") or "OK") == "OK"
    return Progress(ended=True, well=well, words=_steps(task, state))


def _steps(task: Any, state: str) -> str:
    if not isinstance(task, dict):
        return ""
    done = task.get("PercentComplete")
    messages = [str(m.get("Message") or m.get("MessageId") or "") for m in task.get("Messages") or [] if isinstance(m, dict)]
    parts = [state, f"{done} %" if isinstance(done, int) else "", *messages[-2:]]
    return ", ".join(part for part in parts if part)[:LONGEST]


def facts_of(system: Mapping[str, Any]) -> dict[str, object]:
    """What is worth knowing of a system, by short names; what the controller does not say is left out."""
    processors, memory = system.get("ProcessorSummary") or {}, system.get("MemorySummary") or {}
    status = system.get("Status") or {}
    found = {
        "manufacturer": system.get("Manufacturer"),
        "model": system.get("Model"),
        "serial": system.get("SerialNumber"),
        "sku": system.get("SKU"),
        "part": system.get("PartNumber"),
        "asset": system.get("AssetTag"),
        "uuid": system.get("UUID"),
        "host_name": system.get("HostName"),
        "bios": system.get("BiosVersion"),
        "power": POWER.get(str(system.get("PowerState") or "")),
        "health": status.get("Health"),
        "processors": processors.get("Count"),
        "processor": processors.get("Model"),
        "memory_gib": memory.get("TotalSystemMemoryGiB"),
        "led": LED.get(str(system.get("IndicatorLED") or "")),
    }
    return {name: value for name, value in found.items() if isinstance(value, str | int | float) and value != ""}


def inventory_of(firmware: Firmware) -> dict[str, object]:
    """Versions as later steps read them: bios, bmc, and the parts of the inventory by their ids."""
    parts = {part.id: {"name": part.name, "version": part.version} for part in firmware.parts}
    return {"bios": firmware.bios, "bmc": firmware.bmc, "parts": parts}


def plain(error: Exception) -> str:
    """The controller's own words in an error, else those of the library, bounded."""
    detail = getattr(error, "detail", None) or _extended(getattr(error, "extended_info", None))
    return str(detail or error)[:LONGEST]


def _extended(info: Any) -> str:
    messages = [m.get("Message") for m in info if isinstance(m, dict)] if isinstance(info, list) else []
    return " ".join(str(m) for m in messages if m)
