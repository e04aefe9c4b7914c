"""lab, demo: practice hosts on this machine, and a whole runbook carried out on them."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from runbook_engine.cli import opening, options
from runbook_engine.cli.driving import Drive, drive
from runbook_engine.cli.estates import estates_of
from runbook_engine.cli.pretending import approve_all, own_gates, own_inventory
from runbook_engine.cli.private import persons_umask
from runbook_engine.cli.projects import load_hosts
from runbook_engine.cli.settings import Settings, settings
from runbook_engine.model.decisions import Decide, Done
from runbook_engine.model.errors import Refused, Usage
from runbook_engine.model.estate import Estate
from runbook_engine.model.events import Event, TaskOpened
from runbook_engine.model.plan import Package
from runbook_engine.model.words import TaskId
from runbook_engine.running.course import Course

READY_S = 60.0
DEMO_RUNBOOK = "runbooks/rack12-install.yml"


@click.command("lab")
@click.argument("selector", default="all")
@click.option("--state", metavar="FOLDER", help="Where the practice hosts live; else a folder in your state folder.")
@click.option("--fault", "faults", multiple=True, metavar="HOST:FAULT", help="Let a host misbehave (repeatable).")
@options.inventory
def lab_command(selector: str, state: str | None, faults: tuple[str, ...], inventory: str | None) -> None:
    """Start practice hosts for the hosts of your inventory, reached over real SSH on this machine. Ctrl-C ends them.

    \b
    runbook lab rack12
    then, elsewhere: export RUNBOOK_LAB=FOLDER/lab.json, and every command works on the practice hosts
    """
    from runbook_engine.loading import load_estate
    from runbook_engine.planning import select

    place = settings(inventory=inventory)
    folder = Path(state) if state else place.state / "lab"
    names = select(load_estate(place.inventory), selector)
    options.say(f"Practice hosts: {len(names)}. In another terminal:\n  export RUNBOOK_LAB={folder / 'lab.json'}")
    os.umask(persons_umask())
    os.execv(sys.executable, _lab_process(folder, names, faults))  # noqa: S606 - it becomes the lab, and gives up what we may


def _lab_process(folder: Path, names: Sequence[str], faults: Sequence[str]) -> list[str]:
    return [sys.executable, "-P", "-m", "runbook_engine.lab", "--state", str(folder), *(f"--fault={f}" for f in faults), *names]


@contextmanager
def practice_hosts(names: tuple[str, ...], folder: Path, faults: tuple[str, ...] = ()) -> Iterator[Path]:
    """A lab in a process of its own, ended when the block is left; gives its lab.json."""
    command = _lab_process(folder, names, faults)
    with (folder / "lab.log").open("wb") as log:
        lab = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, umask=persons_umask())
    try:
        _ready(lab, folder)
        yield folder / "lab.json"
    finally:
        lab.send_signal(signal.SIGTERM)
        try:
            lab.wait(10)
        except subprocess.TimeoutExpired:
            lab.kill()


def _ready(lab: "subprocess.Popen[bytes]", folder: Path) -> None:
    end = time.monotonic() + READY_S
    while not (folder / "lab.json").is_file():
        if lab.poll() is not None or time.monotonic() > end:
            raise Refused(
                "The practice hosts did not start",
                why=(folder / "lab.log").read_text(encoding="utf-8", errors="replace")[-2000:],
                next_command="runbook lab",
            )
        time.sleep(0.05)


@click.command("demo")
@click.option("--keep", metavar="FOLDER", help="Keep journal, logs and plan in this folder, to look at afterwards.")
@options.verbose
def demo_command(keep: str | None, verbose: int) -> int:
    """See a whole runbook run: 12 practice servers over real SSH, by hand where hands are needed.

    \b
    runbook demo
    runbook demo --keep /tmp/demo       and then: runbook status --journal /tmp/demo/journal.db

    \b
    Its clock, its approvals and its answers are the demo's own; nothing outside this machine is touched.
    """
    root = _shipped()
    folder = Path(keep).absolute() if keep else Path(tempfile.mkdtemp(prefix="runbook-demo-"))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / "lab").mkdir(exist_ok=True, mode=0o700)
    options.say(
        "DEMO: practice servers on this machine, over real SSH. What people would do is answered by the demo itself; it signs\n"
        "their approvals with keys of its own, and its clock stands at the next opening of each phase's window. The parts of\n"
        "the runbook that this version does not enforce yet are accepted."
    )
    os.environ.update({"RUNBOOK_STATE": str(folder), "RUNBOOK_JOURNAL": str(folder / "journal.db")})
    place = settings(root / DEMO_RUNBOOK)
    names = _hosts_of(root / DEMO_RUNBOOK, load_hosts(place))
    weak = names[len(names) // 2]
    faults = (f"{weak}:fwtool=fail-first", *(f"{name}:off" for name in names))
    code = _carry_out(root / DEMO_RUNBOOK, replace(place, lab=folder / "lab" / "lab.json"), folder, names, faults, verbose)
    options.say(_afterwards(folder, weak, kept=keep is not None))
    return code


def _shipped() -> Path:
    """The folder with the shipped runbooks: the one beside the package, or the project itself."""
    for folder in (*Path(__file__).resolve().parents, Path.cwd()):
        if (folder / DEMO_RUNBOOK).is_file():
            return folder
    raise Usage("The shipped runbooks are not here", why="The demo needs runbooks/ and inventory/ of the project.")


def _carry_out(file: Path, place: Settings, folder: Path, names: tuple[str, ...], faults: tuple[str, ...], verbose: int) -> int:
    from runbook_engine.cli.projects import planned, write_output
    from runbook_engine.planning import write_plan
    from runbook_engine.running.focus import Focus

    people = tuple(estates_of(place.inventory).live().estate.people)
    place = replace(place, inventory=own_inventory(place.inventory, folder, people))
    with practice_hosts(names, folder / "lab", faults), opening.store_of(place) as store:
        plan = planned(str(file), place, {}, ask=False)
        write_output(write_plan(plan), str(folder / "rack12.plan"))
        run = opening.create_run(store, plan, demo=True)
        for person, phases in approve_all(plan, place.inventory, folder, store).items():
            options.say(f"DEMO: {person} approves {', '.join(phases)}, signed")
        how = Drive(
            place=place,
            store=store,
            run=run,
            focus=Focus(),
            parallel=place.parallel,
            wait=False,
            ask=False,
            verbose=verbose,
            gates=own_gates(store, place.inventory, place.parallel),
        )
        return drive(how, watch=lambda course, events: _answer(how, course, events))


def _hosts_of(file: Path, estate: Estate) -> tuple[str, ...]:
    """The hosts that the demo's runbook works on."""
    from runbook_engine.loading import load_runbook
    from runbook_engine.planning import select

    runbook = load_runbook(file)
    selectors = {s for phase in runbook.phases for s in (phase.hosts, *(step.hosts for step in phase.steps)) if s}
    wanted = {host for s in selectors for host in select(estate, s)}
    return tuple(host for host in estate.hosts if host in wanted)


