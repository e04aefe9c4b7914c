"""redfish: ask the host's management controller: power, where it starts from, its light, firmware, what is inside."""

from collections.abc import Callable, Iterator
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from runbook_engine.actions.contract import Action, Files, Params, Setting
from runbook_engine.actions.values import PlainText, Seconds
from runbook_engine.model.commands import Procedure, Redfish
from runbook_engine.model.text import Text
from runbook_engine.model.words import Duty

WITHIN_S = {  # how long each may take in all, if the step does not say
    Duty.POWER: 300.0,
    Duty.BOOT: 60.0,
    Duty.LED: 60.0,
    Duty.UPDATE: 3600.0,
    Duty.READ: 60.0,
    Duty.UNTIL_POWER: 600.0,
    Duty.UNTIL_FIRMWARE: 600.0,
}
PROTOCOLS = ("http", "https", "ftp", "sftp", "tftp", "nfs", "cifs", "scp")

Power = Literal["on", "off", "graceful-off", "cycle", "graceful-restart"]
Device = Literal["pxe", "disk", "cd", "usb", "bios-setup", "none"]


class AwaitedParams(Params):
    """What is waited for: a state of power, or a version of firmware."""

    power: Literal["on", "off"] | None = Field(None, description="Until the host is on, or off.")
    firmware: PlainText | None = Field(None, description="Until this version is installed.")
    component: PlainText | None = Field(None, description="Of what: bios, bmc, or an id of the firmware inventory; else bios.")

    @model_validator(mode="after")
    def _one(self) -> "AwaitedParams":
        if (self.power is None) == (self.firmware is None):
            raise ValueError("expected either power or firmware")
        if self.component is not None and self.firmware is None:
            raise ValueError("component belongs to firmware")
        return self


class RedfishParams(Params):
    """One of power, boot, led, update, get and wait; power may go with a boot device, which is set first."""

    power: Power | None = Field(
        None, description="Switch the host: off cuts the power; graceful-… asks its system to end first."
    )
    boot_once: Device | None = Field(None, description="Where the next start comes from.")
    boot: Device | None = Field(None, description="Where every start comes from, from now on.")
    led: Literal["on", "off", "blinking"] | None = Field(None, description="The light by which people find the host.")
    update: PlainText | None = Field(None, description="Install firmware: the address from which the controller fetches it.")
    version: PlainText | None = Field(
        None, alias="to", description="The version that is installed afterwards. It proves the update, and that none is needed."
    )
    component: PlainText | None = Field(None, description="What is updated: bios, bmc, or an id of the firmware inventory.")
    get: Literal["power", "firmware", "facts"] | None = Field(
        None, description="Read, for save_as: power as a word, firmware and facts as JSON."
    )
    wait: AwaitedParams | None = Field(None, description="Wait until the controller says so.")
    within: Seconds | None = Field(
        None,
        description="How long all of it may take. Without it: 5m for power, 10m for wait, 1h for update, 1m for the rest.",
    )

    @field_validator("update")
    @classmethod
    def _fetched(cls, update: Text | None) -> Text | None:
        whole = update is None or not isinstance(next(iter(update.parts), None), str) or "{{" in update.source
        if update is not None and not whole and urlsplit(update.source).scheme.lower() not in PROTOCOLS:
            raise ValueError(f"expected an address that begins with {', '.join(f'{p}://' for p in PROTOCOLS[:3])} or the like")
        return update

    @model_validator(mode="after")
    def _one_thing(self) -> "RedfishParams":
        asked = [self.power or self.boot_once or self.boot, self.led, self.update, self.get, self.wait]
        if sum(bool(a) for a in asked) != 1:
            raise ValueError(
                "expected one of power, boot, boot_once, led, update, get and wait (power may go with a boot device)"
            )
        if self.boot is not None and self.boot_once is not None:
            raise ValueError("expected either boot or boot_once")
        if self.update is None and (self.version is not None or self.component is not None):
            raise ValueError("to and component belong to update")
        return self


def procedure(params: RedfishParams, setting: Setting, files: Files) -> Procedure:
    """What is asked for, one after the other."""
    return Procedure(apply=tuple(_commands(params, setting)))


def only_reads(params: RedfishParams) -> bool:
    """Whether it changes nothing."""
    return params.get is not None or params.wait is not None


def _commands(params: RedfishParams, setting: Setting) -> Iterator[Redfish]:
    def within(duty: Duty) -> float:
        wanted = params.within or WITHIN_S[duty]
        return min(wanted, setting.timeout_s or wanted)

    if device := params.boot_once or params.boot:
        yield Redfish(duty=Duty.BOOT, value=device, once=params.boot_once is not None, within_s=within(Duty.BOOT))
    for duty, value in ((Duty.POWER, params.power), (Duty.LED, params.led), (Duty.READ, params.get)):
        if value is not None:
            yield Redfish(duty=duty, value=value, within_s=within(duty))
    if params.update is not None:
        image, version, component = params.update, params.version, params.component
        limit_s = within(Duty.UPDATE)
        yield Redfish(duty=Duty.UPDATE, image=image, version=version, component=component, within_s=limit_s)
    if params.wait is not None:
        yield _awaited(params.wait, within)


def _awaited(wait: AwaitedParams, within: Callable[[Duty], float]) -> Redfish:
    if wait.power is not None:
        return Redfish(duty=Duty.UNTIL_POWER, value=wait.power, within_s=within(Duty.UNTIL_POWER))
    duty = Duty.UNTIL_FIRMWARE
    return Redfish(duty=duty, version=wait.firmware, component=wait.component, within_s=within(duty))


ACTION = Action(
    name="redfish",
    help="Ask the host's management controller: power, boot device, light, firmware, what is inside.",
    params=RedfishParams,
    procedure=procedure,
    only_reads=only_reads,
)
