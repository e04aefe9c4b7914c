"""YAML text → `Runbook` and `Estate`, or every mistake of every file at once with its file, line and column.

Nothing here connects to anything or looks at a clock: reading the same files gives the same values.
"""
