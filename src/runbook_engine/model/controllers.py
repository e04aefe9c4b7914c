"""What a management controller says about its host and about its own work. Values only."""

from runbook_engine.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The state of a host, in the words that runbooks use; empty where the controller does not say."""

    power: str = ""  # on, off; powering-on, powering-off, paused on the way
    boot: str = ""  # the device of the next start: pxe, disk, …; none when nothing is overridden
    once: bool = False  # the override is for one start
    led: str = ""  # on, off, blinking
    reset: str = ""  # when the host was last restarted, as the controller writes it


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a task of the controller is; `well` says whether it ended as it should. `words` are the controller's own."""

    ended: bool
    well: bool = False
    words: str = ""
