"""From a command to what a host is told: one line for its login shell, and what goes to standard input. Pure."""

import re
import shlex

from runbook_engine.model.commands import Become, Shell
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.text import SecretRef, Text
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import Cause
from runbook_engine.transports.secret_values import Secrets

LONGEST_LINE = 100_000  # bytes; Linux takes 128 KiB in one argument
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Order:
    """What is sent to have a command done. Holds secrets: it has no readable form."""

    line: bytes  # for the login shell; never holds a secret
    mark: str  # what the command's processes, sudo's prompt and the start of the program are known by
    first_input: bytes = b""  # the program, when it does not stand in `line`
    become: Become | None = None
    password: bytes | None = None


def render(text: Text, secrets: Secrets) -> str:
    """The text with its secrets in place, each as one quoted word where the text is for a shell."""
    return "".join(part if isinstance(part, str) else _hole(part, text, secrets) for part in text.parts)


def _hole(part: object, text: Text, secrets: Secrets) -> str:
    if not isinstance(part, SecretRef):
        raise TypeError(f"{part!r} has no value yet")
    value = secrets.value(part).reveal()
    return shlex.quote(value) if text.shell and part.quoted else value


def program(command: Shell, secrets: Secrets) -> str:
    """The whole program for /bin/sh: environment, directory, script."""
    lines = [f"export {_variable(name)}={shlex.quote(render(value, secrets))}" for name, value in command.environment]
    if command.directory:
        lines.append(f"cd -- {_folder(render(command.directory, secrets))} ||exit")
    return "\n".join([*lines, render(command.script, secrets)])


def _variable(name: str) -> str:
    if not VARIABLE.match(name):
        raise TransportFault(Cause.CONFIGURATION, f"{name!r} cannot be the name of an environment variable", started=False)
    return name


def _folder(path: str) -> str:
    if path == "~" or path.startswith("~/"):
        return '"$HOME"' + (shlex.quote(path[1:]) if path[1:] else "")
    return shlex.quote(path)


def order(command: Shell, secrets: Secrets, mark: str, *, hidden: bool = False) -> Order:
    """How to have a shell command done. Raises TransportFault (SECRET, CONFIGURATION); nothing was started.

    A program that holds a secret (or is `hidden`), runs as another user or is long goes by standard input, where no list
    of processes shows it; any other stands in the line itself.
    """
    text = encoded(program(command, secrets))
    if command.become:
        return _order_as(command.become, text, secrets, mark)
    if hidden or _holds_secret(command) or len(text) > LONGEST_LINE:
        line = f"{_known_as(mark)}exec /bin/sh -c {shlex.quote(reader(mark))}"
        return Order(line=line.encode(), first_input=_input(text, mark), mark=mark)
    nothing = b"" if command.stdin else b" </dev/null"
    return Order(line=_known_as(mark).encode() + b"set -- " + quoted(text) + b";" + RUN_BY_SH + nothing, mark=mark)


# a login shell that is /bin/sh already need not start it once more: a millisecond of every step
RUN_BY_SH = b'case $0 in sh|/bin/sh)eval "set --\n$1";;*)exec /bin/sh -c "$1";;esac'


def _known_as(mark: str) -> str:
    """An environment variable with the number of the process group: by it the processes are found when time is up."""
    return f"export RUNBOOK_STEP={mark}-$$;"


def stop_order(mark: str, signal: str) -> Order:
    """How to end the processes of a command from outside, on hosts with /proc. Exit code 1: none is left.

    They are found by what they have inherited, or by the line that the shell itself was given ([P] keeps the searching
    processes out of the result); the group of the first one is sent the signal, so that daemons it has left are not.
    """
    script = (
        f"f=$(grep -ls 'RUNBOOK_STE[P]={mark}-' /proc/[0-9]*/environ /proc/[0-9]*/cmdline | head -n 1);"
        '[ -n "$f" ]||exit 1;f=${f%/*};'
        f"g=$(tr '\\0' '\\n' <\"$f/environ\" | sed -n 's/^RUNBOOK_STE[P]={mark}-\\([0-9][0-9]*\\)$/\\1/p');"
        '[ -n "$g" ]||{ read -r s <"$f/stat";set -- ${s##*)};g=$3; };'
        f'kill -{signal} "-$g"'
    )
    return Order(line=f"exec /bin/sh -c {shlex.quote(script)} </dev/null".encode(), mark=mark)


def ending_script(pid: str, signal: str) -> str:
    """A program that sends a signal to the process group of a process, or to the process alone."""
    return f'g=$(ps -o pgid= -p {pid} | tr -d " "); kill -{signal} "-${{g:-{pid}}}" || kill -{signal} {pid}'


def _order_as(become: Become, text: bytes, secrets: Secrets, mark: str) -> Order:
    password = encoded(secrets.value(become.password).reveal()) if become.password else None
    if password and b"\n" in password:
        raise TransportFault(Cause.SECRET, "A sudo password cannot hold a line break", started=False)
    how = f"-S -p {prompt(mark)}" if password else "-n"
    announced = f"printf %s {started(mark)}$$: >&2;{reader(mark)}"
    line = f"exec sudo {how} -H -u {shlex.quote(become.user)} -- /bin/sh -c {shlex.quote(announced)}"
    return Order(line=line.encode(), first_input=_input(text, mark), mark=mark, become=become, password=password)


def reader(mark: str) -> str:
    """A program that reads the real one from standard input, up to a line `mark`, and runs it only if it is complete.

    The shell reads line by line and not a byte further, so that what follows is the program's own input.
    """
    return (
        f'runbook_text=;while :;do IFS= read -r runbook_line||exit 125;[ "$runbook_line" = {mark} ]&&break;'
        'runbook_text="$runbook_text$runbook_line\n";done;eval "unset runbook_text runbook_line\n$runbook_text"'
    )


def prompt(mark: str) -> str:
    """What sudo asks for a password with."""
    return f"{mark}-password:"


def started(mark: str) -> str:
    """What precedes the process id of the started program on stderr."""
    return f"{mark}-started:"


def quoted(text: bytes) -> bytes:
    """The text as one word for a shell."""
    return b"'" + text.replace(b"'", b"'\"'\"'") + b"'"


def _input(text: bytes, mark: str) -> bytes:
    return text + b"\n" + mark.encode() + b"\n"


def encoded(text: str) -> bytes:
    """The text as a host is told it. Raises TransportFault (CONFIGURATION) for a NUL byte."""
    if "\0" in text:
        raise TransportFault(Cause.CONFIGURATION, "A command cannot hold a NUL byte", started=False)
    return text.encode("utf-8", "surrogateescape")


def _holds_secret(command: Shell) -> bool:
    texts = (command.script, command.directory, *(value for _, value in command.environment))
    return any(text.secret for text in texts if text)
