"""Commands of a plan in words: what is done, as whom, where, for how long. Secrets by name, later values by their step."""

from collections.abc import Callable, Iterable

from runbook_engine.model.commands import AskPerson, Command, Download, Http, Pause, Probe, Reboot, Redfish, Shell, Upload, Wait
from runbook_engine.model.plan import Package
from runbook_engine.model.text import Text
from runbook_engine.model.words import HostName
from runbook_engine.reporting.harmless import harmless, one_line
from runbook_engine.reporting.naming import rendered
from runbook_engine.reporting.words import duration

HOSTS_COMPARED = 3
VALUE_LONGEST = 60

Render = Callable[[Text | None], str]


def procedure_lines(package: Package, host: HostName | None) -> list[str]:
    """Everything that a task does on a host, in the order in which it is done, and its way back."""
    procedure = package.procedure
    lines: list[str] = []
    for word, commands in (("guard", procedure.guard), ("skip if", procedure.skip_if)):
        lines += _worded(word, commands, package, host)
    lines += _worded("do", procedure.apply, package, host)
    lines += _worded("verify", procedure.verify, package, host)
    if package.way_back and package.way_back.procedure:
        lines += _worded("way back", package.way_back.procedure.apply, package, host)
    return lines


def differences_by_host(package: Package) -> list[str]:
    """What hosts get instead of the first host's values; empty when all get the same."""
    lines = []
    for values in package.columns:
        if len(set(values)) > 1:
            first = list(zip(package.hosts, values, strict=True))[:HOSTS_COMPARED]
            shown = [f"{one_line(value, VALUE_LONGEST)} on {host}" for host, value in first]
            more = f" and {len(values) - len(shown):,} more" if len(values) > len(shown) else ""
            lines.append(f"differs by host: {', '.join(shown)}{more}")
    return lines


def _worded(word: str, commands: Iterable[Command], package: Package, host: HostName | None) -> list[str]:
    lines: list[str] = []
    for command in commands:
        first, *rest = command_lines(command, package, host)
        lines += [f"{word + ':':<10}{first}", *(f"{'':<10}{line}" for line in rest)]
    return lines


def command_lines(command: Command, package: Package, host: HostName | None) -> list[str]:
    """One command in words, the first line telling most. A script of several lines keeps them."""

    def text(of: Text | None) -> str:
        return harmless(rendered(of, package, host)).strip("\n") if of else ""

    match command:
        case Shell():
            return _shell_lines(command, text(command.script), [f"{k}={text(v)}" for k, v in command.environment], text)
        case Upload():
            return _upload_lines(command, text(command.target), text(command.source), text(command.content))
        case Download():
            return [f"fetch {text(command.source)} into {text(command.target)}"]
        case Http():
            return [f"{command.method} {text(command.url)}, expecting {' or '.join(map(str, command.expect_status))}"]
        case Wait() | Reboot() | Redfish():
            return _awaited_lines(command, duration(command.within_s), text)
        case AskPerson():
            return _question_lines(command, text(command.prompt))
        case Pause():
            return [f"let {duration(command.for_s)} pass"]


def _shell_lines(command: Shell, script: str, environment: list[str], text: Render) -> list[str]:
    notes = [f"as {command.become.user}"] if command.become else []
    notes += ["on the control machine"] if command.on_controller else []
    notes += [f"in {text(command.directory)}"] if command.directory else []
    notes += [f"with {', '.join(environment)}"] if environment else []
    notes += [f"at most {duration(command.timeout_s)}"] if command.timeout_s else []
    return [*(script.splitlines() or [""]), *([f"({'; '.join(notes)})"] if notes else [])]


def _upload_lines(command: Upload, target: str, source: str, content: str) -> list[str]:
    what = source or f"a text of {len(content.splitlines())} lines"
    notes = [f"mode {command.mode}"] if command.mode else []
    notes += [f"owner {command.owner}"] if command.owner else []
    notes += ["what is there is kept beside it"] if command.backup else []
    notes += [f"as {command.become.user}"] if command.become else []
    return [f"put {what} to {target}", *([f"({'; '.join(notes)})"] if notes else [])]


def _awaited_lines(command: Wait | Reboot | Redfish, within: str, text: Render) -> list[str]:
    if isinstance(command, Wait):
        return [f"wait up to {within} {_probe(command.probe, text)}"]
    if isinstance(command, Redfish):
        from runbook_engine.workers.shown import controller_words

        return [f"{controller_words(command, text)}, within {within}"]
    health = f", healthy when: {text(command.health)}" if command.health else ""
    return [f"restart by: {text(command.command)}", f"back within {within}{health}"]


def _question_lines(command: AskPerson, prompt: str) -> list[str]:
    lines = prompt.splitlines() or ["say when it is done"]
    for choice in command.choices:
        meaning = f": {choice.consequence}" if choice.consequence else ""
        stays = "" if choice.goes_on else " (the run does not go past it)"
        lines.append(one_line(f"choice {choice.name}{meaning}") + stays)
    if command.evidence:
        lines.append("evidence: " + one_line(", ".join(f"{name} ({kind})" for name, kind in command.evidence)))
    return lines


def _probe(probe: Probe, text: Render) -> str:
    where = f" of {text(probe.address)}" if probe.address else ""
    if probe.port is not None:
        what = f"port {probe.port}{where} to answer"
    elif probe.ssh:
        what = "an SSH session"
    elif probe.file:
        what = f"the file {text(probe.file)}"
    elif probe.shell:
        what = f"this to end with 0: {text(probe.shell.script)}"
    else:
        what = f"an answer from {text(probe.http.url)}" if probe.http else "an answer"
    return f"until there is no longer {what}" if probe.absent else f"for {what}"
