"""What a phase means for services, as JSON data for other programs."""

from collections.abc import Iterable
from typing import Any

from runbook_engine.model.impact import Lasting, Named, NoWayBack, PhaseImpact, ServiceImpact

Data = dict[str, Any]


def impact_data(impact: PhaseImpact) -> Data:
    """The JSON form of the impact of a phase. Times are in seconds, and null where nobody stated them.

    Fields: `hosts` (out of service at some time), `services`, `owners`, `stakeholders`, `beside` (phases that may go on at the
    same time), each named by `name` and `title`; `no_way_back` (step, title, why, by_person) and `no_return` (step, title, why;
    or null). A service has `name`, `title`, `level` (down, no redundancy, less redundancy, none), `hosts`, `out`, `left`,
    `batches`, `lasting` (at that level), `reduced` (any host out), `without` and `affected` (services that it needs and that
    are down, and how long).
    """
    point = impact.no_return
    return {
        "hosts": list(impact.hosts),
        "services": [_service(service) for service in impact.services],
        "owners": _named(impact.owners),
        "stakeholders": _named(impact.stakeholders),
        "beside": _named(impact.beside),
        "no_way_back": [_no_way_back(step) for step in impact.no_way_back],
        "no_return": {"step": point.step, "title": point.title, "why": point.why} if point else None,
    }


def _no_way_back(step: NoWayBack) -> Data:
    return {"step": step.step, "title": step.title, "why": step.why, "by_person": step.by_person}


def _service(service: ServiceImpact) -> Data:
    return {
        "name": service.service.name,
        "title": service.service.title,
        "level": service.level.value,
        "hosts": service.hosts,
        "out": service.out,
        "left": service.left,
        "batches": service.batches,
        "lasting": _lasting(service.lasting),
        "reduced": _lasting(service.reduced),
        "without": _named(service.without),
        "affected": _lasting(service.affected),
    }


def _lasting(lasting: Lasting) -> Data:
    known = lasting.stated
    return {
        "low_s": lasting.low_s,
        "likely_s": lasting.likely_s if known else None,
        "high_s": lasting.high_s if known else None,
    }


def _named(several: Iterable[Named]) -> list[Data]:
    return [{"name": one.name, "title": one.title} for one in several]
