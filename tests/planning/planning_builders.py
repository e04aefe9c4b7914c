"""Small runbooks and estates, made of the model's values, for the tests of planning."""

from collections.abc import Mapping, Sequence
from typing import Any

from runbook_engine.actions import all_actions
from runbook_engine.actions.local import LocalParams
from runbook_engine.actions.run import RunParams
from runbook_engine.model.estate import Estate, Group, Host, SshSettings
from runbook_engine.model.places import Place, Places
from runbook_engine.model.plan import Plan
from runbook_engine.model.runbook import Param, Phase, Rolling, Runbook, Scope, Step
from runbook_engine.model.text import Text, plain, shell
from runbook_engine.model.words import HostName, Kind, Per, PhaseId, StepId
from runbook_engine.planning import make_plan


def host(name: str, **more: Any) -> Host:
    """A host of that name."""
    return Host(name=HostName(name), **more)


def estate(*hosts: Host | str, groups: Mapping[str, Sequence[str]] | None = None) -> Estate:
    """Hosts in that order, and groups of them."""
    listed = [host(h) if isinstance(h, str) else h for h in hosts]
    return Estate(
        hosts={h.name: h for h in listed},
        groups={name: Group(name=name, hosts=tuple(map(HostName, members))) for name, members in (groups or {}).items()},
    )


def many(count: int) -> Estate:
    """That many hosts, all in the group web."""
    names = [f"web{n:05}" for n in range(1, count + 1)]
    hosts = [
        host(n, site="ams1", rack=f"r{i % 40}", vars={"n": i, "version": "1.2"}, ssh=SshSettings(user="ops"), groups=("web",))
        for i, n in enumerate(names)
    ]
    return estate(*hosts, groups={"web": names})


def run(name: str, command: str = "true", **more: Any) -> Step:
    """A step that runs a command: on its hosts, or, when it is done once, on the control machine."""
    for key in ("guard", "skip_if", "verify"):
        if isinstance(more.get(key), str):
            more[key] = (shell(more[key]),)
    title = more.pop("title", name)
    if more.get("per") in (Per.PHASE, Per.BATCH):
        return Step(id=StepId(name), title=plain(title), action="local", params=LocalParams(command=command), **more)
    return Step(id=StepId(name), title=plain(title), action="run", params=RunParams(command=command), **more)


def act(name: str, action: str, params: Mapping[str, Any], **more: Any) -> Step:
    """A step of any action."""
    made = all_actions()[action].params.model_validate(dict(params))
    return Step(id=StepId(name), title=plain(more.pop("title", name)), action=action, params=made, **more)


def phase(name: str, *steps: Step, hosts: str | None = "web", batches: Sequence[int | str] | None = None, **more: Any) -> Phase:
    """A phase; with `batches` it is rolling."""
    rolling = more.pop("rolling", None)
    if batches is not None:
        rolling = Rolling(batches=tuple(batches), pause_s=more.pop("pause_s", 0.0), max_failures=more.pop("max_failures", 0))
    title = more.pop("title", name)
    return Phase(id=PhaseId(name), title=plain(title), steps=tuple(steps), hosts=hosts, rolling=rolling, **more)


def book(*phases: Phase, params: Sequence[Param] = (), scopes: Sequence[Scope] = (Scope(),), **more: Any) -> Runbook:
    """A runbook; every step knows its place: phase p on line 100 p, its step s on line 100 p + s."""
    placed = tuple(_placed(p, n) for n, p in enumerate(phases))
    values = {("phases", n): Place("book.yml", 100 * n + 1, 1) for n in range(len(placed))}
    for n, made in enumerate(placed):
        for s, step in enumerate((*made.steps, *made.healthy_when)):
            values[step.path] = Place("book.yml", 100 * n + s + 2, 3)
    base: dict[str, Any] = {
        "id": "book",
        "title": "A book",
        "kind": Kind.UPGRADE,
        "owner": "ana",
        "why": "because",
        "impact": "none",
    }
    return Runbook(
        **{**base, **more}, phases=placed, params=tuple(params), scopes=tuple(scopes), file="book.yml", places=Places(values)
    )


def _placed(made: Phase, number: int) -> Phase:
    from dataclasses import replace

    path = ("phases", number)
    steps = tuple(replace(s, path=(*path, "steps", n)) for n, s in enumerate(made.steps))
    checks = tuple(replace(s, path=(*path, "healthy_when", n)) for n, s in enumerate(made.healthy_when))
    return replace(made, steps=steps, healthy_when=checks, path=path)


def no_file(path: str) -> bytes:
    """There are no files."""
    raise FileNotFoundError(2, "No such file or directory", path)


def planned(runbook: Runbook, on: Estate, files: Mapping[str, bytes] | None = None, **values: Any) -> Plan:
    """The plan, with files given by name."""
    return make_plan(runbook, on, values, (lambda path: files[path]) if files else no_file)


def script(text: Text) -> tuple[object, ...]:
    """The parts of a text."""
    return text.parts
