"""The management controller of one host, over Redfish: what it says, and what it is asked to change. One request, one try."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from runbook_engine.model.attempts import Answer
from runbook_engine.model.controllers import Board, Progress
from runbook_engine.model.errors import Declined, TransportFault
from runbook_engine.model.plan import Target
from runbook_engine.model.text import Text
from runbook_engine.model.words import Cause
from runbook_engine.transports.capture import Capture
from runbook_engine.transports.command_lines import render
from runbook_engine.transports.controller_words import (
    BOOT,
    DEVICES,
    LED,
    OWN,
    POWER,
    RESET,
    Firmware,
    FirmwarePart,
    facts_of,
    inventory_of,
    named,
    plain,
    progress_of,
)
from runbook_engine.transports.session import OUT
from runbook_engine.transports.settings import LinkSettings, Sink

if TYPE_CHECKING:  # sushy takes a fifth of a second to import: only where a controller is talked to
    from sushy import Sushy
    from sushy.resources.system.system import System

    from runbook_engine.transports.controller_web import Wire

T = TypeVar("T")
LOGOUT_S = 5.0


class Controller:
    """Used by one thread at a time. Logs in when first asked; `close` logs out.

    All methods raise TransportFault when they come to no end within `limit_s` seconds (`started`: a change may have been
    made), and Declined, in the controller's words, when the answer was no.
    """

    def __init__(self, target: Target, settings: LinkSettings) -> None:
        self._target = target
        self._settings = settings
        self._wire: Wire | None = None
        self._root: Sushy | None = None
        self._system_path = ""

    def board(self, limit_s: float) -> Board:
        """The state of the host."""
        return self._asked(limit_s, lambda: _board(self._system().json))

    def facts(self, limit_s: float) -> dict[str, object]:
        """What the controller knows of the host: maker, model, serial number, memory, health."""
        return self._asked(limit_s, lambda: facts_of(self._system().json))

    def version(self, component: str, limit_s: float) -> str:
        """What is installed of bios, bmc, or a part of the inventory by id or name; empty if there is no such part."""

        def ask() -> str:
            part = component.casefold()
            own = self._own(part, self._system()) if part in OWN else ""
            if own:
                return own
            found = named(_inventory(self._root_of()), component)
            return found.version if found else ""

        return self._asked(limit_s, ask)

    def place(self, component: str, limit_s: float) -> str:
        """Where a part of the inventory is in the controller. Declined when there is none of that id or name."""

        def ask() -> str:
            parts = _inventory(self._root_of())
            found = named(parts, component)
            if found is None:
                known = ", ".join(part.id for part in parts) or "nothing"
                raise Declined(f"the firmware inventory has no {component}; it has {known}")
            return found.place

        return self._asked(limit_s, ask)

    def told(self, what: str, sink: Sink, limit_s: float) -> Answer:
        """Power as a word, firmware and facts as JSON: whole, and on `sink`, with secrets masked."""
        if what == "power":
            text = self.board(limit_s).power
        else:
            data = inventory_of(self._asked(limit_s, self._firmware)) if what == "firmware" else self.facts(limit_s)
            text = json.dumps(data, indent=1, ensure_ascii=False)
        capture = Capture(sink, self._settings.secrets.masks)
        capture.add(OUT, f"{text}\n".encode("utf-8", "replace"))
        capture.finish()
        return capture.answer(0)

    def reset(self, power: str, limit_s: float) -> None:
        """Switch or restart the host. Declined when the controller does not offer that."""

        def ask() -> None:
            system = self._system()
            allowed = {value.value for value in system.get_allowed_reset_system_values()}
            kind = next((kind for kind in RESET[power] if kind in allowed), "")
            if not kind:
                raise Declined(f"the management controller does not offer {power}, only {', '.join(sorted(allowed))}")
            system.reset_system(_member("ResetType", kind))

        self._asked(limit_s, ask)

    def start_from(self, device: str, *, once: bool, limit_s: float) -> None:
        """Set where the host starts from, the next time or from now on."""

        def ask() -> None:
            from sushy import BootSource, BootSourceOverrideEnabled

            enabled = "Disabled" if device == "none" else "Once" if once else "Continuous"
            system, source = self._system(), BootSource(DEVICES[device])
            allowed = {value.value for value in system.get_allowed_system_boot_source_values()}
            if device != "none" and source.value not in allowed:
                offered = ", ".join(ours for ours, theirs in DEVICES.items() if theirs in allowed)
                raise Declined(f"the management controller does not offer to start from {device}, only {offered}")
            system.set_system_boot_options(source, BootSourceOverrideEnabled(enabled))

        self._asked(limit_s, ask)

    def light(self, led: str, limit_s: float) -> None:
        """Set the light of the host."""
        value = next(word for word, ours in LED.items() if ours == led)
        self._asked(limit_s, lambda: self._system().set_indicator_led(_member("IndicatorLED", value)))

    def update(self, image: Text, targets: tuple[str, ...], limit_s: float) -> str:
        """Have firmware installed: where its progress can be asked for, empty if that cannot be."""
        from sushy import exceptions

        url = render(image, self._settings.secrets)
        protocol = url.partition("://")[0].upper()

        def ask() -> str:
            service = self._root_of().get_update_service()
            if not service._actions.simple_update:  # noqa: SLF001 - sushy fails on it in a way that says nothing
                raise Declined("the management controller does not install firmware: it has no SimpleUpdate")
            try:
                monitor = service.simple_update(url, list(targets) or None, _member("UpdateTransferProtocolType", protocol))
            except exceptions.MissingHeaderError:
                return ""
            return str(monitor.task_monitor_uri)

        return self._asked(limit_s, ask)

    def progress(self, monitor: str, limit_s: float) -> Progress:
        """How far a task is."""
        return self._asked(limit_s, lambda: progress_of(self._connection().get(monitor)))

    def close(self) -> None:
        """Log out, as far as that works within a few seconds."""
        root, self._root = self._root, None
        if root is None or self._wire is None:
            return
        self._wire.until = self._settings.clock() + LOGOUT_S
        with suppress(Exception):
            root._auth.close()  # noqa: SLF001 - sushy itself logs out only when it is forgotten
        root._auth = None  # noqa: SLF001 - and would do so again

    def _asked(self, limit_s: float, work: Callable[[], T]) -> T:
        wire = self._wire_of()
        wire.until = self._settings.clock() + limit_s
        wire.changed = False
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - what sushy makes of an odd answer has many names
            raise self._meant(error, doubt=wire.changed) from None

    def _wire_of(self) -> "Wire":
        if not self._target.bmc.address:
            message = f"{self._target.name} has no management controller in the inventory"
            raise TransportFault(Cause.CONFIGURATION, message, started=False, next_command="runbook inventory show HOST")
        if self._wire is None:
            from runbook_engine.transports.controller_web import Wire

            self._wire = Wire(self._target.name, self._target.bmc, self._settings)
        return self._wire

    def _meant(self, error: Exception, *, doubt: bool) -> Exception:
        """What an error of sushy means: an answer that is no, a login that fails, or an answer that nobody understands."""
        from sushy import exceptions

        if isinstance(error, TransportFault | Declined):
            return error
        who = f"the management controller of {self._target.name}"
        words = self._settings.secrets.masks.hide_text(plain(error))
        if doubt:
            return TransportFault(Cause.LOST, f"{who} was asked, and then: {words}", started=True)
        if isinstance(error, exceptions.AccessError):
            user = self._target.bmc.user or "nobody"
            does = "does not accept the login of" if error.status_code == 401 else "does not let do that"
            return TransportFault(Cause.AUTHENTICATION, f"{who} {does} {user} ({error.status_code}): {words}", started=False)
        if isinstance(error, exceptions.HTTPError):
            return Declined(f"{who} answered {error.status_code}: {words}", status=error.status_code)
        if isinstance(error, exceptions.SushyError):
            return Declined(f"{who}: {words}")
        return TransportFault(Cause.CONFIGURATION, f"{who} does not answer like Redfish: {words}", started=False)

    def _root_of(self) -> "Sushy":
        if self._root is None:
            import logging

            from sushy import Sushy

            from runbook_engine.transports.controller_web import Login, Once

            logging.getLogger("sushy").setLevel(logging.CRITICAL)  # what it says is said by our own faults
            bmc = self._target.bmc
            password = self._settings.secrets.value(bmc.password).reveal() if bmc.password else ""
            connector = Once(self._wire_of(), bmc.address)
            self._root = Sushy(bmc.address, auth=Login(bmc.user, password), connector=connector)
        return self._root

    def _connection(self) -> Any:
        return self._root_of()._conn  # noqa: SLF001 - the session with its login

    def _system(self) -> "System":
        """The host, as it is now."""
        root, wanted = self._root_of(), self._target.bmc.system
        if not self._system_path:
            paths = root.get_system_collection().members_identities
            fitting = [path for path in paths if wanted in ("", path.rstrip("/").rpartition("/")[2])]
            if len(fitting) != 1:
                known = ", ".join(path.rstrip("/").rpartition("/")[2] for path in paths)
                what = f"has no system {wanted}" if wanted else "has several systems, and none is named"
                raise Declined(f"the management controller of {self._target.name} {what} (bmc: {{system: …}}): {known}")
            self._system_path = fitting[0]
        return root.get_system(self._system_path)

    def _own(self, part: str, system: "System") -> str:
        """The version of the BIOS or of the controller itself, as they tell it beside the inventory."""
        if part == "bios":
            return str(system.bios_version or "")
        links = system.json.get("Links") or {}
        places = [one["@odata.id"] for one in links.get("ManagedBy") or []]
        return str((self._root_of().get_manager(places[0]).firmware_version if places else "") or "")

    def _firmware(self) -> Firmware:
        parts, system = tuple(_inventory(self._root_of())), self._system()
        found = {part: self._own(part, system) or getattr(named(parts, part), "version", "") for part in OWN}
        return Firmware(parts=parts, bios=found["bios"], bmc=found["bmc"])


def _inventory(root: "Sushy") -> list[FirmwarePart]:
    """The firmware inventory, read anew; nothing where the controller has no such list."""
    from sushy import exceptions

    try:
        members = root.get_update_service().firmware_inventory.get_members()
    except (exceptions.MissingAttributeError, exceptions.ResourceNotFoundError):
        return []
    return [
        FirmwarePart(id=str(m.identity), name=str(m.name or ""), version=str(m.version or ""), place=str(m.path))
        for m in members
    ]


def _board(system: Any) -> Board:
    boot = system.get("Boot") or {}
    enabled = boot.get("BootSourceOverrideEnabled") or "Disabled"
    target = BOOT.get(str(boot.get("BootSourceOverrideTarget") or "None"), str(boot.get("BootSourceOverrideTarget")))
    return Board(
        power=POWER.get(str(system.get("PowerState") or ""), ""),
        boot="none" if enabled == "Disabled" else target,
        once=enabled == "Once",
        led=LED.get(str(system.get("IndicatorLED") or ""), ""),
        reset=str(system.get("LastResetTime") or ""),
    )


def _member(kind: str, value: str) -> Any:
    """A word of Redfish as sushy has it. Declined if sushy does not know it."""
    import sushy

    try:
        return getattr(sushy, kind)(value)
    except ValueError:
        raise Declined(f"{value} is not a {kind} of Redfish") from None
