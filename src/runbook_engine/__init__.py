"""Runbook Engine: one file for the plan and the work of an infrastructure change."""

__version__ = "0.1.0"
