"""Mistakes between the entries of an inventory: names defined twice, circles, times that end too early, shared units."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time

from runbook_engine.loading.estate_cycles import cut_cycles
from runbook_engine.loading.estate_documents import SECTIONS, FreezeDocument
from runbook_engine.loading.estate_groups import Roster
from runbook_engine.loading.estate_pages import Ledger
from runbook_engine.loading.estate_parts import head_of
from runbook_engine.loading.estate_reading import Written
from runbook_engine.model.places import Path


def check_duplicates(files: Sequence[Written], ledger: Ledger) -> None:
    """Note every name that two entries define, or that two kinds of people-like things share."""
    seen: dict[tuple[str, str], Path] = {}
    for section, name, path in _definitions(files):
        first = seen.setdefault((section, name), path)
        if first is not path:
            ledger.note(path, f"'{name}' is defined twice; the first is at {ledger.place(first)}", "keep one", key=True)
    _check_who(seen, ledger)


def _definitions(files: Sequence[Written]) -> Iterator[tuple[str, str, Path]]:
    for file in files:
        for section in SECTIONS:
            if section != "hosts":
                yield from ((section, name, (file.file, section, name)) for name in file.names.get(section, ()))
        for entry in file.source.hosts:
            yield from (("hosts", name, entry.path) for name in entry.names)


def _check_who(seen: Mapping[tuple[str, str], Path], ledger: Ledger) -> None:
    departments = {name for section, name in seen if section == "departments"}
    taken = departments | {head_of(name) for name in departments}
    roles = {name for section, name in seen if section == "roles"}
    for (section, name), path in seen.items():
        if (section == "roles" and name in taken) or (section == "people" and name in taken | roles):
            hint = "departments and head-of-DEPARTMENT are roles already" if section == "roles" else "use another name"
            message = f"'{name}' would mean two things: people, roles and departments need different names"
            ledger.note(path, message, hint, key=True)


def check_logins(files: Sequence[Written], ledger: Ledger) -> None:
    """Note a second policy, second rates, and users and public keys that would be two people."""
    first: dict[tuple[str, str], str] = {}
    for key, there in (("policy", "is a policy"), ("rates", "are rates")):
        told = [file for file in files if getattr(file.document, key)]
        for file in told[1:]:
            ledger.note((file.file, key), f"there {there} in {told[0].file} already", "join the two", key=True)
    for file in files:
        for name, person in file.document.people.items():
            said = [("logins", index, login) for index, login in enumerate(person.logins or (name,))]
            said += [("ssh_keys", index, " ".join(key.split()[:2])) for index, key in enumerate(person.ssh_keys)]
            for key, index, value in said:
                other = first.setdefault((key, value), name)
                if other != name:
                    what = "user" if key == "logins" else "key"
                    ledger.note((file.file, "people", name, key, index), f"this {what} is {other}'s already")


def check_names(found: Roster, ledger: Ledger) -> None:
    """Note names that are a host's and a group's: a selector could mean either."""
    for name in found.groups.keys() & found.first.keys():
        ledger.note(found.first[name], f"'{name}' is a host and a group; a selector could mean either", "rename one of them")


def check_services(files: Sequence[Written], ledger: Ledger) -> None:
    """Note services that need each other in a circle."""
    where: dict[tuple[str, str], Path] = {}
    needs: dict[str, list[str]] = {}
    for file in files:
        for name, service in file.document.services.items():
            for index, other in enumerate(service.depends_on):
                needs.setdefault(name, []).append(other)
                where.setdefault((name, other), (file.file, "services", name, "depends_on", index))
    for cycle in cut_cycles(needs)[1]:
        path = where[cycle[-2], cycle[-1]]
        ledger.note(path, f"services depend on each other in a circle: {' → '.join(cycle)}", "take one out")


def check_times(files: Sequence[Written], ledger: Ledger) -> None:
    """Note windows and freezes that say too much or too little, and freezes that end before they begin."""
    for file in files:
        for name, window in file.document.windows.items():
            own = bool(window.open or window.dates or window.ics)
            if bool(window.calendar and window.open) or not (window.calendar or own):
                hint = "write calendar: NAME, or time_zone: and open:, or dates: or ics:"
                ledger.note((file.file, "windows", name), "a window has either a calendar or hours of its own", hint, key=True)
        for index, freeze in enumerate(file.document.freezes):
            _check_freeze(freeze, (file.file, "freezes", index), ledger)
        for name, resource in file.document.resources.items():
            if (resource.capacity is None) == (resource.stock is None):
                hint = "capacity: how many can be in use at once; stock: how many there are to use up"
                ledger.note((file.file, "resources", name), "a resource has either a capacity or a stock", hint, key=True)
            if resource.arrives and resource.stock is None:
                path = (file.file, "resources", name, "arrives")
                ledger.note(path, "only parts arrive: what is used again is there", "say stock instead of capacity", key=True)


def check_capacity(files: Sequence[Written], ledger: Ledger) -> None:
    """Note rules that are about no hosts or about two kinds, and those that state no number or two."""
    for file in files:
        for name, rule in file.document.capacity.items():
            path = (file.file, "capacity", name)
            if bool(rule.hosts) == bool(rule.service):
                hint = "hosts: SELECTOR, or service: NAME for the hosts that serve it"
                ledger.note(path, "a rule is about some hosts, or about those of a service", hint, key=True)
            if (rule.at_least is None) == (rule.at_most_out is None):
                hint = "at_least: how many stay in service; at_most_out: how many may be out at a time"
                ledger.note(path, "a rule says either at_least or at_most_out", hint, key=True)


def _check_freeze(freeze: FreezeDocument, path: Path, ledger: Ledger) -> None:
    start, end = freeze.start, freeze.end
    if freeze.ics:
        if start is not None or end is not None:
            ledger.note(path, "a freeze has either from: and to:, or an iCalendar file", "write them as two freezes")
        return
    for key, value in (("from", start), ("to", end), ("why", freeze.why)):
        if not value:
            ledger.note(path, f"the key '{key}' is missing")
    if start is not None and end is not None and as_moment(end, last=True) <= as_moment(start, last=False):
        ledger.note((*path, "to"), "the freeze ends before it begins")


def as_moment(value: date | datetime, *, last: bool) -> datetime:
    """For comparing only: a zone that is not said is taken as UTC, and a last day lasts until midnight."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime.combine(value, time.max if last else time.min, UTC)
