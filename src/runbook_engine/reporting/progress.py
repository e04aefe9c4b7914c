"""A run while it goes on: a live picture on a terminal, a line per change everywhere else."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TextIO

from rich.control import Control
from rich.live import Live
from rich.text import Text

from runbook_engine.model.events import Event
from runbook_engine.model.plan import Plan
from runbook_engine.model.run import Run
from runbook_engine.reporting.progress_lines import ProgressLines
from runbook_engine.reporting.progress_screen import Screen
from runbook_engine.reporting.settings import Settings, console_for
from runbook_engine.reporting.standing import result_word
from runbook_engine.reporting.tally import Tally
from runbook_engine.reporting.timing import phase_time

REDRAW_S = 0.125  # at most eight pictures a second


class Progress:
    """Shows a run. `changed` after each fold of events (with none: time has passed), `ended` last, in any case.

    `started` comes first where the run is known before it goes on; otherwise the first `changed` does the same.
    """

    def __init__(
        self,
        plan: Plan,
        settings: Settings,
        stream: TextIO,
        clock: Callable[[], datetime],
        *,
        parallel: int | None = None,
    ) -> None:
        self._plan = plan
        self._settings = settings
        self._clock = clock
        self._parallel = parallel
        self._console = console_for(stream, settings)
        self._screen = Screen(plan, settings, {p.id: phase_time(plan, p, parallel=parallel) for p in plan.phases})
        self._live: Live | None = None
        self._tally: Tally | None = None
        self._lines: ProgressLines | None = None
        self._run: Run | None = None
        self._drawn: datetime | None = None
        self._size = self._console.size

    def started(self, run: Run) -> None:
        """The run begins, or goes on."""
        self._run, self._tally = run, Tally(self._plan, run)
        if self._settings.live:
            self._live = self._new_live()
            self._draw(self._clock())
            return
        self._lines = ProgressLines(self._plan, run, self._tally, self._settings, self._parallel)
        self._print(self._lines.start(run, self._clock()))

    def changed(self, run: Run, events: Sequence[Event]) -> None:
        """Events were folded into the run."""
        if self._tally is None:
            self.started(run)
        self._run = run
        if self._tally:
            self._tally.note(run, events)
        if self._lines:
            self._print(self._lines.lines(run, events))
        else:
            self.tick(self._clock())

    def tick(self, now: datetime) -> None:
        """Time has passed: redraw, if the last picture is old enough."""
        if self._live and (self._drawn is None or abs((now - self._drawn).total_seconds()) >= REDRAW_S):
            self._draw(now)

    def ended(self, run: Run) -> None:
        """The run came to its end or stands still. The live picture goes; a summary is the caller's."""
        self._run = run
        if self._live:
            self._draw(self._clock())
            self._live.stop()
            self._live = None
        elif self._lines:
            self._print([self._lines.end(run, self._clock(), result_word(run))])

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Take the live picture away while something else, such as a question, uses the terminal."""
        was_live = self._live is not None
        if self._live:
            self._live.stop()
            self._live = None
        try:
            yield
        finally:
            if was_live and self._run is not None:
                self._live = self._new_live()
                self._draw(self._clock())

    def _new_live(self) -> Live:
        live = Live(Text(""), console=self._console, auto_refresh=False, transient=True, vertical_overflow="crop")
        live.start()
        return live

    def _draw(self, now: datetime) -> None:
        if self._live is None or self._run is None or self._tally is None:
            return
        size = self._console.size
        if size != self._size:  # what the old size wrapped cannot be taken back line by line
            self._size = size
            self._console.control(Control.clear(), Control.home())
        picture = self._screen.draw(self._run, self._tally, now, (size.width, size.height))
        self._live.update(picture, refresh=True)
        self._drawn = now

    def _print(self, lines: Sequence[Text]) -> None:
        if not self._settings.colour:  # all at once, and as it is: to lay a line out takes longer than to say it
            self._console.file.write("".join(f"{line.plain}\n" for line in lines))
        else:
            for line in lines:
                self._console.print(line, soft_wrap=True)
        if lines:
            self._console.file.flush()
