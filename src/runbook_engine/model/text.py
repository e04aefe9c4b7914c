"""Text with holes: what planning knows is filled in, what only a run can know stays a typed hole.

A `Text` is used twice. In a `Runbook` it is *authored*: one literal that may still hold `{{ }}`. In a `Plan` it is
*rendered*: literals and holes. `shell` says that each hole becomes exactly one quoted word of a command line.
"""

from runbook_engine.model.values import dataclass
from runbook_engine.model.words import StepId


@dataclass(frozen=True, slots=True)
class Fill:
    """A value that differs by host and is known since planning: column `index` of the package's `columns`."""

    index: int


@dataclass(frozen=True, slots=True)
class Later:
    """What an earlier step saves: known only in the run. `path` starts with stdout, stderr, lines, json or exit_code."""

    step: StepId  # phase/step
    path: tuple[str | int, ...]
    quoted: bool = True


@dataclass(frozen=True, slots=True)
class SecretRef:
    """A secret by name (see `secret_names`). Its value exists only inside a transport."""

    name: str
    quoted: bool = True


Part = str | Fill | Later | SecretRef


@dataclass(frozen=True, slots=True)
class Text:
    """A sequence of literals and holes."""

    parts: tuple[Part, ...] = ()
    shell: bool = False

    @property
    def source(self) -> str:
        """The authored form, or the literal parts of the rendered one."""
        parts = self.parts
        if len(parts) == 1 and isinstance(parts[0], str):  # as nearly every text is written
            return parts[0]
        return "".join(p for p in parts if isinstance(p, str))

    @property
    def secret(self) -> bool:
        """Whether any hole is a secret."""
        return any(isinstance(p, SecretRef) for p in self.parts)


def plain(source: str) -> Text:
    """Text for people, paths and contents: holes are filled in as they are."""
    return Text((source,))


def shell(source: str) -> Text:
    """Text for a shell: each hole becomes one quoted word."""
    return Text((source,), shell=True)
