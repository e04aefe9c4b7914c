"""Who somebody is, to whom a name stands for, and what each may do. The policy can only take away."""

from collections.abc import Sequence

from runbook_engine.model.estate import Estate
from runbook_engine.model.plan import Plan
from runbook_engine.model.policy import Policy
from runbook_engine.model.words import PersonId

ACTIONS = {  # what a policy gives to some → in words
    "plan": "plan",
    "approve": "approve or reject anything",
    "execute": "start or steer a run",
    "resolve": "say what became of an attempt in doubt",
    "break_glass": "open a closed window",
}
_HEAD = "head-of-"


def person_of(login: str, estate: Estate) -> PersonId | None:
    """The person who is this user of a control machine; None when nobody is, or more than one could be."""
    found = [p.id for p in estate.people.values() if login in (p.logins or (p.id,))]
    return found[0] if len(found) == 1 else None


def people_of(name: str, estate: Estate) -> frozenset[PersonId]:
    """Everybody whom a name stands for: a person, a role, a department, head-of-DEPARTMENT. Empty when it is unknown."""
    person = PersonId(name)
    if person in estate.people:
        return frozenset({person})
    if name in estate.departments:
        return _members(name, estate)
    if name in estate.roles:
        return frozenset(estate.roles[name])
    head = estate.departments.get(name.removeprefix(_HEAD)) if name.startswith(_HEAD) else None
    return frozenset({PersonId(head.head)}) if head and head.head else frozenset()


def _members(department: str, estate: Estate) -> frozenset[PersonId]:
    """The people of a department, its head included."""
    head = estate.departments[department].head
    own = {p.id for p in estate.people.values() if p.department == department}
    return frozenset(own | ({PersonId(head)} if head else set()))


def authors(plan: Plan, estate: Estate) -> frozenset[PersonId]:
    """Who answers for a plan, and so may not approve it: its owner; everybody of it when that is a role or a department."""
    return people_of(plan.owner, estate) or frozenset({PersonId(plan.owner)})


def may(person: PersonId | None, action: str, policy: Policy, estate: Estate) -> str:
    """Empty when the person may do it, else the reason why not. None is somebody whom the inventory does not know.

    Raises KeyError for an action that there is not.
    """
    what = ACTIONS[action]
    names: Sequence[str] = getattr(policy, action)
    if not names:
        return ""
    if person is not None and any(person in people_of(name, estate) for name in names):
        return ""
    who = person or "somebody whom the inventory does not know"
    return f"{who} may not {what}: the policy lets {', '.join(names)} do that"
