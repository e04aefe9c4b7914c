"""How to show things: live or line by line, with colour or without, in which zone. Decided once, from plain facts."""

from collections.abc import Mapping
from datetime import UTC, tzinfo
from io import TextIOWrapper
from typing import TYPE_CHECKING, TextIO

from runbook_engine.model.values import dataclass

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What was decided. `verbosity` 1 tells every task, 2 every attempt; -1 (quiet) only what needs a person."""

    live: bool = False
    colour: bool = False
    ascii_only: bool = False
    verbosity: int = 0
    zone: tzinfo = UTC


def settings_for(
    stream: TextIO,
    environment: Mapping[str, str],
    *,
    no_colour: bool = False,
    no_live: bool = False,
    verbosity: int = 0,
    zone: tzinfo = UTC,
) -> Settings:
    """The settings for a stream. Live needs a terminal that is not dumb, and no CI.

    Colour is decided by the first that speaks: the flag, NO_COLOR, FORCE_COLOR, whether there is a terminal.
    """
    terminal = stream.isatty() and environment.get("TERM", "") not in ("dumb", "")
    colour = terminal or bool(environment.get("FORCE_COLOR"))
    return Settings(
        live=terminal and not environment.get("CI") and not no_live and verbosity >= 0,
        colour=colour and not no_colour and not environment.get("NO_COLOR"),
        ascii_only="utf" not in (getattr(stream, "encoding", "") or "").lower(),
        verbosity=verbosity,
        zone=zone,
    )


def ready(stream: TextIO, settings: Settings) -> TextIO:
    """The stream; what its encoding does not have becomes a question mark, not an error."""
    if settings.ascii_only and isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="replace")
    return stream


def console_for(stream: TextIO, settings: Settings) -> "Console":
    """A console that shows text as it is: no markup, no guessed highlights, no emoji codes."""
    from rich.console import Console

    return Console(
        file=ready(stream, settings),
        markup=False,
        highlight=False,
        emoji=False,
        force_terminal=settings.live or settings.colour,
        color_system="standard" if settings.colour else None,
        no_color=not settings.colour,
        legacy_windows=False,
    )
