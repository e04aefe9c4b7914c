"""The house rules of a project: who may do what, and what counts as an approval. Read from the inventory."""

from runbook_engine.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Names are people, roles and departments. No names means everybody; the other defaults are the strict ones."""

    plan: tuple[str, ...] = ()  # who may plan, and amend a run
    approve: tuple[str, ...] = ()  # who may say anything of a plan; what is required is said elsewhere
    execute: tuple[str, ...] = ()  # who may start, resume, pause, stop and roll back a run
    resolve: tuple[str, ...] = ()  # who may say what became of an attempt in doubt
    break_glass: tuple[str, ...] = ()  # who may open a closed window; a freeze names its own
    unsigned: bool = False  # whether an approval without a signature counts
    touch: bool = False  # whether security keys must have been touched
    longest_s: float = 30 * 86400.0  # no approval counts for longer
    owners: bool = True  # whether those who answer for hosts and services must approve without being listed
    self_approval: bool = False  # whether author and executor may approve; reported wherever it is used
    rehearsed: bool = False  # whether a plan must have been rehearsed before it starts
