"""What a run shows on a terminal: a live picture, or lines in colour. Loaded only where there is one, because rich is large."""

from collections.abc import Iterable
from datetime import datetime
from typing import TextIO

from rich.control import Control
from rich.live import Live
from rich.text import Text

from runbook_engine.model.plan import Plan
from runbook_engine.model.run import Run
from runbook_engine.reporting.progress_lines import Line
from runbook_engine.reporting.progress_screen import Screen
from runbook_engine.reporting.settings import Settings, console_for
from runbook_engine.reporting.tally import Tally
from runbook_engine.reporting.timing import phase_time


class Terminal:
    """A terminal that a run is shown on."""

    def __init__(self, plan: Plan, settings: Settings, stream: TextIO, *, parallel: int | None = None) -> None:
        self._console = console_for(stream, settings)
        self._screen = Screen(plan, settings, {p.id: phase_time(plan, p, parallel=parallel) for p in plan.phases})
        self._live: Live | None = None
        self._size = self._console.size

    @property
    def live(self) -> bool:
        """Whether the picture is there."""
        return self._live is not None

    def start(self) -> None:
        """Make room for the picture."""
        self._live = Live(Text(""), console=self._console, auto_refresh=False, transient=True, vertical_overflow="crop")
        self._live.start()

    def stop(self) -> None:
        """Take the picture away."""
        if self._live:
            self._live.stop()
            self._live = None

    def draw(self, run: Run, tally: Tally, now: datetime) -> None:
        """Show the picture as it is now, if it is there."""
        if self._live is None:
            return
        size = self._console.size
        if size != self._size:  # what the old size wrapped cannot be taken back line by line
            self._size = size
            self._console.control(Control.clear(), Control.home())
        picture = self._screen.draw(run, tally, now, (size.width, size.height))
        self._live.update(picture, refresh=True)

    def say(self, lines: Iterable[Line]) -> None:
        """Lines, each in its colours."""
        for line in lines:
            self._console.print(Text(line.plain, style=line.style), soft_wrap=True)
