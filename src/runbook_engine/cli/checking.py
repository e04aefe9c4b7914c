"""validate, schema: what can be said without hosts and without starting anything."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import click

from runbook_engine.cli import options
from runbook_engine.cli.projects import existing, load_both, write_output
from runbook_engine.cli.settings import Settings, settings
from runbook_engine.model.errors import NotValid, Usage
from runbook_engine.model.places import Mistake


@click.command("validate")
@click.argument("files", nargs=-1)
@options.inventory
@options.as_json
def validate_command(files: tuple[str, ...], inventory: str | None, as_json: bool) -> int:
    """Check runbooks and the inventory; every mistake of every file at once.

    \b
    runbook validate                               all of runbooks/
    runbook validate runbooks/rack12-install.yml

    \b
    Next: runbook plan FILE
    """
    place = settings(Path(files[0]) if files else None, inventory=inventory)
    paths = [existing(f) for f in files] or [
        Path(os.path.relpath(p)) for p in sorted((place.project / "runbooks").glob("*.yml"))
    ]
    if not paths:
        raise Usage(
            "There is no runbook to check", why=f"{place.project / 'runbooks'} has no *.yml", next_command="runbook init"
        )
    mistakes, notes = _check(paths, place)
    if as_json:
        options.show_json(_data(paths, mistakes, notes))
    elif mistakes:
        raise NotValid(mistakes)
    else:
        for path in paths:
            options.show(f"{path}: valid")
        for note in notes:
            options.say(note)
    return 3 if mistakes else 0


def _check(paths: Sequence[Path], place: Settings) -> tuple[list[Mistake], list[str]]:
    """All mistakes, and what is valid but has no effect yet."""
    mistakes: dict[Mistake, None] = {}
    notes: list[str] = []
    for path in paths:
        try:
            runbook, _ = load_both(path, place)
        except NotValid as error:
            mistakes.update(dict.fromkeys(error.mistakes))
            continue
        found: dict[str, str] = {}
        for key, at in runbook.unenforced:
            found.setdefault(key, str(runbook.places.of(at, key=True)))
        notes += [f"{where}: note: {key} is checked but NOT ENFORCED yet" for key, where in found.items()]
    return list(mistakes), notes


def _data(paths: Sequence[Path], mistakes: Sequence[Mistake], notes: Sequence[str]) -> dict[str, object]:
    return {
        "format": 1,
        "kind": "validation",
        "files": [str(p) for p in paths],
        "valid": not mistakes,
        "mistakes": [
            {"file": m.place.file, "line": m.place.line, "column": m.place.column, "message": m.message, "hint": m.hint}
            for m in sorted(mistakes, key=lambda m: m.place)
        ],
        "notes": list(notes),
    }


@click.command("schema")
@click.option("-o", "--output", default="-", metavar="FILE", help="Where to write it; - is stdout.")
def schema_command(output: str) -> None:
    """Print the JSON Schema of runbooks, for editors.

    \b
    runbook schema -o runbook.schema.json
    and as the first line of a runbook: # yaml-language-server: $schema=../runbook.schema.json
    """
    from runbook_engine.loading import json_schema

    write_output((json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n").encode(), output)
