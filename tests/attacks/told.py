"""What a reader says about a text."""

from runbook_engine.loading import read_document
from runbook_engine.model.errors import NotValid


def mistakes_of(text: str) -> list[str]:
    """`line: message` of every mistake; none when the text is read."""
    try:
        read_document(text, "file.yml")
    except NotValid as error:
        return [f"{m.place.line}: {m.message}" for m in error.mistakes]
    return []
