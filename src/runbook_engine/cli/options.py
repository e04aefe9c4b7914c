"""Options that several commands share, and how a command prints: data on stdout, everything else on stderr."""

import getpass
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from typing import Any

import click

from runbook_engine.model.errors import Refused

as_json = click.option("--json", "as_json", is_flag=True, help="Print data for programs (documented in docs/json.md).")
inventory = click.option("--inventory", metavar="FOLDER", help="The inventory; else inventory/ of the project.")
journal = click.option("--journal", metavar="URL", help="The journal's database; else the one of your state folder.")
yes = click.option("-y", "--yes", is_flag=True, help="Do not ask before starting.")
no_input = click.option("--no-input", is_flag=True, help="Never ask anything.")
verbose = click.option("-v", "--verbose", count=True, help="Show commands; twice: more.")
reason = click.option("--reason", default="", metavar="TEXT", help="Why; it is kept in the journal.")


def param_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """-p NAME=VALUE and --params-file."""
    command = click.option("--params-file", type=click.Path(dir_okay=False), help="Values from a YAML or JSON file.")(command)
    return click.option("-p", "--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter's value.")(command)


def pairs(values: tuple[str, ...], what: str) -> dict[str, str]:
    """NAME=VALUE arguments as a mapping. Raises click.UsageError for anything else."""
    found: dict[str, str] = {}
    for value in values:
        name, sign, text = value.partition("=")
        if not sign or not name:
            raise click.UsageError(f"{what} is written NAME=VALUE, not {value!r}")
        found[name] = text
    return found


def say(text: str) -> None:
    """Tell a person something (stderr)."""
    if text:
        click.echo(text, err=True)


def show(text: str) -> None:
    """Print what was asked for (stdout)."""
    click.echo(text)


def show_json(data: object) -> None:
    """Print one JSON object (stdout)."""
    click.echo(json.dumps(data, indent=2, ensure_ascii=False, default=str))


def me() -> str:
    """Who gives this command: RUNBOOK_AS, else the operating system's user."""
    try:
        return os.environ.get("RUNBOOK_AS") or getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def zone() -> tzinfo:
    """The time zone of this machine, with its changes of the clock where it has a name; what is recorded is in UTC."""
    from zoneinfo import ZoneInfo

    name = os.environ.get("TZ", "").removeprefix(":") or os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
    now = datetime.now(UTC).astimezone()
    with suppress(KeyError, ValueError, OSError):  # a name that nobody knows, or none at all
        named = ZoneInfo(name)
        if now.astimezone(named).utcoffset() == now.utcoffset():
            return named
    return now.tzinfo or UTC


def on_terminal() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def confirm(question: str, *, yes: bool, no_input: bool) -> None:
    """Ask on a terminal; the default answer is no. Raises Refused when the answer is no."""
    if yes or no_input or not on_terminal():
        return
    if not click.confirm(question, default=False, err=True):
        raise Refused("Nothing was started.")
