"""What an action is: a name, a params class, and one pure function from params to a procedure."""

from collections.abc import Callable
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict

from runbook_engine.model.commands import Become, Procedure
from runbook_engine.model.text import Text
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import Per, Repeat


class Params(BaseModel):
    """What the author writes under the action's key: closed keys, frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, defer_build=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the step says beside the action, already rendered: it holds for every command of the procedure."""

    directory: Text | None = None
    environment: tuple[tuple[str, Text], ...] = ()
    become: Become | None = None
    timeout_s: float | None = None
    evidence: tuple[tuple[str, str], ...] = ()
    title: Text = Text()


class Files(Protocol):
    """The files beside the runbook, as planning offers them. A path that differs by host gives a Text that does too."""

    def content(self, path: Text) -> Text:
        """The file's text as it is; nothing in it is a template."""
        ...

    def rendered(self, path: Text) -> Text:
        """The file's text as a template, rendered for each host; holes are filled in as they are."""
        ...

    def checksum(self, path: Text) -> Text:
        """The SHA-256 of the file's bytes, hexadecimal."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One kind of step. `shorthand` names the params field that a bare value is for (`run: uptime`)."""

    name: str
    help: str
    params: type[Params]
    procedure: Callable[[Any, Setting, Files], Procedure]
    version: int = 1
    shorthand: str = ""
    per: Per | None = None  # how often, where the step does not say and its phase has hosts
    repeat: Repeat | None = None  # what is so by nature (wait_for may be repeated, manual is a person's)
    only_reads: Callable[[Any], bool] | None = None  # which of its params change nothing, if that depends on them

    def nature(self, params: Any) -> Repeat | None:
        """What doubt means for a step with these params, where the kind of step says it by itself."""
        return Repeat.SAFE if self.only_reads and self.only_reads(params) else self.repeat
