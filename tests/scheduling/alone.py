"""A search without other processes, for tests of what comes of it: `from scheduling.alone import alone`."""

import pytest

from runbook_engine.scheduling import crew_search
from runbook_engine.scheduling.crew_search import Found


class Alone:
    """The search of one island, in this process."""

    def __init__(self, here, effort, until, clock, proof=None):
        self.here, self.effort = here, effort  # nothing is proved

    def run(self) -> Found:
        found = Found(value=self.here.told, who="", genes={})
        for part in range(10):
            placed = self.here.search(self.effort.work // 10, 1 - part / 9)
            found.hear("here", {"placed": placed, **self.here.news()})
        return found


@pytest.fixture(autouse=True, scope="module")
def alone():
    """Nothing is searched in other processes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crew_search, "Search", Alone)
        yield
