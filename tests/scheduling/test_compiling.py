"""What is compiled when the environment is made is all that a search runs: the first one need not compile."""

from runbook_engine.model.jobs import Aim
from runbook_engine.scheduling import breeding
from runbook_engine.scheduling.compiling import SEARCHES
from runbook_engine.scheduling.crew_compiled import compiled
from runbook_engine.scheduling.crew_island import Island
from runbook_engine.scheduling.crew_keeping_island import Keeping
from runbook_engine.scheduling.crew_start import started
from runbook_engine.scheduling.island import Island as PlainIsland
from runbook_engine.scheduling.plain import net
from runbook_engine.scheduling.plain_list import first
from scheduling.plain_projects import layered
from scheduling.test_crew_change import started as disturbed
from scheduling.test_crew_search import tangled


def forms() -> dict[str, int]:
    """How many forms of each entry are compiled, by its name."""
    names = ("decoded", "searched", "rekept", "keep_searched")
    entries = {"breed": breeding.breed, **{name: compiled()[name] for name in names}}
    return {name: len(entry.signatures) for name, entry in entries.items()}


def test_a_search_needs_nothing_that_was_not_compiled_before() -> None:
    """A project without people and one with them, larger than those that were compiled for: no new form of anything."""
    for search in SEARCHES:
        search()
    known = forms()
    the = net(layered(60, 1))
    plain = PlainIsland(the, first(the), 0, 1)
    for _ in range(3):
        plain.round(20_000)
    _, start = started(tangled(), Aim.FINISH, {})
    Island(start, 1, fast=True).search(2000, 0.5)
    Keeping(disturbed(), 1, fast=True).search(2000, 0.5)
    assert forms() == known
    assert all(known.values())
