"""The entries of a list of phases or steps, with those of included files in the place of each `include`."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from pathlib import Path as FilePath
from typing import Any, Literal

from runbook_engine.loading.conversion import param_of
from runbook_engine.loading.document import Document, read_file
from runbook_engine.loading.explain import validated
from runbook_engine.loading.nearest import did_you_mean
from runbook_engine.loading.param_values import converted
from runbook_engine.loading.parse import Limits
from runbook_engine.loading.runbook_document import IncludeDocument, SharedPhasesDocument, SharedStepsDocument
from runbook_engine.model.errors import NotValid
from runbook_engine.model.places import Mistake, Path
from runbook_engine.model.runbook import Param, Scalar, Scope
from runbook_engine.model.text import SecretRef, Text, plain
from runbook_engine.model.values import dataclass

DEEPEST = 16  # files that include each other
MOST = 1_000  # includes in one runbook

Kind = Literal["phases", "steps"]
Value = Text | SecretRef | Scalar | tuple[Scalar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file as it is seen from one include: what its ids and its `params` mean there."""

    document: Document
    name: str = ""  # what paths into this file begin with; empty for the runbook itself
    scope: int = 0
    prefixes: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {"phases": ("",), "steps": ("",)})
    chain: tuple[FilePath, ...] = ()  # the files from the runbook to this one

    def path(self, at: Path) -> Path:
        """The path of a part of this file in `Runbook.places`."""
        return (self.name, *at) if self.name else at

    def prefix(self, kind: Kind) -> str:
        """What stands before each id of this file."""
        return self.prefixes[kind][0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One phase or step as it was written, and where."""

    source: Source
    at: Path
    data: Any

    def mistake(self, at: Path, message: str, hint: str = "", *, key: bool = False) -> Mistake:
        """A mistake in a part of this entry."""
        return self.source.document.mistake((*self.at, *at), message, hint, key=key)


@dataclass(slots=True, kw_only=True)
class Including:
    """Reads the included files of one runbook, each once; collects their scopes and mistakes."""

    project: FilePath  # nothing outside this folder is read
    limits: Limits
    mistakes: list[Mistake] = field(default_factory=list)
    scopes: list[Scope] = field(default_factory=lambda: [Scope()])
    documents: dict[str, Document] = field(default_factory=dict)  # by what paths into them begin with
    _read: dict[FilePath, Document | None] = field(default_factory=dict)
    _count: int = 0

    def entries(self, source: Source, at: Path, data: list[Any], kind: Kind) -> Iterator[Entry]:
        """The entries of the list at `at`, in order."""
        for index, item in enumerate(data):
            entry = Entry(source=source, at=(*at, index), data=item)
            if isinstance(item, dict) and "include" in item:
                yield from self._included(entry, kind)
            else:
                yield entry

    def _included(self, entry: Entry, kind: Kind) -> Iterator[Entry]:
        include = validated(IncludeDocument, entry.source.document, entry.at, self.mistakes, entry.data)
        path = self._located(entry, include.include) if include else None
        document = self._document(entry, path) if path else None
        if include is None or path is None or document is None:
            return
        shared = self._shared(entry, document, kind)
        if shared is None:
            return
        params = params_of(shared.params, document, self.mistakes)
        self.scopes.append(Scope(values=self._values(entry, params, include.values), parent=entry.source.scope))
        inner = tuple(prefix + include.prefix for prefix in entry.source.prefixes[kind][:1])
        source = Source(
            document=document,
            name=_root_name(document),
            scope=len(self.scopes) - 1,
            prefixes={**entry.source.prefixes, kind: tuple(dict.fromkeys((*inner, *entry.source.prefixes[kind])))},
            chain=(*entry.source.chain, path),
        )
        yield from self.entries(source, (kind,), getattr(shared, kind), kind)

    def _located(self, entry: Entry, written: str) -> FilePath | None:
        """The file that is meant; None, with a mistake, when it must not or cannot be read."""
        self._count += 1
        try:
            path = (entry.source.chain[-1].parent / written).resolve()
            problem = self._problem(entry.source.chain, path, written)
        except (OSError, RuntimeError, ValueError):  # a name that is too long, a loop of links, a NUL
            problem = ("there is no such file", "")
        if problem is None:
            return path
        self.mistakes.append(entry.mistake(("include",), *problem))
        return None

    def _problem(self, chain: tuple[FilePath, ...], path: FilePath, written: str) -> tuple[str, str] | None:
        """Why a file is not included, and the repair."""
        if not path.is_relative_to(self.project):
            return f"{written} is outside the project folder", "keep included files beside the runbook"
        if not path.is_file():
            return f"there is no file {written}", did_you_mean(written, _beside(chain[-1].parent, path), "there are")
        if path in chain:
            names = [os.path.relpath(p, self.project) for p in (*chain[chain.index(path) :], path)]
            return f"files include each other: {' → '.join(names)}", "take one include out"
        if len(chain) > DEEPEST:
            return f"includes are more than {DEEPEST} files deep", "include less"
        return (f"more than {MOST:,} includes", "include less") if self._count > MOST else None

    def _document(self, entry: Entry, path: FilePath) -> Document | None:
        if path not in self._read:
            shown = os.path.normpath(FilePath(entry.source.document.file).parent / entry.data["include"])
            try:
                document = read_file(path, shown, limits=self.limits)
                self.documents[_root_name(document)] = document
                self._read[path] = document
            except NotValid as error:
                self.mistakes.extend(error.mistakes)
                self._read[path] = None
        return self._read[path]

    def _shared(self, entry: Entry, document: Document, kind: Kind) -> SharedPhasesDocument | SharedStepsDocument | None:
        other = "steps" if kind == "phases" else "phases"
        if isinstance(document.data, dict) and other in document.data and kind not in document.data:
            self.mistakes.append(entry.mistake(("include",), f"this is a list of {kind}, but the file holds {other}"))
            return None
        if kind == "phases":
            return validated(SharedPhasesDocument, document, (), self.mistakes)
        return validated(SharedStepsDocument, document, (), self.mistakes)

    def _values(self, entry: Entry, params: tuple[Param, ...], given: Mapping[str, Any]) -> dict[str, Value]:
        names = [p.name for p in params]
        for name in given.keys() - set(names):
            hint = did_you_mean(name, names, "its params are")
            self.mistakes.append(entry.mistake(("with", name), f"the included file has no param {name!r}", hint, key=True))
        values: dict[str, Value] = {p.name: _kept(p, p.default) for p in params}
        for param in params:
            if param.name in given:
                values[param.name] = self._value(entry, param, given[param.name])
            elif param.required:
                hint = f"add with: {{{param.name}: …}}"
                self.mistakes.append(entry.mistake(("include",), f"the included file needs a value of {param.name!r}", hint))
        return values

    def _value(self, entry: Entry, param: Param, value: Any) -> Value:
        if isinstance(value, str) and "{{" in value:
            return plain(value)
        try:
            return _kept(param, converted(param, value))
        except ValueError as error:
            self.mistakes.append(entry.mistake(("with", param.name), f"{param.name}: {error}"))
            return None


def in_phase(source: Source) -> Source:
    """The same file as seen from inside one of its phases, whose steps have no prefix yet."""
    return replace(source, prefixes={**source.prefixes, "steps": ("",)})


def params_of(documents: Mapping[str, Any], document: Document, mistakes: list[Mistake]) -> tuple[Param, ...]:
    """The params that a file declares; a default or a choice of the wrong type is a mistake."""
    params = []
    for name, written in documents.items():
        params.append(param_of(name, written))
        for key, value in _stated(written):
            try:
                fixed = converted(param_of(name, written, loose=key[0] == "choices"), value)
                if "{{" in str(fixed):
                    raise ValueError("must be a fixed value, without {{ }}")
            except ValueError as error:
                mistakes.append(document.mistake(("params", name, *key), str(error)))
    return tuple(params)


def _stated(written: Any) -> Iterator[tuple[Path, Any]]:
    yield from ((("choices", index), choice) for index, choice in enumerate(written.choices or ()))
    if "default" in written.model_fields_set:
        yield ("default",), written.default


def _kept(param: Param, value: Scalar | tuple[Scalar, ...]) -> Value:
    """A value as a scope holds it: that of a secret param is a secret by name."""
    return SecretRef(value) if param.secret and isinstance(value, str) else value


def _root_name(document: Document) -> str:
    return f"include:{document.file}"


def _beside(folder: FilePath, path: FilePath) -> list[str]:
    """The files that may be meant, as they would be written."""
    try:
        found = sorted(p for p in path.parent.glob("*.y*ml") if p.is_file())[:200]
    except OSError:
        return []
    return [os.path.relpath(p, folder) for p in found]
