"""What a step can be: one file per kind, parameters in, a `Procedure` out. Pure.

The folder is the registry: each module with an `ACTION` is one kind of step; entry points in the group
`runbook_engine.actions` add those of other packages. A name that two of them claim is refused.
"""

from runbook_engine.actions.registry import all_actions

__all__ = ["all_actions"]
