"""A child process that searches lists and people. Started by `crew_search`, never imported by others.

It hears a task `{start, seed}` and then `{work, warmth}` for each round. It answers `{ready}`, and after each round `{placed}`
with what is better than before.
"""

from typing import Any

from runbook_engine.scheduling.child_side import Message, answer, listening
from runbook_engine.scheduling.crew_island import Island, Start
from runbook_engine.scheduling.crew_keeping_island import Before, Keeping
from runbook_engine.scheduling.listing_books import Books
from runbook_engine.scheduling.listing_case import Case


def sent(start: Start | Before) -> Message:
    """A start as it is sent."""
    fields: Message = {name: getattr(start, name) for name in type(start).__dataclass_fields__}
    return fields | {"case": start.case._asdict(), "books": start.books._asdict()}


def heard(message: Message, seed: int) -> Island | Keeping:
    """The search that begins with what was sent."""
    fields: dict[str, Any] = dict(message)
    fields |= {"case": Case(**fields["case"]), "books": Books(**fields["books"])}
    if "was" in fields:
        return Keeping(Before(**fields), seed, fast=True)
    return Island(Start(**fields), seed, fast=True)


def main() -> None:
    """Search until the parent is gone."""
    words = listening()
    task = words.get()
    island = heard(task["start"], task["seed"])
    island.search(1, 0.0)
    answer({"ready": True})
    while True:
        word = words.get()
        placed = island.search(word["work"], word["warmth"])
        answer({"placed": placed, **island.news()})


if __name__ == "__main__":
    main()