def _answer(how: Drive, course: Course, events: Sequence[Event]) -> None:
    """What people would say: done, with made-up evidence, and go. Recorded as automatic."""
    for event in events:
        if isinstance(event, TaskOpened) and event.until is None:
            package, _ = course.shape.parts(event.task)
            by = str(package.who[0]) if package.who else "demo"
            how.store.decide(how.run, _automatic(event.task, package, by))


def _automatic(task: TaskId, package: Package, by: str) -> Done | Decide:
    question = package.procedure.question
    if question and question.choices:
        choice = next(c.name for c in question.choices if c.goes_on)
        return Decide(id=opening.new_id(), by=by, task=task, choice=choice, automatic=True)
    wanted = question.evidence if question and question.evidence else package.evidence
    proof = {name: {"number": "1", "yes_no": "yes"}.get(kind, "made up by the demo") for name, kind in wanted}
    return Done(id=opening.new_id(), by=by, task=task, evidence=proof, automatic=True)


def _afterwards(folder: Path, failed: str, *, kept: bool) -> str:
    journal = folder / "journal.db"
    path = "" if shutil.which("runbook") else f" PATH={Path(sys.executable).parent}:$PATH"
    where = f"export RUNBOOK_STATE={folder}{path}"
    return (
        f"\nDEMO over. Journal, logs and plan are in {folder}{'' if kept else ' (a temporary folder)'}:\n"
        f"  {where}\n"
        "  runbook status            where each phase stands\n"
        f"  runbook log --step firmware/flash --host {failed}     this server failed its first try\n"
        "  runbook log               the journal, in words\n"
        f"  runbook graph {folder / 'rack12.plan'} -o rack12.svg\n"
        f"  runbook evidence last --inventory {folder / 'inventory'} -o rack12-evidence.html      the proof, in one file\n"
        f"({journal.name} is an ordinary SQLite file.)"
    )
