"""pause, stop: let a run rest, or end it; both say what still runs."""

import click

from runbook_engine.cli import opening, options
from runbook_engine.cli.deciding import decide
from runbook_engine.cli.identity import require
from runbook_engine.model import decisions as de
from runbook_engine.model.words import HostName, Status


@click.command("pause")
@click.argument("run", default="last")
@options.reason
@options.journal
def pause_command(run: str, reason: str, journal: str | None) -> None:
    """Start nothing new in a run; what runs finishes. It says what that is, and so from when on nothing changes any more.

    \b
    runbook pause rack12-install-1 --reason "the site calls"
    runbook resume rack12-install-1
    """
    with opening.opened(run, journal) as found:
        require("execute", found.place)
        decide(found, de.PauseRun(id=opening.new_id(), by=options.me(), reason=reason))
        running = still_running(found)
        when = f"Nothing new starts. It rests when this has ended: {running}" if running else "Nothing runs; it rests now."
        options.show(f"{found.run}: paused. {when}\nNext: runbook resume {found.run}")


@click.command("stop")
@click.argument("run")
@options.reason
@options.yes
@options.no_input
@options.journal
def stop_command(run: str, reason: str, yes: bool, no_input: bool, journal: str | None) -> None:
    """End a run: what runs finishes, nothing more starts, its hosts are free. It cannot be resumed.

    \b
    runbook stop rack12-install-1 --reason "moved to January"
    runbook pause rack12-install-1             when it shall go on later
    """
    with opening.opened(run, journal) as found:
        require("execute", found.place)
        options.confirm(f"End {found.run} for good?", yes=yes, no_input=no_input)
        decide(found, de.StopRun(id=opening.new_id(), by=options.me(), reason=reason))
        running = still_running(found)
        options.show(f"{found.run}: stopped. {f'Still running, until it has ended: {running}' if running else 'Nothing runs.'}")


def still_running(found: opening.Opened) -> str:
    """What runs at this moment, by step, with its hosts; empty when nothing does."""
    from runbook_engine.reporting.folding import fold_hosts
    from runbook_engine.running.course import replay

    if not found.store.run(found.run).alive:
        return ""
    run = replay(found.store.journal(found.run).read(), found.store.plan).run
    steps: dict[str, list[HostName]] = {}
    for task, state in run.tasks.items():
        if state.status is Status.RUNNING:
            name, _, host = task.partition("@")
            steps.setdefault(name.partition("#")[0], []).extend([HostName(host)] if host else [])
    return ", ".join(f"{step} on {fold_hosts(hosts, most=12)}" if hosts else step for step, hosts in steps.items())
