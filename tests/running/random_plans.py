"""Plans made by chance, for the laws of the spine."""

from hypothesis import strategies as st

from runbook_engine.model.commands import AskPerson, Procedure, Shell
from runbook_engine.model.plan import WayBack
from runbook_engine.model.runbook import Retry
from runbook_engine.model.text import plain, shell
from runbook_engine.model.words import FailureScope, OnFailure, Repeat
from stand import ALL, SAME, manual, needs, package, pause, phase, plan

HOSTS = ("h1", "h2", "h3")
CHECK = Procedure(apply=(Shell(script=shell("true")),), verify=(Shell(script=shell("check")),))
BACK = WayBack(procedure=Procedure(apply=(Shell(script=shell("undo")),)), retries=Retry(count=1))
BY_HAND = Procedure(apply=(AskPerson(prompt=plain("Undo it")),))


@st.composite
def budgets(draw):
    """No budget, or one of each kind: counted by batch, phase or project, and with what follows when it is exceeded."""
    allowed = draw(st.sampled_from([None, None, 0, 1, 1, 2]))
    if allowed is None:
        return {}
    over = draw(st.sampled_from(FailureScope))
    return {"max_failures": allowed, "failures_over": over, "on_failure": draw(st.sampled_from(OnFailure))}


@st.composite
def plans(draw):
    """Plans of one to three phases, one or two batches, up to four steps, with every kind of edge and package."""
    phases = []
    for p in range(draw(st.integers(1, 3))):
        stages = [_stage(draw, f"p{p}", s) for s in range(draw(st.integers(1, 2)))]
        phases.append(phase(f"p{p}", *stages, pause_s=draw(st.sampled_from([0.0, 0.0, 2.0])), **draw(budgets())))
    return plan(*phases)


def _stage(draw, name, number):
    packages = []
    suffix = "" if number == 0 else f"#{number + 1}"
    for i in range(draw(st.integers(1, 4))):
        before = draw(st.sampled_from(packages)) if packages and draw(st.booleans()) else None
        hosts = draw(st.sampled_from([(), HOSTS, HOSTS[:2], HOSTS[2:]]))
        kind = SAME if before and before.hosts and hosts and draw(st.booleans()) else ALL
        fields = {"needs": needs((before.id, kind))} if before else {}
        step = f"{name}/s{i}{suffix}"
        what = draw(st.sampled_from(["once", "once", "safe", "verify", "manual", "pause", "retry"]))
        back = draw(st.sampled_from([None, BACK, BACK, WayBack(procedure=CHECK), WayBack(procedure=BY_HAND)]))
        packages.append(_package(what, step, hosts, {**fields, "way_back": back}))
    return packages


def _package(what, step, hosts, fields):
    match what:
        case "manual":
            return manual(step, **fields)
        case "pause":
            return pause(step, 30.0, **fields)
        case "verify":
            return package(step, hosts, procedure=CHECK, repeat=Repeat.VERIFY, **fields)
        case "retry":
            return package(step, hosts, repeat=Repeat.SAFE, retries=Retry(count=1), **fields)
        case _:
            return package(step, hosts, repeat=Repeat.SAFE if what == "safe" else Repeat.ONCE, **fields)
