"""Where something was written, and what is wrong with it there."""

from collections.abc import Mapping
from dataclasses import field

from runbook_engine.model.values import dataclass

Path = tuple[str | int, ...]  # the way from the top of a document to a value: ("phases", 0, "steps", 2, "run")


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a file that a person wrote; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def __lt__(self, other: "Place") -> bool:
        return (self.file, self.line, self.column) < (other.file, other.line, other.column)


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that must be mended before anything is done.

    `source` is the line as written and `width` the number of characters that the caret underlines;
    `hint` is the likely repair, in words.
    """

    place: Place
    message: str
    hint: str = ""
    source: str = ""
    width: int = 1
    lack: bool = False  # nothing is written wrongly, but there is too little of something: `runbook feasibility` judges that


@dataclass(frozen=True, slots=True)
class Places:
    """Finds the place of any part of a document; a part without one has the place of what holds it."""

    values: Mapping[Path, Place] = field(default_factory=dict)
    keys: Mapping[Path, Place] = field(default_factory=dict)
    lines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # the text of each file, by line

    def of(self, path: Path, *, key: bool = False) -> Place:
        """The place of the value at `path` (of its key, if asked), or of the nearest part that holds it."""
        if key and path in self.keys:
            return self.keys[path]
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, Place("?", 1, 1))

    def source(self, place: Place) -> str:
        """The line at `place` as it was written; empty when the file is not known."""
        lines = self.lines.get(place.file, ())
        return lines[place.line - 1] if 0 < place.line <= len(lines) else ""

    def mistake(self, path: Path, message: str, hint: str = "", *, key: bool = False, width: int = 1) -> Mistake:
        """A mistake at `path`, with its place and source line filled in."""
        place = self.of(path, key=key)
        return Mistake(place, message, hint, self.source(place), width)
