"""From files to a plan: load, ask for parameters, put practice hosts in place, plan."""

import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex

import click

from runbook_engine.cli.estates import estates_of
from runbook_engine.cli.options import on_terminal, say
from runbook_engine.cli.settings import Settings, find_project
from runbook_engine.model.errors import NotValid, Usage
from runbook_engine.model.estate import Estate
from runbook_engine.model.places import Mistake
from runbook_engine.model.plan import Plan
from runbook_engine.model.runbook import Runbook

RUNBOOK_SUFFIXES = (".yml", ".yaml")
PLAN_LIMIT_BYTES = 1 << 30
FILE_LIMIT_BYTES = 16 << 20  # of a script or a template, whose content belongs to the plan


def is_runbook(file: Path) -> bool:
    """Whether a file is authored text; anything else is taken for a saved plan."""
    return file.suffix in RUNBOOK_SUFFIXES


def existing(file: str) -> Path:
    """The path of a file that must be there. Raises Usage with what is near it."""
    path = Path(file)
    if path.is_file():
        return path
    folder = path.parent if path.parent.is_dir() else Path()
    found = sorted({str(p) for p in [*folder.glob("*.yml"), *Path("runbooks").glob("*.yml")]})[:5]
    hint = f"There is: {', '.join(found)}" if found else "There is no runbook here either."
    raise Usage(f"There is no file {file}", why=hint, next_command=f"runbook plan {found[0]}" if found else "runbook init")


def load_both(file: Path, settings: Settings) -> tuple[Runbook, Estate]:
    """Runbook and inventory, checked by themselves and against each other. Raises NotValid with the mistakes of all."""
    from runbook_engine.loading import check, load_runbook
    from runbook_engine.planning import check_capacity, check_limits, check_order, check_templates

    mistakes: list[Mistake] = []
    runbook, estate = None, None
    try:
        runbook = load_runbook(file)
        mistakes += [*check_templates(runbook), *(check_order(runbook) or check_limits(runbook))]
    except NotValid as error:
        mistakes += error.mistakes
    try:
        plain = runbook is not None and not settings.inventory.exists() and not names_hosts(runbook)
        estate = Estate() if plain else load_hosts(settings)
        mistakes += check_capacity(estate)
    except NotValid as error:
        mistakes += error.mistakes
    if runbook and estate:
        mistakes += check(runbook, estate)
    if mistakes or runbook is None or estate is None:
        raise NotValid(mistakes)
    return runbook, estate


def names_hosts(runbook: Runbook) -> bool:
    """Whether any of it is done on hosts, so that an inventory is needed."""
    return any(phase.hosts or any(step.hosts for step in (*phase.steps, *phase.healthy_when)) for phase in runbook.phases)


def load_hosts(settings: Settings) -> Estate:
    """The inventory; with a lab running for it (RUNBOOK_LAB), its hosts are reached there."""
    if not settings.inventory.exists():
        from runbook_engine.loading import load_estate

        return load_estate(settings.inventory)  # which says what is missing
    estate = estates_of(settings.inventory).live().estate
    if settings.lab is None:
        return estate
    from runbook_engine.lab import overlay

    say(f"LAB: planned for practice machines ({settings.lab}), not for the real addresses.")
    return overlay(estate, settings.lab)


def planned(
    file: str,
    settings: Settings,
    given: Mapping[str, str],
    params_file: str | None = None,
    *,
    ask: bool = True,
) -> Plan:
    """The plan that a runbook becomes, or that a saved plan is."""
    path = existing(file)
    if not is_runbook(path):
        return saved(path, given)
    from runbook_engine.loading import missing_params, param_values, read_params_file, settled
    from runbook_engine.planning import make_plan

    runbook, estate = load_both(path, settings)
    values: dict[str, object] = {**(read_params_file(Path(params_file)) if params_file else {}), **given}
    if ask and on_terminal():
        for param in missing_params(runbook, values):
            values[param.name] = click.prompt(f"{param.name} ({param.help or param.type})", err=True)
    files = reader(path.parent)
    return make_plan(settled(runbook, estate), estate, param_values(runbook, values), files, files.checksum)


def saved(path: Path, given: Mapping[str, str]) -> Plan:
    """A saved plan, as it was. Parameters belong to planning and are refused here."""
    from runbook_engine.planning import read_plan

    if given:
        raise Usage(f"{path} is a saved plan: its parameters are fixed", next_command="runbook plan FILE -p NAME=VALUE -o PLAN")
    if path.stat().st_size > PLAN_LIMIT_BYTES:
        raise Usage(f"{path} is too large for a plan")
    return read_plan(path.read_bytes(), str(path))


def reader(folder: Path) -> "Files":
    """Reads files beside a runbook for the planner."""
    return Files(folder)


class Files:
    """The files beside a runbook; called with a path relative to it, it gives the bytes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._project = find_project(self._folder)

    def __call__(self, name: str) -> bytes:
        """The bytes of a file. Raises OSError when it cannot be read, is outside the project or too large for a plan."""
        path = self._inside(name)
        if path.stat().st_size > FILE_LIMIT_BYTES:
            raise OSError(f"larger than {FILE_LIMIT_BYTES >> 20} MB")
        return path.read_bytes()

    def checksum(self, name: str) -> str:
        """The SHA-256 of a file of any size. Raises OSError when it cannot be read or is outside the project."""
        path = self._inside(name)
        if path.exists() and not path.is_file():
            raise OSError("it is not a file")
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def _inside(self, name: str) -> Path:
        path = (self._folder / name).resolve()
        if not path.is_relative_to(self._project):
            raise OSError(f"it is outside the project folder {self._project}")
        return path


def write_output(data: bytes, output: str) -> None:
    """Write to a file, or to stdout for '-'. The file appears whole or not at all."""
    if output == "-":
        sys.stdout.buffer.write(data)
        return
    path = Path(output)
    beside = path.with_name(f".{path.name}.{token_hex(8)}.part")  # nobody can have put a link there
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(data)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise Usage(f"{output} cannot be written: {error.strerror}") from None
