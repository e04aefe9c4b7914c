"""Small plans whose every turn is known by hand, and the shipped ones."""

from dataclasses import replace
from pathlib import Path

from runbook_engine.loading import load_estate, load_runbook, param_values, settled
from runbook_engine.model.commands import Choice, Procedure, Reboot, Shell
from runbook_engine.model.plan import WayBack
from runbook_engine.model.rehearsal import Fault, FaultKind
from runbook_engine.model.runbook import Retry, Takes
from runbook_engine.model.text import shell
from runbook_engine.model.words import OnFailure, Repeat
from runbook_engine.planning import make_plan
from runbook_engine.simulating import rehearse
from stand import SAME, START, manual, needs, package, phase, plan

ROOT = Path(__file__).parents[2]
ESTATE = load_estate(ROOT / "inventory")
SHIPPED = ("rack12-install", "site-maintenance", "web-upgrade")
HOSTS = ("h1", "h2", "h3", "h4")
MINUTE = Takes(low_s=60.0, high_s=120.0)
DO, UNDO, CHECK = Shell(script=shell("do")), Shell(script=shell("undo")), Shell(script=shell("check"))
BACK = WayBack(procedure=Procedure(apply=(UNDO,)))
RESTART = Procedure(apply=(Reboot(command=shell("reboot"), within_s=600.0),))
GO = (Choice(name="go"), Choice(name="no-go", goes_on=False))


def shipped(name):
    """The plan of a shipped runbook."""
    file = ROOT / "runbooks" / f"{name}.yml"
    runbook = load_runbook(file)
    return make_plan(
        settled(runbook, ESTATE), ESTATE, param_values(runbook, {}), lambda path: (ROOT / "runbooks" / path).read_bytes()
    )


def upgrade(**changes):
    """A question, then on four hosts in two batches: install (with a way back), restart, look."""
    rolling = {"max_failures": 1, "on_failure": OnFailure.ROLL_BACK, **changes}
    return plan(
        phase("ask", [manual("ask/go", GO, takes=Takes(low_s=300.0, high_s=600.0))]),
        phase("up", _batch(1, HOSTS[:1]), _batch(2, HOSTS[1:]), **rolling),
    )


def _batch(number, hosts):
    end = f"#{number}" if number > 1 else ""
    install = package(
        f"up/install{end}",
        hosts,
        procedure=Procedure(apply=(DO,), verify=(CHECK,), guard=(CHECK,)),
        repeat=Repeat.VERIFY,
        retries=Retry(count=1),
        way_back=BACK,
        takes=MINUTE,
    )
    restart = package(
        f"up/restart{end}",
        hosts,
        procedure=RESTART,
        reboots=True,
        way_back=WayBack(none="it is up again, or not"),
        takes=MINUTE,
        needs=needs((install.id, SAME)),
    )
    look = package(f"up/look{end}", hosts, repeat=Repeat.SAFE, health_check=True, takes=MINUTE, needs=needs((restart.id, SAME)))
    return [install, restart, look]


def one_step(hosts=HOSTS, **changes):
    """One step on hosts, and nothing else."""
    return plan(phase("p", [package("p/a", hosts, **{"takes": MINUTE, **changes})]))


def without_memory(made):
    """The same plan on hosts that keep nothing of what becomes of a step."""
    targets = {name: replace(target, ssh=replace(target.ssh, keep=False)) for name, target in made.targets.items()}
    return replace(made, targets=targets)


def night(made, *faults, seed=1, parallel=20):
    """One night of a plan: the rehearsal and its only scenario. Faults are kinds, or (kind, at) or (kind, at, value)."""
    wanted = [Fault(kind=f) if isinstance(f, FaultKind) else Fault(kind=f[0], at=f[1], value=(*f, "")[2]) for f in faults]
    found = rehearse(made, wanted, seed, START, parallel=parallel)
    return found, found.scenarios[0]


def commands(scenario):
    """What was typed, without answers to questions of the plan."""
    return [t.command for t in scenario.typed if "runbook done" not in t.command and "--choice" not in t.command]


def taken(rehearsal):
    """The branches that were taken: (kind, where)."""
    return {(branch.kind, branch.where) for branch in rehearsal.branches if branch.exercised}
