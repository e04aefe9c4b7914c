"""What is wrong with the texts of a runbook, as far as that can be said without hosts and values. Fast: no rendering."""

from collections.abc import Iterator
from dataclasses import replace

from runbook_engine.model.places import Mistake, Path
from runbook_engine.model.runbook import Phase, Runbook, Step
from runbook_engine.model.text import Text
from runbook_engine.model.words import Per
from runbook_engine.planning.findings import BadTemplate, Findings
from runbook_engine.planning.layout import step_id
from runbook_engine.planning.names import DEEPEST_SCOPE, FIXED, Names, Saver, check_path, fixed_names, scope_values
from runbook_engine.planning.render import Columns, Renderer
from runbook_engine.planning.template import Template, has_template, parse
from runbook_engine.planning.walk import texts


def check_templates(runbook: Runbook) -> list[Mistake]:
    """Every mistake in the templates and conditions of a runbook that needs no hosts and no values to be found."""
    check = _Check(runbook)
    for field in ("title", "why", "impact"):
        check.text(Text((getattr(runbook, field),)), (field,), check.names(None, None))
    for phase in runbook.phases:
        check.phase(phase)
    return check.found.mistakes


class _Check:
    """Goes through the steps as they are written and keeps in mind what they save."""

    def __init__(self, runbook: Runbook) -> None:
        self.runbook = runbook
        self.found = Findings(runbook.places)
        self.saved: dict[str, Saver] = {}
        self.scopes = scope_values(runbook, {param.name: None for param in runbook.params})

    def names(self, phase: Phase | None, step: Step | None) -> Names:
        """What a text of a step, else of a phase, else of the runbook, may mention."""
        scope = step.scope if step else phase.scope if phase else 0
        fixed = fixed_names(self.runbook, phase, step, 0 if step else None) if phase else {"runbook": {"id": self.runbook.id}}
        return Names(fixed=fixed, scope=scope, scopes=self.scopes, saved=self.saved)

    def phase(self, phase: Phase) -> None:
        """The texts of a phase and of its steps."""
        names = self.names(phase, None)
        self.text(phase.title, (*phase.path, "title"), names)
        self.text(Text((phase.point_of_no_return,)), (*phase.path, "point_of_no_return", "why"), names)
        if phase.hosts is not None:
            self.text(Text((phase.hosts,)), (*phase.path, "hosts"), names)
        if phase.rolling and phase.rolling.canary:
            self.text(Text((phase.rolling.canary,)), (*phase.path, "rolling", "canary"), names)
        for step in (*phase.steps, *phase.healthy_when, *phase.roll_back):
            self._step(phase, step)

    def _step(self, phase: Phase, step: Step) -> None:
        found = [(text, at, own) for text, at, own in _texts_of(step) if has_template(text.source)]
        if found or step.when or (step.hosts is not None and has_template(step.hosts)):
            names = self.names(phase, step)
            for text, at, own in found:
                self.text(text, at, self._with_own(names, step, phase) if own else names)
            self.text(Text((step.hosts or "",)), (*step.path, "hosts"), names)
            self._when(step, names)
        if step.save_as in FIXED:
            self.found.add(
                (*step.path, "save_as"), f"{step.save_as!r} already means something else in texts", "choose another name"
            )
        elif step.save_as:
            self.saved[step.save_as] = Saver(step=step_id(phase, step), per=step.per or Per.HOST)

    def _with_own(self, names: Names, step: Step, phase: Phase) -> Names:
        if not step.save_as:
            return names
        own = Saver(step=step_id(phase, step), per=step.per or Per.HOST)
        return replace(names, saved={**names.saved, step.save_as: own})

    def _when(self, step: Step, names: Names) -> None:
        if not step.when:
            return
        from runbook_engine.planning.when import check_when

        try:
            check_when(step.when, Renderer(names, Columns()))
        except BadTemplate as error:
            self.found.bad((*step.path, "when"), error)

    def text(self, text: Text, path: Path, names: Names) -> None:
        """One text."""
        if not has_template(text.source):
            return
        try:
            self._mentions(parse(text.source, shell=text.shell), names)
        except BadTemplate as error:
            self.found.bad(path, error)

    def _mentions(self, template: Template, names: Names, depth: int = 0) -> None:
        """Every name in a template, and what an include gives for a parameter of an included file."""
        for piece in template.pieces:
            for mention in () if isinstance(piece, str) else piece.mentions:
                check_path(mention, names)
                given = names.scopes[names.scope].get(str(mention[1])) if mention[0] == "params" and len(mention) > 1 else None
                if isinstance(given, Text) and has_template(given.source) and depth < DEEPEST_SCOPE:
                    outer = replace(names, scope=self.runbook.scopes[names.scope].parent)
                    self._mentions(parse(given.source), outer, depth + 1)


def _texts_of(step: Step) -> Iterator[tuple[Text, Path, bool]]:
    """The texts of a step with their places, and whether each may mention what the step itself saves."""
    path, back = step.path, step.roll_back
    yield step.title, (*path, "title"), False
    for text, at in texts(step.params, (*path, step.action)):
        yield text, at, False
    for field, value in (("guard", step.guard), ("skip_if", step.skip_if), ("verify", step.verify)):
        for number, script in enumerate(value):
            yield script, (*path, field, number), False
    for name, single in (("become", step.become), ("directory", step.directory), *(step.environment)):
        if single is not None:
            yield single, (*path, name) if name in ("become", "directory") else (*path, "environment", name), False
    if back is not None:
        for text, at in texts(back.params, (*back.path, back.action)):
            yield text, at, True
        if back.become is not None:
            yield back.become, (*back.path, "become"), True
        if back.verify is not None:
            yield back.verify, (*back.path, "verify", 0), True
