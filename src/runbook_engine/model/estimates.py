"""How long a step takes when its author does not say: by what it took before, with how sure we are."""

from runbook_engine.model.runbook import Takes
from runbook_engine.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What one task of a step took in earlier runs, in seconds. `runs`: how many of them did it, `tasks`: how often in all."""

    low_s: float
    likely_s: float
    high_s: float
    runs: int = 1
    tasks: int = 1

    @property
    def takes(self) -> Takes:
        """The same, as an author would state it."""
        return Takes(low_s=self.low_s, likely_s=self.likely_s, high_s=self.high_s)

    @property
    def words(self) -> str:
        """Such as '5 earlier runs, 8 to 14 min'; fewer than three are too few to rely on, and it says so."""
        low, high, unit = _readable(self.low_s, self.high_s)
        times = f"{low} {unit}" if low == high else f"{low} to {high} {unit}"
        runs = f"{self.runs} earlier run{'' if self.runs == 1 else 's'}"
        return f"{runs}, {times}{'' if self.tasks >= _RELIABLE else ', hardly known'}"


_RELIABLE = 3  # tasks


def _readable(low_s: float, high_s: float) -> tuple[str, str, str]:
    """Two lengths of time in the unit that suits the longer."""
    length, unit = next(((n, u) for n, u in ((3600, "h"), (60, "min")) if high_s >= 2 * n), (1, "s"))
    return _short(low_s / length), _short(high_s / length), unit


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= 10 or number == int(number) else f"{number:.1f}"
