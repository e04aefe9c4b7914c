"""The files of an inventory as pages on which mistakes are marked; a path through the estate begins with its file."""

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Protocol

from runbook_engine.model.places import Mistake, Path, Place, Places
from runbook_engine.model.values import dataclass

MAX_MISTAKES = 1_000  # of one page; what is beyond is not looked at until these are mended


class Page(Protocol):
    """A file that was read: marks mistakes at paths within it."""

    @property
    def file(self) -> str:
        """Its name in messages."""
        ...

    @property
    def places(self) -> Places:
        """Where its parts stand."""
        ...

    def mistake(self, path: Path, message: str, hint: str = "", *, key: bool = False) -> Mistake:
        """A mistake at a part, with its place and its line."""
        ...


@dataclass(frozen=True, slots=True)
class PlainPage:
    """A file that is not YAML: only its first line has a path."""

    file: str
    places: Places = field(default_factory=Places)

    def mistake(self, path: Path, message: str, hint: str = "", *, key: bool = False) -> Mistake:
        """A mistake at a path that `places` knows, otherwise at the beginning of the file."""
        place = self.places.of(path, key=key)
        place = place if place.file == self.file else Place(self.file, 1, 1)
        return Mistake(place, message, hint, self.places.source(place)[:500])


class Note(Protocol):
    """Takes one mistake: where, what is wrong, the repair. `hide` keeps back the line as written: it holds a secret."""

    def __call__(self, path: Path, message: str, hint: str = "", *, hide: bool = False) -> None:
        """Mark a mistake at a value."""
        ...


@dataclass(slots=True)
class Notes:
    """Collects the mistakes of one page; a `Note`."""

    page: Page
    found: list[Mistake] = field(default_factory=list)

    def __call__(self, path: Path, message: str, hint: str = "", *, hide: bool = False) -> None:
        """Mark a mistake at a value."""
        if len(self.found) < MAX_MISTAKES:
            mistake = self.page.mistake(path, message, hint)
            self.found.append(replace(mistake, source="", width=1) if hide else mistake)

    def at_key(self, path: Path, message: str, hint: str = "") -> None:
        """Mark a mistake at a key."""
        if len(self.found) < MAX_MISTAKES:
            self.found.append(self.page.mistake(path, message, hint, key=True))


@dataclass(slots=True)
class Ledger:
    """Collects the mistakes between pages; a path begins with the file that it is in."""

    pages: Mapping[str, Page]
    found: list[Mistake] = field(default_factory=list)

    def note(self, path: Path, message: str, hint: str = "", *, key: bool = False, lack: bool = False) -> None:
        """Mark a mistake; `lack` if nothing is written wrongly, but there is too little of something."""
        if len(self.found) < MAX_MISTAKES:
            found = self.pages[str(path[0])].mistake(path[1:], message, hint, key=key)
            self.found.append(replace(found, lack=True) if lack else found)

    def place(self, path: Path) -> Place:
        """Where the key at `path` stands."""
        page = self.pages[str(path[0])]
        return page.mistake(path[1:], "", key=True).place
