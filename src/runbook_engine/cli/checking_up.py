"""doctor: look at what the engine stands on, and say what to mend. Nothing is changed."""

import os
import platform
import shutil
from collections.abc import Callable
from pathlib import Path

import click

from runbook_engine import __version__
from runbook_engine.cli import options
from runbook_engine.cli.opening import store_of
from runbook_engine.cli.settings import Settings, settings
from runbook_engine.model.errors import Exit, NotValid, Refused, RunbookError

LOW_BYTES = 200 << 20  # of disk: below it a night's logs may not fit

Check = Callable[[Settings], str]


@click.command("doctor")
@options.inventory
@options.journal
def doctor_command(inventory: str | None, journal: str | None) -> int:
    """Look at what the engine stands on: versions, journal, disk, inventory, SSH keys. Nothing is changed.

    \b
    runbook doctor
    runbook doctor --journal /srv/runbook/journal.db
    """
    place = settings(inventory=inventory, journal=journal)
    options.show(f"ok    runbook {__version__}, Python {platform.python_version()}")
    bad = 0
    for check in (_state, _journal, _inventory, _keys):
        try:
            options.show(f"ok    {check(place)}")
        except RunbookError as error:
            bad += 1
            options.show(f"BAD   {error.message}" + (f"\n      {error.why}" if error.why else ""))
            if error.next_command:
                options.show(f"      next: {error.next_command}")
    return Exit.REFUSED if bad else Exit.DONE


def _state(place: Settings) -> str:
    """The state folder can be written to, and its disk has room."""
    folder = place.state
    while not folder.exists():
        folder = folder.parent
    if not os.access(folder, os.W_OK):
        raise Refused(f"{folder} cannot be written to", why="Logs and journal go there.", next_command="export RUNBOOK_STATE=…")
    free = shutil.disk_usage(folder).free
    if free < LOW_BYTES:
        raise Refused(f"{folder} has only {free >> 20} MB free", why="A full disk stops a run: nothing is started unrecorded.")
    return f"state folder {place.state}, {free >> 30} GB free"


def _journal(place: Settings) -> str:
    """The journal opens, and the chain of every open run is whole."""
    file = Path(place.journal.removeprefix("sqlite:///"))
    if not file.exists():
        return f"journal {file} is made at the first run"
    with store_of(place) as store:
        rows = store.runs()
        open_runs = [row for row in rows if row.ended is None]
        for row in open_runs:
            store.verify(row.run)
    return f"journal {file}: {len(rows)} runs, {len(open_runs)} open, their chains are whole"


def _inventory(place: Settings) -> str:
    """The inventory can be read."""
    from runbook_engine.cli.projects import load_hosts

    try:
        estate = load_hosts(place)
    except NotValid as error:
        first = error.mistakes[0]
        raise Refused(f"inventory: {first.place}: {first.message}", why=first.hint, next_command="runbook validate") from None
    return f"inventory {place.inventory}: {len(estate.hosts)} hosts, {len(estate.people)} people"


def _keys(place: Settings) -> str:
    """There is a key to log in with, and a place for host keys."""
    known = place.known_hosts or Path("~/.ssh/known_hosts").expanduser()
    agent = "an SSH agent" if os.environ.get("SSH_AUTH_SOCK") else ""
    own = sorted(p.name for p in Path("~/.ssh").expanduser().glob("id_*") if p.suffix != ".pub")
    have = ", ".join(filter(None, (agent, *own))) or "no agent and no key of your own; the inventory may name one"
    return f"SSH: {have}; host keys in {known}{'' if known.exists() else ' (not there yet)'}"
