"""The command `runbook`: a table of sub-commands that are imported only when called, and one place for errors."""

import gc
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from runbook_engine.cli.private import persons_umask
from runbook_engine.model.errors import Exit, NotValid, RunbookError

# name → (module in this package, help); the order is that of the work, and of `runbook --help`
COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("starting", "Start a project: an inventory and a first runbook."),
    "validate": ("checking", "Check runbooks and the inventory; every mistake at once."),
    "schema": ("checking", "Print the JSON Schema for editors."),
    "inventory": ("inventory", "List, show, check hosts; trust their SSH keys."),
    "plan": ("planning", "Turn a runbook into a plan; compare two plans."),
    "graph": ("planning", "Draw a plan as SVG, Mermaid or DOT."),
    "feasibility": ("feasibility", "Say whether a plan can be done, and what would help if not."),
    "schedule": ("scheduling", "Say who does what when, how good that is; book it."),
    "rehearse": ("rehearsing", "Play a plan on stand-in hosts, with what can go wrong."),
    "approve": ("signing", "Approve a plan, signed with your SSH key."),
    "reject": ("signing", "Reject a plan, with a reason."),
    "ask": ("signing", "Ask a question about a plan before you decide."),
    "revoke": ("signing", "Take back what you have said of a plan."),
    "approvals": ("approvals", "Show who must still approve, who has, and what counts."),
    "run": ("running", "Carry out a runbook or a saved plan."),
    "resume": ("running", "Carry a run on where it stands."),
    "done": ("deciding", "Say that a task of yours is done."),
    "decide": ("deciding", "Answer a question of a run: go or no-go."),
    "resolve": ("deciding", "Say what became of an attempt in doubt."),
    "assign": ("deciding", "Give a task to somebody."),
    "accept": ("deciding", "Agree to do a task."),
    "decline": ("deciding", "Do not agree to do a task."),
    "pause": ("halting", "Start nothing new in a run."),
    "stop": ("halting", "End a run: what runs finishes, nothing more starts."),
    "roll-back": ("turning", "Undo what was done, the last first."),
    "amend": ("amending", "Go on with a changed plan."),
    "runs": ("looking", "List runs."),
    "status": ("looking", "Show where a run stands, by phase."),
    "why": ("looking", "Say why a task does not start."),
    "log": ("looking", "Show what a run, a step or a host printed."),
    "tasks": ("tasking", "Show what is whose: planned, booked, and ready now."),
    "evidence": ("evidencing", "Write one file that shows a run, for auditors."),
    "verify": ("verifying", "Check a run or an evidence file: find any change."),
    "doctor": ("checking_up", "Look at what the engine stands on: journal, disk, inventory, SSH."),
    "lab": ("practising", "Start practice hosts on this machine."),
    "demo": ("practising", "See a whole runbook run on practice hosts."),
}

EPILOG = """\b
Exit codes: 0 done, 1 failed or unreachable, 2 wrong usage, 3 file not valid, 4 refused,
5 waiting for a person or a time, 6 outcome unknown, 7 compared things differ, 130 interrupted.

\b
Next: runbook demo        or, in a folder of your own: runbook init"""


class Commands(click.Group):
    """The sub-commands, without importing them for help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command and take the command from it."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"runbook_engine.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One line per command, from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_text) for name, (_, help_text) in COMMANDS.items()])


@click.command(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="runbook-engine", prog_name="runbook")
def runbook() -> None:
    """One file for the plan and the work of an infrastructure change.

    \b
    runbook plan runbooks/rack12-install.yml -o rack12.plan
    runbook run rack12.plan
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with what it has to say (see model.errors.Exit)."""
    persons_umask()
    gc.set_threshold(250_000, 50, 1000)  # what is read and planned is kept: looking through it again and again finds nothing
    code = outcome(list(sys.argv[1:] if arguments is None else arguments))
    gc.freeze()  # the process ends: nothing is looked through once more
    sys.exit(code)


def outcome(arguments: list[str]) -> int:
    """The exit code of a command line; whatever goes wrong is told on stderr."""
    try:
        code = runbook.main(arguments or ["--help"], prog_name="runbook", standalone_mode=False)
        return int(code) if isinstance(code, int) else int(Exit.DONE)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except RunbookError as error:
        _tell(error)
        return int(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted. Nothing more is started.", err=True)
        return int(Exit.INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(Exit.DONE)
    except Exception as error:  # noqa: BLE001 - the last resort: say it, keep the trace for us
        return _our_mistake(error)


def _tell(error: RunbookError) -> None:
    from runbook_engine.reporting.mistakes import error_text, mistakes_text

    text = mistakes_text(error.mistakes) if isinstance(error, NotValid) else error_text(error)
    click.echo(text, err=True)


def _our_mistake(error: Exception) -> int:
    """A mistake of the engine itself: the trace goes into a file, the person gets one sentence."""
    from runbook_engine.cli.settings import state_folder

    folder = state_folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    report = folder / "crash-report.txt"
    trace: Any = "".join(traceback.format_exception(error))
    report.write_text(trace, encoding="utf-8")
    click.echo(
        f"This is a mistake of runbook itself: {type(error).__name__}: {error}\n"
        f"What was recorded is safe. The details are in {report}; please send them.",
        err=True,
    )
    return int(Exit.FAILED)
