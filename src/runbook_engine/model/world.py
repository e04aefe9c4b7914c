"""What a plan does not contain and what may change at any time. It can only forbid, never permit."""

from collections.abc import Mapping
from dataclasses import field

from runbook_engine.model.values import dataclass
from runbook_engine.model.words import HostName, RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A snapshot. `version` changes with every change that could forbid a start."""

    version: int = 0
    taken: Mapping[HostName, RunId] = field(default_factory=dict)  # hosts that other runs work on


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """Why a task does not start now: the reason in words, until when if that is known, and who or what can change it."""

    reason: str
    kind: str = "other"  # phase | stage | needs | host | budget | person | time | doubt | run | limit | over
    until: str = ""
    next_command: str = ""
