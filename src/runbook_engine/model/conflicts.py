"""What two plans both want: a host, a service, a person, a resource, a window."""

from enum import StrEnum

from runbook_engine.model.impact import Named
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import HostName, PhaseId


class Wanted(StrEnum):
    """What kind of thing both want."""

    HOST = "host"
    SERVICE = "service"
    PERSON = "person"
    RESOURCE = "resource"
    WINDOW = "window"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One thing that this plan and another want. `other` is the name of the other's run or file.

    Of hosts all are told at once. `here` and `there` are the services by which a service is concerned, itself or one that
    it needs: where neither is the service itself, both only take away from something that it needs.
    """

    kind: Wanted
    other: str
    title: str  # of the other plan
    what: Named = Named(name="", title="")
    hosts: tuple[HostName, ...] = ()
    phases: tuple[PhaseId, ...] = ()  # of this plan
    others_phases: tuple[PhaseId, ...] = ()
    here: tuple[Named, ...] = ()
    there: tuple[Named, ...] = ()
