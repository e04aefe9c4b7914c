"""Mistakes as they are found. Nothing stops at the first one."""

from collections.abc import Iterable
from difflib import get_close_matches

from runbook_engine.model.errors import NotValid
from runbook_engine.model.places import Mistake, Path, Places


class BadTemplate(Exception):
    """A text or an expression cannot be used: what is wrong, and the likely repair."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Findings:
    """A list of mistakes with the places of one document."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.mistakes: list[Mistake] = []

    def add(self, path: Path, message: str, hint: str = "") -> None:
        """Note a mistake at the value that `path` leads to."""
        self.mistakes.append(self.places.mistake(path, message, hint))

    def bad(self, path: Path, error: BadTemplate) -> None:
        """Note a text that cannot be used."""
        self.add(path, error.message, error.hint)

    def stop_if_any(self) -> None:
        """Raise NotValid with everything found so far, if there is anything."""
        if self.mistakes:
            raise NotValid(self.mistakes)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The likely repair of a misspelt word, or nothing."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else ""
