"""Whether the people, roles, windows and resources that a runbook names are in the estate."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from runbook_engine.loading.nearest import did_you_mean
from runbook_engine.model.estate import Estate, Resource
from runbook_engine.model.places import Mistake, Path
from runbook_engine.model.runbook import Phase, Runbook, Step, Who


def check(runbook: Runbook, estate: Estate) -> list[Mistake]:
    """Every reference of the runbook to something that the estate does not have.

    People, roles, departments and skills are checked when the estate has people, resources when it has resources.
    """
    found = [*_windows(runbook, estate), *_alone(runbook, estate)]
    if estate.people:
        found += [*_named(runbook, estate), *_who(runbook, estate)]
    if estate.resources:
        found += _uses(runbook, estate)
    return found


def settled(runbook: Runbook, estate: Estate) -> Runbook:
    """The runbook with each bare word of `who` as what it is: a person if the estate knows one of that name, else a role."""
    return replace(runbook, phases=tuple(_settled_phase(p, estate) for p in runbook.phases))


def _settled_phase(phase: Phase, estate: Estate) -> Phase:
    steps = tuple(_settled_step(s, estate) for s in phase.steps)
    return replace(phase, steps=steps, healthy_when=tuple(_settled_step(s, estate) for s in phase.healthy_when))


def _settled_step(step: Step, estate: Estate) -> Step:
    who = tuple(_settled_who(w, estate) for w in step.who)
    return step if who == step.who else replace(step, who=who)


def _settled_who(who: Who, estate: Estate) -> Who:
    return replace(who, person="", role=who.person) if who.person and who.person not in estate.people else who


def people_in(role: str, estate: Estate) -> frozenset[str] | None:
    """Who is in a role, a department, or is the head of one; None when there is no such role."""
    if role in estate.roles:
        return frozenset(estate.roles[role])
    if role in estate.departments:
        return frozenset(p.id for p in estate.people.values() if p.department == role)
    head = estate.departments.get(role.removeprefix("head-of-")) if role.startswith("head-of-") else None
    return frozenset({head.head} - {""}) if head else None


def _names(estate: Estate) -> list[str]:
    return [*estate.people, *estate.roles, *estate.departments, *(f"head-of-{name}" for name in estate.departments)]


def _steps(runbook: Runbook) -> Iterator[Step]:
    for phase in runbook.phases:
        yield from phase.steps
        yield from phase.healthy_when


def _windows(runbook: Runbook, estate: Estate) -> Iterator[Mistake]:
    for phase in runbook.phases:
        if phase.window and phase.window not in estate.windows:
            hint = did_you_mean(phase.window, estate.windows, "the windows are") or "write it in the inventory under windows:"
            yield _mistake(runbook, [(*phase.path, "window")], f"there is no window {phase.window!r}", hint, phase.window)


def _alone(runbook: Runbook, estate: Estate) -> Iterator[Mistake]:
    """Sites and racks that a phase wants for itself, and that have no host."""
    known = dict.fromkeys(name for host in estate.hosts.values() for name in (host.site, host.rack) if name)
    for phase in runbook.phases:
        for number, name in enumerate(phase.alone_at):
            if name not in known:
                hint = did_you_mean(name, known, "there are hosts in") or "give hosts a site or a rack in the inventory"
                at = (*phase.path, "alone_at", number)
                yield _mistake(runbook, [at], f"no host is in a site or rack {name!r}", hint, name)


def _named(runbook: Runbook, estate: Estate) -> Iterator[Mistake]:
    """Names that may be those of people, roles or departments."""
    named: list[tuple[Path, str]] = [(("owner",), runbook.owner)]
    if runbook.budget and runbook.budget.owner:
        named.append((("budget", "owner"), runbook.budget.owner))
    named += [(("approvals", i, "by"), a.by) for i, a in enumerate(runbook.approvals)]
    named += [(("stakeholders", i, "who"), s.who) for i, s in enumerate(runbook.stakeholders)]
    for path, name in named:
        if name not in estate.people and people_in(name, estate) is None:
            hint = did_you_mean(name, _names(estate), "known are")
            yield _mistake(runbook, [path], f"there is no person, role or department {name!r}", hint, name)
    for index, approval in enumerate(runbook.approvals):
        could = {approval.by} if approval.by in estate.people else people_in(approval.by, estate)
        if could is not None and approval.count > len(could):
            message = f"{approval.count} must sign, but {approval.by} is {_people(len(could))}"
            yield _lack(runbook, [("approvals", index, "count"), ("approvals", index)], message)


def _who(runbook: Runbook, estate: Estate) -> Iterator[Mistake]:
    skills = {skill for person in estate.people.values() for skill in person.skills}
    for step in _steps(runbook):
        for index, who in enumerate(step.who):
            yield from _one_who(runbook, estate, (*step.path, "who"), index, _settled_who(who, estate), skills)
            if who.person in estate.people and who.person in [other.person for other in step.who[:index]]:
                paths: list[Path] = [(*step.path, "who", index, "person"), (*step.path, "who", index)]
                message = f"{who.person} is named already, and nobody is two people"
                yield _mistake(runbook, paths, message, "name somebody else, or leave this out", who.person)


def _one_who(runbook: Runbook, estate: Estate, at: Path, index: int, who: Who, skills: Iterable[str]) -> Iterator[Mistake]:
    name = who.person or who.role or who.skill
    keys = ("skill",) if who.skill else ("role", "person")
    paths: list[Path] = [p for key in keys for p in ((*at, index, key), (*at, key))] + [(*at, index), at]
    yield from _certificate(runbook, estate, at, index, who)
    could = _could(estate, who)
    if could is None and who.skill:
        hint = did_you_mean(name, sorted(skills), "known skills are")
        yield _lack(runbook, paths, f"nobody has the skill {name!r}", hint, name)
    elif could is None:
        hint = did_you_mean(name, _names(estate), "known are")
        yield _mistake(runbook, paths, f"there is no person, role or department {name!r}", hint, name)
    elif who.count > len(could):
        level = f" at level {who.level}" if who.skill and who.level > 1 else ""
        level += f" with the certificate {who.certificate}" if who.certificate else ""
        message = f"{who.count} different people are needed, but {name}{level} is {_people(len(could))}"
        yield _lack(runbook, [(*at, index, "count"), (*at, "count"), *paths], message)


def _certificate(runbook: Runbook, estate: Estate, at: Path, index: int, who: Who) -> Iterator[Mistake]:
    known = sorted({name for person in estate.people.values() for name in person.certificates})
    if who.certificate and who.certificate not in known:
        paths: list[Path] = [(*at, index, "certificate"), (*at, "certificate"), (*at, index), at]
        hint = did_you_mean(who.certificate, known, "known certificates are") or "write it with a person: certificates: {…}"
        yield _lack(runbook, paths, f"nobody has the certificate {who.certificate!r}", hint, who.certificate)


def _could(estate: Estate, who: Who) -> frozenset[str] | None:
    """The people who could do it; None when the name or the skill is not known at all."""
    found = _able(estate, who)
    if found is None or not who.certificate:
        return found
    with_it = frozenset(p.id for p in estate.people.values() if who.certificate in p.certificates)
    return found & with_it if with_it else found  # a certificate that nobody has is said by itself


def _able(estate: Estate, who: Who) -> frozenset[str] | None:
    if who.person:
        return frozenset({who.person}) if who.person in estate.people else None
    if who.role:
        return people_in(who.role, estate)
    if not any(who.skill in p.skills for p in estate.people.values()):
        return None
    return frozenset(p.id for p in estate.people.values() if p.skills.get(who.skill, 0) >= who.level)


def _uses(runbook: Runbook, estate: Estate) -> Iterator[Mistake]:
    for step in _steps(runbook):
        for name, count in step.uses.items():
            resource = estate.resources.get(name)
            path: Path = (*step.path, "uses", name)
            if resource is None:
                hint = did_you_mean(name, estate.resources, "the resources are")
                place = runbook.places.keys.get(path) or runbook.places.of(path)
                message = f"there is no resource {name!r}"
                yield Mistake(place, message, hint, runbook.places.source(place), len(name))
                continue
            most = resource.capacity if resource.capacity is not None else _parts(resource)
            if most is not None and count > most:
                yield _lack(runbook, [path], f"{count} × {name} are needed, but there are only {most}")


def _parts(resource: Resource) -> int | None:
    """How many parts there will be, those on order included."""
    return None if resource.stock is None else resource.stock + sum(count for _, count in resource.arrives)


def _people(count: int) -> str:
    return "nobody" if count == 0 else "1 person" if count == 1 else f"{count} people"


def _lack(runbook: Runbook, paths: list[Path], message: str, hint: str = "", word: str = "") -> Mistake:
    return replace(_mistake(runbook, paths, message, hint, word), lack=True)


def _mistake(runbook: Runbook, paths: list[Path], message: str, hint: str = "", word: str = "") -> Mistake:
    path = next((p for p in paths if p in runbook.places.values), paths[-1])
    return runbook.places.mistake(path, message, hint, width=len(word) or 1)
