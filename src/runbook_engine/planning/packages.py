"""A part → a work package: its texts rendered, its action asked for the procedure, its guards and checks added."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from runbook_engine.actions.contract import Action, Setting
from runbook_engine.model.commands import AskPerson, Become, Procedure, Shell
from runbook_engine.model.conditions import Condition, Constant
from runbook_engine.model.places import Path
from runbook_engine.model.plan import Package, WayBack
from runbook_engine.model.runbook import RollBack, Step
from runbook_engine.model.text import SecretRef, Text
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import HostName, Repeat
from runbook_engine.planning.files import Library, PackageFiles
from runbook_engine.planning.findings import BadTemplate, Findings
from runbook_engine.planning.layout import Part
from runbook_engine.planning.names import Names, Saver
from runbook_engine.planning.reach import beside_its_work, needs_host
from runbook_engine.planning.render import Columns, Renderer
from runbook_engine.planning.walk import changed

UNQUOTED = re.compile(r"\{\{[^{}]*\|\s*unquoted\b[^{}]*\}\}")

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A package without its needs, and what it reads of earlier steps."""

    package: Package
    reads: tuple[Saver, ...]
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What is needed to make packages."""

    actions: Mapping[str, Action]
    library: Library
    found: Findings
    names_of: Callable[[Part, tuple[HostName, ...]], Names]


def build(part: Part, shop: Workshop) -> Built:
    """The package of a part. Mistakes go to the findings; what is mistaken is left out of the package."""
    making = _Making(part, shop)
    return making.nothing() if making.skipped else making.package()


class _Making:
    """One package in the making."""

    def __init__(self, part: Part, shop: Workshop) -> None:
        self.part, self.step, self.shop = part, part.chosen.step, shop
        self.condition: Condition | None = None
        self.early: frozenset[Saver] = frozenset()  # what `when` reads
        self.hosts: tuple[HostName, ...] = part.hosts
        self.left_out: tuple[HostName, ...] = ()
        self.skipped = False
        self._decide()
        self.columns = Columns()
        self.bare: dict[str, None] = {}
        self.renderer = Renderer(shop.names_of(part, self.hosts), self.columns)

    def _decide(self) -> None:
        """Leave out the hosts for which `when` is already known to be false."""
        if not self.step.when:
            return
        from runbook_engine.planning.when import decide

        renderer = Renderer(self.shop.names_of(self.part, self.part.hosts), Columns())
        decided = self._try((*self.step.path, "when"), lambda: decide(self.step.when, renderer))
        if decided is None:
            return
        self.condition, self.early = decided.later, frozenset(renderer.read)
        if not any(decided.holds):
            self.skipped, self.hosts, self.left_out = True, (), self.part.hosts
        elif not all(decided.holds):
            pairs = list(zip(self.part.hosts, decided.holds, strict=True))
            self.hosts = tuple(h for h, holds in pairs if holds)
            self.left_out = tuple(h for h, holds in pairs if not holds)

    def _try(self, path: Path, work: Callable[[], T]) -> T | None:
        try:
            return work()
        except BadTemplate as error:
            self.shop.found.bad(path, error)
            return None

    def nothing(self) -> Built:
        """`when` is false everywhere: one task that the run reports as skipped, so that the plan hides nothing."""
        self.renderer = Renderer(self.shop.names_of(self.part, self.part.hosts), self.columns)
        title = self._readable(self.step.title, (*self.step.path, "title"))
        if any(not isinstance(piece, str) for piece in title.parts):
            title = Text((self.step.id,))
        return Built(package=replace(self._frame(title), when=Constant(False), save_as=""), reads=(), path=self.step.path)

    def package(self) -> Built:
        """The whole package, but for what it waits for."""
        title = self._readable(self.step.title, (*self.step.path, "title"))
        procedure = self._procedure(title)
        way_back = self._way_back(self.step.roll_back, title) if self.step.roll_back else None
        if not self.step.action:
            procedure = replace(procedure, apply=(AskPerson(prompt=title, evidence=self.step.evidence),))
        package = replace(
            self._frame(title),
            procedure=procedure,
            way_back=way_back,
            columns=self.columns.all(),
            when=self.condition,
            unquoted=tuple(self.bare),
        )
        reads = sorted(self.renderer.read | self.early, key=lambda saver: saver.step)
        others = tuple(saver for saver in reads if saver.step != self.part.step_id)
        return Built(package=package, reads=others, path=self.step.path)

    def _frame(self, title: Text) -> Package:
        step, part = self.step, self.part
        action = self.shop.actions.get(step.action)
        return Package(
            id=part.id,
            phase=part.phase.id,
            step=part.step_id,
            title=title,
            action=step.action,
            action_version=action.version if action else 1,
            per=part.chosen.per,
            hosts=self.hosts,
            left_out=self.left_out,
            repeat=repeat_of(step, action, health=part.chosen.health),
            reboots=step.reboots,
            drops_link=step.drops_link,
            confirm_s=step.confirm_within_s,
            retries=step.retries,
            timeout_s=step.timeout_s,
            takes=step.takes,
            who=step.who,
            uses=dict(step.uses),
            earliest=step.earliest,
            deadline=step.deadline,
            milestone=step.milestone,
            on_site_said=step.on_site,
            evidence=step.evidence,
            save_as=step.save_as,
            health_check=part.chosen.health,
        )

    def _procedure(self, title: Text) -> Procedure:
        step, path = self.step, self.step.path
        setting = self._setting(title, step.timeout_s)
        made = self._act(step.action, step.params, setting, path) if step.action else Procedure()
        whole = replace(
            made,
            guard=(*made.guard, *self._shells(step.guard, setting, (*path, "guard"))),
            skip_if=(*made.skip_if, *self._shells(step.skip_if, setting, (*path, "skip_if"))),
            verify=(*made.verify, *self._shells(step.verify, setting, (*path, "verify"))),
        )
        procedure = beside_its_work(whole)
        self._check_place(procedure, (*path, "per") if step.per else (*path, "id"))
        return procedure

    def _check_place(self, procedure: Procedure, path: Path) -> None:
        if not self.hosts and not self.left_out and needs_host(procedure):
            message = "this step works on a host, and none is named"
            self.shop.found.add(path, message, "say hosts: …; what is for the control machine is a local step")

    def _act(self, name: str, params: object, setting: Setting, path: Path) -> Procedure:
        """Render the params and ask the action what is to be done."""
        action = self.shop.actions[name]
        rendered = changed(params, lambda text, at: self._text(text, (*path, name, *at)))
        made = self._try((*path, name), lambda: self._ask(action, rendered, setting))
        for command in made.apply if made else ():
            if isinstance(command, AskPerson) and command.prompt.secret:
                self.shop.found.add((*path, name), "a secret cannot be shown to a person", "name it in words")
        return made or Procedure()

    def _ask(self, action: Action, params: Any, setting: Setting) -> Procedure:
        try:
            return action.procedure(params, setting, PackageFiles(self.shop.library, self.renderer))
        except ValueError as error:
            raise BadTemplate(str(error)) from None

    def _way_back(self, back: RollBack, title: Text) -> WayBack:
        if not back.action:
            return WayBack(none=back.none, retries=back.retries, timeout_s=back.timeout_s)
        self._know_own_result()
        setting = self._setting(title, back.timeout_s)
        if back.become is not None:
            setting = replace(setting, become=self._become(back.become, back.become_password, back.path))
        made = self._act(back.action, back.params, setting, back.path)
        verify = self._shells((back.verify,), setting, (*back.path, "verify")) if back.verify else ()
        procedure = beside_its_work(replace(made, verify=(*made.verify, *verify)))
        self._check_place(procedure, back.path)
        if self.step.confirm_within_s is not None and not (self.hosts or self.left_out):
            message = "a host undoes this step by itself, and none is named"
            self.shop.found.add((*self.step.path, "confirm_within"), message, "do it on each host, or take it out")
        return WayBack(
            procedure=procedure,
            none=back.none,
            retries=back.retries,
            timeout_s=back.timeout_s,
            repeat=back.repeat or Repeat.ONCE,
        )

    def _know_own_result(self) -> None:
        """The way back may read what the step itself saved."""
        if self.step.save_as:
            own = Saver(step=self.part.step_id, per=self.part.chosen.per)
            self.renderer.names = replace(self.renderer.names, saved={**self.renderer.names.saved, self.step.save_as: own})

    def _setting(self, title: Text, timeout_s: float | None) -> Setting:
        step, path = self.step, self.step.path
        return Setting(
            directory=self._text(step.directory, (*path, "directory")) if step.directory else None,
            environment=tuple((name, self._text(text, (*path, "environment", name))) for name, text in step.environment),
            become=self._become(step.become, step.become_password, path),
            timeout_s=timeout_s,
            evidence=step.evidence,
            title=title,
        )

    def _become(self, become: Text | None, password: SecretRef | None, path: Path) -> Become | None:
        if become is None:
            return None
        user = self._try((*path, "become"), lambda: self.renderer.words(become))
        return Become(user=user or "root", password=password)

    def _shells(self, scripts: Sequence[Text], setting: Setting, path: Path) -> tuple[Shell, ...]:
        return tuple(
            Shell(
                script=self._text(script, (*path, number)),
                directory=setting.directory,
                environment=setting.environment,
                become=setting.become,
                timeout_s=setting.timeout_s,
            )
            for number, script in enumerate(scripts)
        )

    def _text(self, text: Text, path: Path) -> Text:
        if text.shell:
            self.bare.update(dict.fromkeys(UNQUOTED.findall(text.source)))
        return self._try(path, lambda: self.renderer.text(text)) or Text((), shell=text.shell)

    def _readable(self, text: Text, path: Path) -> Text:
        """A text that people read: a secret in it is a mistake."""
        rendered = self._text(text, path)
        if rendered.secret:
            self.shop.found.add(path, "a secret cannot be shown to people", "name it in words")
        return rendered


def repeat_of(step: Step, action: Action | None, *, health: bool) -> Repeat:
    """What doubt means for a step: what it says, what its action is by nature, else what `verify` allows."""
    if health:
        return Repeat.SAFE
    if step.repeat is not None:
        return step.repeat
    if action is None:
        return Repeat.MANUAL
    return action.nature(step.params) or (Repeat.VERIFY if step.verify else Repeat.ONCE)
