"""A run while it goes on: a live picture on a terminal, a line per change everywhere else."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, TextIO

from runbook_engine.model.events import Event
from runbook_engine.model.plan import Plan
from runbook_engine.model.run import Run
from runbook_engine.reporting.progress_lines import Line, ProgressLines
from runbook_engine.reporting.settings import Settings, ready
from runbook_engine.reporting.standing import result_word
from runbook_engine.reporting.tally import Tally

if TYPE_CHECKING:
    from runbook_engine.reporting.progress_terminal import Terminal

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
        self._stream = ready(stream, settings)
        self._terminal = self._new_terminal() if settings.live or settings.colour else None
        self._tally: Tally | None = None
        self._lines: ProgressLines | None = None
        self._run: Run | None = None
        self._drawn: datetime | None = None

    def _new_terminal(self) -> "Terminal":
        from runbook_engine.reporting.progress_terminal import Terminal

        return Terminal(self._plan, self._settings, self._stream, parallel=self._parallel)

    def started(self, run: Run) -> None:
        """The run begins, or goes on."""
        self._run, self._tally = run, Tally(self._plan, run)
        if self._terminal and self._settings.live:
            self._terminal.start()
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
        if (
            self._terminal
            and self._terminal.live
            and (self._drawn is None or abs((now - self._drawn).total_seconds()) >= REDRAW_S)
        ):
            self._draw(now)

    def ended(self, run: Run) -> None:
        """The run came to its end or stands still. The live picture goes; a summary is the caller's."""
        self._run = run
        if self._terminal and self._terminal.live:
            self._draw(self._clock())
            self._terminal.stop()
        elif self._lines:
            self._print([self._lines.end(run, self._clock(), result_word(run))])

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Take the live picture away while something else, such as a question, uses the terminal."""
        shown = self._terminal if self._terminal and self._terminal.live else None
        if shown:
            shown.stop()
        try:
            yield
        finally:
            if shown and self._run is not None:
                shown.start()
                self._draw(self._clock())

    def _draw(self, now: datetime) -> None:
        if self._terminal and self._run is not None and self._tally is not None:
            self._terminal.draw(self._run, self._tally, now)
            self._drawn = now

    def _print(self, lines: Sequence[Line]) -> None:
        if self._terminal and self._settings.colour:
            self._terminal.say(lines)
        else:  # all at once, and as it is: to lay a line out takes longer than to say it
            self._stream.write("".join(f"{line.plain}\n" for line in lines))
        if lines:
            self._stream.flush()
