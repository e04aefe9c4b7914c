"""How many people a step takes together (`crew`), and who they are (`who`)."""

from collections.abc import Sequence
from dataclasses import replace

from runbook_engine.loading.conversion import who_of
from runbook_engine.loading.including import Entry
from runbook_engine.loading.step_parts import WhoDocument
from runbook_engine.model.places import Mistake
from runbook_engine.model.runbook import Who


def crewed(entry: Entry, crew: int, written: Sequence[WhoDocument] | None, mistakes: list[Mistake]) -> tuple[Who, ...]:
    """Who does a step that takes a crew: a single entry without a count is all of it. What contradicts it is a mistake."""
    at = ("takes", "crew")
    if not written:
        mistakes.append(entry.mistake(at, f"{crew} people do it, and nobody is named", "add who, such as who: {skill: NAME}"))
        return ()
    who = who_of(tuple(written))
    if len(who) == 1 and "count" not in written[0].model_fields_set:
        return (replace(who[0], count=crew),)
    named = sum(w.count for w in who)
    if named != crew:
        mistakes.append(
            entry.mistake(at, f"the crew is {crew}, but who names {named}", "say the same in both, or leave one out")
        )
    return who
