"""What is asked of the management controller of a host, as the workers see it."""

from collections.abc import Callable
from typing import Protocol

from runbook_engine.model.attempts import Answer
from runbook_engine.model.controllers import Board, Progress
from runbook_engine.model.text import Text


class Controller(Protocol):
    """Each method sends what it has to once, within `limit_s` seconds.

    Raises TransportFault when it comes to no end (`started`: a change may have been made), Declined when the answer is no.
    """

    def board(self, limit_s: float) -> Board:
        """The state of the host."""
        ...

    def version(self, component: str, limit_s: float) -> str:
        """What is installed of bios, bmc, or a part of the inventory by id or name; empty if there is no such part."""
        ...

    def place(self, component: str, limit_s: float) -> str:
        """Where a part of the inventory is in the controller. Declined when there is none of that id or name."""
        ...

    def told(self, what: str, sink: Callable[[int, bytes], None], limit_s: float) -> Answer:
        """What `get` asks for (power, firmware, facts) as text, whole and on `sink`; secrets are masked."""
        ...

    def reset(self, power: str, limit_s: float) -> None:
        """Switch or restart the host."""
        ...

    def start_from(self, device: str, *, once: bool, limit_s: float) -> None:
        """Set where the host starts from, the next time or from now on."""
        ...

    def light(self, led: str, limit_s: float) -> None:
        """Set the light of the host."""
        ...

    def update(self, image: Text, targets: tuple[str, ...], limit_s: float) -> str:
        """Have firmware installed: where its progress can be asked for, empty if that cannot be."""
        ...

    def progress(self, monitor: str, limit_s: float) -> Progress:
        """How far a task is."""
        ...
