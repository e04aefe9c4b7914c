"""Many host names as one short text; see `model.folding`, where other rooms find it too."""

from runbook_engine.model.folding import fold_hosts

__all__ = ["fold_hosts"]
