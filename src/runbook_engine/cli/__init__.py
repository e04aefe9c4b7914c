"""The composition root: the only place where all parts meet. Sub-commands load when they are called."""

from runbook_engine.cli.entry import main

__all__ = ["main"]
