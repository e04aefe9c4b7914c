"""Whether there are enough people who can do each step at all: skills, levels, roles, sites, certificates."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from math import inf

from runbook_engine.model.estate import Estate, Person
from runbook_engine.model.plan import Package, Plan
from runbook_engine.model.runbook import Who
from runbook_engine.model.values import dataclass
from runbook_engine.model.verdict import Finding, Matter, WayOut
from runbook_engine.model.words import PersonId
from runbook_engine.scheduling.feasibility_case import Case, counted, listed, worked
from runbook_engine.scheduling.projects_people import able

_LOWER, _RENEW, _ALLOW, _MORE = 0.5, 1.0, 1.5, 5.0  # what ways out cost


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ask:
    """A need of people: of a step, at a site (empty: anywhere)."""

    package: Package
    who: Who
    site: str


def people(case: Case) -> tuple[Finding, ...]:
    """Needs that nobody can meet, or too few people, whenever they have time. Each once for a step."""
    return tuple(finding for ask in _asks(case) for finding in _lacking(case, ask))


def with_enough(case: Case) -> Case:
    """The same with as many people as `people` misses, who are always there, so that what else is wrong can be found."""
    lacking = [ask for ask in _asks(case) if _lacking(case, ask)]
    unknown = {ask.who for ask in lacking if not ask.who.skill and ask.who.role not in case.estate.roles}
    if unknown:
        packages = {n: replace(p, who=tuple(w for w in p.who if w not in unknown)) for n, p in case.plan.packages.items()}
        case = replace(case, plan=replace(case.plan, packages=packages))
    for ask in lacking:
        if ask.who not in unknown:
            case = replace(case, estate=_joined(case.estate, ask))
    return case


def _joined(estate: Estate, ask: _Ask) -> Estate:
    """With the people who are missing for a need; those whose certificate has ended have a new one."""
    who, paper = ask.who, ask.who.certificate
    here = [p for p in able(who, estate) if _may_work(p, ask.site)]
    ended = {p.id: replace(p, certificates={**p.certificates, paper: None}) for p in here if paper in p.certificates}
    more: dict[PersonId, Person] = {}
    for number in range(who.count - (len(ended) if paper else len(here))):
        name = PersonId(f"somebody-{len(estate.people) + number}")
        skills = {who.skill: who.level} if who.skill else {}
        papers, sites = {paper: None} if paper else {}, (ask.site,) if ask.site else ()
        more[name] = Person(id=name, name="somebody else", skills=skills, certificates=papers, site=ask.site, sites=sites)
    ended |= {p.id: _unlimited(ended.get(p.id, p)) for p in here if too_long(ask.package, p)}
    roles = {**estate.roles, who.role: (*estate.roles.get(who.role, ()), *more)} if who.role else estate.roles
    return replace(estate, people={**estate.people, **ended, **more}, roles=roles)


def _unlimited(person: Person) -> Person:
    return replace(person, day_most_s=None, week_most_s=None)


def _asks(case: Case) -> Iterator[_Ask]:
    if not case.estate.people:
        return
    seen: set[tuple[str, Who, str]] = set()
    for package in case.plan.packages.values():
        for site in _sites(case.plan, package):
            for who in package.who:
                key = (package.step, who, site)
                if key not in seen:
                    seen.add(key)
                    yield _Ask(package=package, who=who, site=site)


def _sites(plan: Plan, package: Package) -> Sequence[str]:
    """Where people have to be; an empty name is anywhere."""
    hosts = [plan.targets[h].site for h in package.hosts if h in plan.targets] if package.on_site else []
    return sorted(set(hosts)) or [""]


def _lacking(case: Case, ask: _Ask) -> list[Finding]:
    """What is short for a need: people who can do it, who may work there, whose certificate is valid. Each for itself."""
    who, count, found = ask.who, ask.who.count, list[Finding]()
    could = able(who, case.estate)
    here = [p for p in could if _may_work(p, ask.site)]
    if len(could) < count:
        found.append(_too_few(case, ask, could))
    if len(here) < min(count, len(could)):
        found.append(_not_allowed(case, ask, could, here))
    today = first_day(case)
    valid = [p for p in here if not who.certificate or _valid(p, who.certificate, today)]
    if len(valid) < min(count, len(here)):
        found.append(_no_certificate(case, ask, here, valid, today))
    enough = [p for p in valid if not too_long(ask.package, p)]
    if len(enough) < min(count, len(valid)):
        found.append(_too_long(case, ask, [p for p in valid if p not in enough]))
    return found


def _may_work(person: Person, site: str) -> bool:
    return not site or not person.sites or site in person.sites


def _allowed(case: Case, ask: _Ask) -> list[Person]:
    """Everybody who may work where it is done, whatever they can do."""
    return [p for p in case.estate.people.values() if _may_work(p, ask.site)]


def too_long(package: Package, person: Person) -> bool:
    """Whether one task of a package takes longer, in one go, than a person may work on a day or in a week."""
    takes, most = package.takes, min(person.day_most_s or inf, person.week_most_s or inf)
    return takes is not None and package.by_person and not takes.pausable and takes.planned_s > most


def _too_long(case: Case, ask: _Ask, short: Sequence[Person]) -> Finding:
    takes = ask.package.takes
    took = worked(takes.planned_s) if takes else ""
    told = [f"{p.name or p.id} works {limit_words(p)}" for p in short]
    reason = f"{step_words(ask.package)} takes {took} in one go, longer than people may work: {listed(told, 3)}."
    ways = [WayOut(words=f"let {listed([p.name or p.id for p in short], 2)} work longer on that day", cost=_ALLOW)]
    ways.append(WayOut(words="split the step, or let it rest over night: pausable: true in takes", cost=_RENEW))
    place = case.where.entry("people", short[0].id, "limits")
    ordered = tuple(sorted(ways, key=lambda way: way.cost))
    about = (ask.package.id, *(p.id for p in short))
    return Finding(matter=Matter.PEOPLE, place=place, reason=reason, ways_out=ordered, about=about)


def limit_words(person: Person) -> str:
    """'at most 8 hours a day, 11 hours of rest between days'; empty where there are no limits."""
    parts = [
        f"at most {worked(person.day_most_s)} a day" if person.day_most_s is not None else "",
        f"at most {worked(person.week_most_s)} a week" if person.week_most_s is not None else "",
        f"{worked(person.rest_s)} of rest between days" if person.rest_s else "",
    ]
    return ", ".join(filter(None, parts))


def first_day(case: Case) -> date:
    """The first day on which anything is done."""
    today = case.at.astimezone(case.zone).date()
    return max(today, case.plan.start) if case.plan.start else today


def _valid(person: Person, certificate: str, day: date) -> bool:
    return certificate in person.certificates and (person.certificates[certificate] or date.max) >= day


def _too_few(case: Case, ask: _Ask, could: Sequence[Person]) -> Finding:
    who, step = ask.who, step_words(ask.package)
    key = "skill" if who.skill else "role" if who.role else "person"
    if who.skill:
        lower = [p for p in _allowed(case, ask) if 0 < p.skills.get(who.skill, 0) < who.level]
        level = f" at level {who.level}" if who.level > 1 else ""
        what, ways = f"the skill {who.skill}{level}", list(_lower(who, lower))
        reason = f"{step} needs {counted(who.count, 'person', 'people')} with {what}, and {_there(could, 'has', 'have')} it."
        more = f"one more person with {what}" if could else f"somebody with {what}: train, hire or borrow one"
    elif who.role in case.estate.roles or who.role in case.estate.departments:
        there = _there(could, "is", "are")
        reason = f"{step} needs {counted(who.count, 'person', 'people')} in the role {who.role}, and {there} in it."
        ways, more = [], f"put {'one more person' if could else 'somebody'} into the role {who.role}"
    else:
        reason = f"{step} is to be done by {who.person or who.role}, whom the inventory does not know."
        ways, more = [], f"write {who.person or who.role} into the inventory, or name somebody else"
    ways.append(WayOut(words=more, cost=_MORE))
    return _finding(case, ask, Matter.SKILL, key, reason, ways)


def _lower(who: Who, lower: Sequence[Person]) -> Iterator[WayOut]:
    for person in sorted(lower, key=lambda p: -p.skills[who.skill])[:2]:
        words = f"let {person.name or person.id} do it: has the skill, at level {person.skills[who.skill]}"
        yield WayOut(words=words, cost=_LOWER + who.level - person.skills[who.skill])


def _there(could: Sequence[Person], one: str, more: str) -> str:
    """'nobody has', 'only Ann Day has', 'only Ann Day and Ben Ott have'."""
    who = f"only {listed([p.name or p.id for p in could])}" if could else "nobody"
    return f"{who} {more if len(could) > 1 else one}"


def _not_allowed(case: Case, ask: _Ask, could: Sequence[Person], here: Sequence[Person]) -> Finding:
    away = [p for p in could if p not in here]
    names = [p.name or p.id for p in away]
    only = f"only {listed([p.name or p.id for p in here])} can do it" if here else "nobody can do it"
    at = case.estate.sites[ask.site].title or ask.site if ask.site in case.estate.sites else ask.site
    reason = f"{step_words(ask.package)} is done at {at}, where {only}: {listed(names)} may not work there."
    lower = [p for p in _allowed(case, ask) if 0 < p.skills.get(ask.who.skill, 0) < ask.who.level]
    ways = [*_lower(ask.who, lower), *(WayOut(words=f"let {name} work at {at}", cost=_ALLOW) for name in names[:2])]
    ways.append(WayOut(words=f"one more person with {ask.who.skill or ask.who.role} at {at}", cost=_MORE))
    return _finding(case, ask, Matter.SKILL, "skill", reason, ways)


def _no_certificate(case: Case, ask: _Ask, here: Sequence[Person], valid: Sequence[Person], today: date) -> Finding:
    paper, ended = ask.who.certificate, [p for p in here if ask.who.certificate in p.certificates and p not in valid]
    over = [f"that of {p.name or p.id} ended on {case.day(p.certificates[paper] or today)}" for p in ended]
    have = f"only {listed([p.name or p.id for p in valid])} has one" if valid else "nobody who can do it has one"
    told = f": {listed(over)}" if over else ""
    reason = f"{step_words(ask.package)} needs a valid certificate {paper} on the day of the work, and {have}{told}."
    ways = [WayOut(words=f"renew {paper} of {p.name or p.id}", cost=_RENEW) for p in ended[:2]]
    ways += [WayOut(words=f"let {p.name or p.id} get {paper}", cost=_MORE) for p in here if paper not in p.certificates][:1]
    others = [p for p in _allowed(case, ask) if p not in here and _valid(p, paper, today)]
    ways += [WayOut(words=f"let {p.name or p.id} do it, who has {paper}", cost=_ALLOW) for p in others[:2]]
    return _finding(case, ask, Matter.CERTIFICATE, "certificate", reason, ways, [p.id for p in ended])


def _finding(
    case: Case, ask: _Ask, matter: Matter, key: str, reason: str, ways: Sequence[WayOut], about: Sequence[str] = ()
) -> Finding:
    number = ask.package.who.index(ask.who)
    return Finding(
        matter=matter,
        place=case.where.step(ask.package, "who", number, key) if len(ask.package.who) > 1 else _place(case, ask, key),
        reason=reason,
        ways_out=tuple(sorted(ways, key=lambda way: way.cost)),
        about=(ask.package.id, *about),
    )


def _place(case: Case, ask: _Ask, key: str) -> str:
    return case.where.step(ask.package, "who", key)


def step_words(package: Package, hosts: Sequence[str] = ()) -> str:
    """A step in a sentence: its title, and where it stands."""
    title = "".join(part if isinstance(part, str) else "…" for part in package.title.parts)
    on = f" on {hosts[0]}" if len(hosts) == 1 else ""
    return f"'{title}' ({package.step}{on})"


def able_there(case: Case, package: Package, who: Who) -> Sequence[Person]:
    """Everybody who can do what a package asks for, at one of its sites at least."""
    sites = set(_sites(case.plan, package)) - {""}
    return [p for p in able(who, case.estate) if not sites or not p.sites or not sites.isdisjoint(p.sites)]


def holders(estate: Estate, who: Who) -> Sequence[Person]:
    """Everybody who can do what is asked for, certificates included."""
    return [p for p in able(who, estate) if not who.certificate or who.certificate in p.certificates]
