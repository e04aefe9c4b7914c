"""What the project has set itself, beside what was measured. Every bench prints its goals in the same form."""

from dataclasses import dataclass

HEAD = f"{'goal':<72} {'measured':>9}  {'at most':>8}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A figure that must not be above its limit."""

    what: str
    measured: float
    limit: float

    @property
    def met(self) -> bool:
        """Whether it is."""
        return self.measured <= self.limit

    def line(self) -> str:
        """One line of a bench."""
        return f"{self.what:<72} {self.measured:>9.3g}  {self.limit:>8.3g}  {'met' if self.met else 'MISSED'}"


def show(goals: list[Goal], *, wrong: str = "") -> None:
    """Print them. A wrong answer counts more than any figure: then nothing is met."""
    print(f"\n{HEAD}")
    for goal in goals:
        print(goal.line() if not wrong else f"{goal.what:<72} {'-':>9}  {goal.limit:>8.3g}  MISSED: {wrong}", flush=True)
