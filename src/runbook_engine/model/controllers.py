"""What a management controller says about its host and about its own work. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The state of a host, in the words that runbooks use; empty where the controller does not say."""

    power: str = ""  # on, off; powering-on, powering-off, paused on the way
    boot: str = ""  # the device of the next start: pxe, disk, …; none when nothing is overridden
    once: bool = False  # the override is for one start
    led: str = ""  # on, off, blinking
    reset: str = ""  # when the host was last restarted, as the controller writes it


@dataclass(frozen=True, slots=True, kw_only=True)
class Firmware:
    """Versions. `parts` is the inventory: id → (name, version, where it is in the controller)."""

    bios: str = ""
    bmc: str = ""
    parts: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)

    def version(self, component: str) -> str:
        """The version of bios, bmc, or a part by its id or its name; empty if there is no such part."""
        word = component.casefold()
        own = {"bios": self.bios, "bmc": self.bmc}.get(word, "")
        return own or next((version for name, version, _ in self._of(word)), "")

    def place(self, component: str) -> str:
        """Where a part is in the controller; empty if the inventory does not have it."""
        return next((place for _, _, place in self._of(component.casefold())), "")

    def _of(self, word: str) -> list[tuple[str, str, str]]:
        by_id = [part for id_, part in self.parts.items() if id_.casefold() == word]
        return by_id or [part for part in self.parts.values() if part[0].casefold() == word]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a task of the controller is; `well` says whether it ended as it should. `words` are the controller's own."""

    ended: bool
    well: bool = False
    words: str = ""
