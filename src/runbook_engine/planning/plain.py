"""Values as plain text: what has one, what has none and why, and how long a text may become."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from runbook_engine.model.text import Later, SecretRef
from runbook_engine.planning.findings import BadTemplate

LONGEST_TEXT = 1_000_000  # characters that one text may become


class Absent(ABC):
    """What stands for a name that is not there."""

    __slots__ = ()

    @abstractmethod
    def complain(self) -> None:
        """Raise what any use of the name would."""


def text_of(value: object) -> str:
    """A value as text: true and false in small letters. Raises BadTemplate for what has no plain text."""
    if isinstance(value, str):
        if "\0" in value:
            raise BadTemplate("the value holds a NUL character, which no command line or file name can carry")
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise BadTemplate(*no_text(value))


def no_text(value: object) -> tuple[str, str]:
    """Why a value has no plain text, and what to write instead."""
    if value is None:
        return "there is no value", "give it one, or write | default('…')"
    if isinstance(value, SecretRef):
        return "a secret can only be used as it is", "write {{ }} with nothing but its name"
    if isinstance(value, Later):
        return "this is known only in the run; use it as it is", "write {{ }} with nothing but its name"
    if isinstance(value, Absent):
        value.complain()
    if isinstance(value, Mapping):
        return "this is a table, not a text", "name one of its parts, or write | tojson"
    return "this is a list, not a text", "name one of its parts, or write | join(' ')"


def limited(size: int) -> None:
    """Raise BadTemplate when a text would be longer than one may become."""
    if size > LONGEST_TEXT:
        raise BadTemplate(f"the text becomes longer than {LONGEST_TEXT:,} characters")
