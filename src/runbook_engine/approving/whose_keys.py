"""Whose keys count: those of the inventory's people and of an allowed_signers file, without those that were revoked.

All or nothing: with one mistake in any of them nobody's key counts, and every mistake is told with its place.
"""

from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import datetime

from runbook_engine.approving.public_keys import PublicKey
from runbook_engine.approving.signer_lines import BadLine, Line, allowed_lines, key_of_line, revoked_lines
from runbook_engine.approving.ssh_wire import Malformed
from runbook_engine.model.errors import NotValid
from runbook_engine.model.estate import Estate
from runbook_engine.model.places import Mistake, Place
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import PersonId

ALLOWED, REVOKED = "inventory/allowed_signers", "inventory/revoked_keys"
Identity = tuple[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A key, and for whom it speaks when."""

    person: PersonId
    key: PublicKey
    after: datetime | None = None
    before: datetime | None = None
    place: Place

    def outside(self, time: datetime) -> str:
        """Why the key did not count at a time; empty when it did."""
        if self.after is not None and time < self.after:
            return f"the key was not valid then: it is from {self.after:%Y-%m-%d %H:%M} UTC on"
        if self.before is not None and time >= self.before:
            return f"the key was not valid then: it ended at {self.before:%Y-%m-%d %H:%M} UTC"
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signers:
    """All keys that count, and those that never do."""

    keys: Mapping[Identity, Signer] = field(default_factory=dict)
    revoked: frozenset[Identity] = frozenset()

    def of(self, key: PublicKey) -> Signer | None:
        """Whose key it is; None for a stranger's, and for one that is written in another way than ours."""
        found = self.keys.get(key.identity)
        return found if found is not None and found.key.blob == key.blob else None


def signers(estate: Estate, allowed: str, revoked: str, *, allowed_file: str = ALLOWED, revoked_file: str = REVOKED) -> Signers:
    """Whose keys count. The texts are those of the two files, empty for one that the project does not have.

    Whoever reads the files must refuse to go on when one that is named cannot be read. Raises NotValid.
    """
    mistakes: list[Mistake] = []
    keys: dict[Identity, Signer] = {}
    for signer in [*_of_people(estate, mistakes), *_of_file(estate, allowed, allowed_file, mistakes)]:
        _join(signer, keys, mistakes)
    gone = _revoked(revoked, revoked_file, mistakes)
    if mistakes:
        raise NotValid(mistakes)
    return Signers(keys=keys, revoked=gone)


def _of_people(estate: Estate, mistakes: list[Mistake]) -> Iterator[Signer]:
    for person in estate.people.values():
        for number, line in enumerate(person.ssh_keys):
            place = _place(estate, person.id, number)
            try:
                yield Signer(person=person.id, key=key_of_line(line), place=place)
            except Malformed as error:
                hint = "write the key that is in the person's FILE.pub"
                mistakes.append(Mistake(place, f"the key of {person.id} cannot be used: {error}", hint))


def _place(estate: Estate, person: PersonId, number: int) -> Place:
    paths = ((file, "people", person, "ssh_keys", number) for file in estate.files)
    known = next((path for path in paths if path[:3] in estate.places.values), ("people", person, "ssh_keys", number))
    return estate.places.of(known)


def _of_file(estate: Estate, text: str, file: str, mistakes: list[Mistake]) -> Iterator[Signer]:
    lines = text.split("\n")
    for line in allowed_lines(text):
        place = Place(file, line.number, 1)
        person = _person(line.principal, estate) if isinstance(line, Line) else None
        if isinstance(line, BadLine):
            mistakes.append(Mistake(place, line.message, line.hint, lines[line.number - 1]))
        elif person is None:
            message = f"{line.principal[:60]} is nobody in the inventory"
            hint = "write the person under people:, and here by that name or by their only mail address"
            mistakes.append(Mistake(place, message, hint, lines[line.number - 1]))
        else:
            yield Signer(person=person, key=line.key, after=line.after, before=line.before, place=place)


def _person(principal: str, estate: Estate) -> PersonId | None:
    """A person by id, or by a mail address that only one has."""
    if PersonId(principal) in estate.people:
        return PersonId(principal)
    found = [p.id for p in estate.people.values() if p.email and p.email == principal]
    return found[0] if len(found) == 1 else None


def _join(signer: Signer, keys: dict[Identity, Signer], mistakes: list[Mistake]) -> None:
    """Add a key. One that is the person's already keeps only the times when both say that it counts."""
    other = keys.get(signer.key.identity)
    if other is None:
        keys[signer.key.identity] = signer
        return
    if other.person != signer.person:
        message = f"this key of {signer.person} is {other.person}'s already ({other.place})"
        mistakes.append(Mistake(signer.place, message, "each person needs a key of their own"))
    elif other.key.blob != signer.key.blob or other.place.file == signer.place.file:
        message = f"this key of {signer.person} stands in {other.place} already"
        mistakes.append(Mistake(signer.place, message, "write each key once"))
    else:
        keys[signer.key.identity] = signer  # the file's line comes last, and is the one that can have times


def _revoked(text: str, file: str, mistakes: list[Mistake]) -> frozenset[Identity]:
    found: set[Identity] = set()
    for entry in revoked_lines(text):
        if isinstance(entry, BadLine):
            mistakes.append(Mistake(Place(file, entry.number, 1), entry.message, entry.hint))
        elif not isinstance(entry[1], bytes):
            found.add(entry[1].identity)
    return frozenset(found)
