"""Whether somebody may do a task, as far as the inventory says: certificates, and who is who under several names."""

from datetime import datetime

from runbook_engine.cli.estates import estates_of
from runbook_engine.cli.settings import Settings
from runbook_engine.model import decisions as de
from runbook_engine.model.errors import Refused
from runbook_engine.model.estate import Estate
from runbook_engine.running.course import Course


def check_people(place: Settings, course: Course, decision: de.Decision, now: datetime) -> None:
    """Refuse what a person says of a task that they may not do. Raises Refused with the reason.

    On practice machines anybody may, unless the settings say otherwise. The run itself looks at names as they are given.
    """
    practice = place.lab is not None and not place.lab_gates
    if practice or not isinstance(decision, de.Assign | de.Accept | de.Done | de.Decide) or not place.inventory.exists():
        return
    try:
        package, _ = course.shape.parts(decision.task)
    except KeyError:
        return  # which the run says
    if not package.who and not package.same_people_as and not package.other_people_than:
        return
    name = decision.to if isinstance(decision, de.Assign) else decision.by
    if reason := _unfit(course, decision, name, estates_of(place.inventory).live().estate, now):
        command = f"runbook assign {course.run.id} {decision.task} --to PERSON"
        raise Refused(f"Not done: {reason}", next_command=command)


def _unfit(
    course: Course, decision: de.Assign | de.Accept | de.Done | de.Decide, name: str, estate: Estate, now: datetime
) -> str:
    from runbook_engine.approving import person_of, uncertified
    from runbook_engine.running.pairing import unfit

    def known(called: str) -> str:
        return called if called in estate.people else person_of(called, estate) or called

    package, _ = course.shape.parts(decision.task)
    if course.run.task(decision.task).back:
        return ""
    return uncertified(package, known(name), estate, now.astimezone().date()) or unfit(course, decision.task, name, known)
