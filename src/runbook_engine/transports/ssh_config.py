"""The person's SSH configuration, as far as it is safe: an allow-list of keywords. Programs in it run only where allowed."""

import os
import pwd
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field, replace
from functools import cache
from pathlib import Path

from runbook_engine.model.errors import TransportFault
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import Cause
from runbook_engine.transports.known_hosts import matches
from runbook_engine.transports.ssh_programs import filled_command, says_yes

SINGLE = frozenset({"hostname", "user", "port", "proxyjump", "userknownhostsfile", "proxycommand"})
USED = SINGLE | {"identityfile"}
DEEPEST = 16  # includes within includes
LARGEST = 4 << 20  # bytes of one file


@dataclass(frozen=True, slots=True)
class _Line:
    keyword: str
    values: tuple[str, ...]
    where: str  # file:line


@dataclass(frozen=True, slots=True)
class _Block:
    condition: _Line | None  # Host …, Match …; None: it is for every host
    lines: tuple[_Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the configuration says about a host; empty where it says nothing."""

    host_name: str = ""
    user: str = ""
    port: int | None = None
    jump: str = ""
    program: str = ""  # ProxyCommand, with its tokens replaced
    identity_files: tuple[str, ...] = ()
    known_hosts: tuple[str, ...] = ()


@dataclass(slots=True)
class _Answers:
    single: dict[str, _Line] = field(default_factory=dict)
    identity_files: list[str] = field(default_factory=list)

    def take(self, line: _Line) -> None:
        """The first value of a keyword counts; identity files add up."""
        if line.keyword == "identityfile":
            self.identity_files.extend(line.values[:1])
        elif line.keyword in SINGLE:
            self.single.setdefault("proxyjump" if line.keyword == "proxycommand" else line.keyword, line)

    def first(self, keyword: str) -> str:
        line = self.single.get(keyword)
        return line.values[0] if line and line.values else ""


class SshConfig:
    """Some configuration files, read once. Raises TransportFault (CONFIGURATION) for what cannot be read.

    Without `programs` nothing in them is ever executed.
    """

    def __init__(self, paths: Iterable[Path], home: Path | None = None, *, programs: bool = False) -> None:
        self.home = home or Path.home()
        self._programs = programs
        self._blocks = [block for path in paths for block in _blocks(self._lines(path, 0))]

    def of(self, name: str, user: str = "", *, jump_is_set: bool = False) -> Found:
        """What holds for a host that the person calls `name`.

        `user` is what the inventory says. With `jump_is_set` the way there is known already. Raises TransportFault
        (CONFIGURATION, nothing started) where a program would have to be run and must not.
        """
        answers = _Answers()
        for block in self._blocks:
            if self._applies(block, name, user, answers):
                for line in block.lines:
                    answers.take(line)
        way = answers.single.get("proxyjump")
        program = None
        if way and way.keyword == "proxycommand":
            program = None if jump_is_set or answers.first("proxyjump").lower() == "none" else way
            del answers.single["proxyjump"]
        if program and not self._programs:
            raise _refused(program, "ProxyCommand would run a program", name)
        return self._found(name, user, answers, program)

    def _found(self, name: str, user: str, answers: _Answers, program: _Line | None) -> Found:
        tokens = self._tokens(name, user, answers)
        host_name, port = tokens["h"] if answers.first("hostname") else "", answers.first("port")
        known = answers.single.get("userknownhostsfile")
        jump = answers.first("proxyjump")
        return Found(
            host_name=host_name,
            user=answers.first("user"),
            port=_port(answers.single["port"], name) if port else None,
            jump="" if jump.lower() == "none" else expand(jump, tokens),
            program=_command(program, tokens, name) if program else "",
            identity_files=tuple(self._path(f, tokens) for f in answers.identity_files if f.lower() != "none"),
            known_hosts=tuple(self._path(f, tokens) for f in known.values if f.lower() != "none") if known else (),
        )

    def _tokens(self, name: str, user: str, answers: _Answers) -> dict[str, str]:
        """What stands for %-tokens."""
        tokens = {"%": "%", "n": name, "h": name, "d": str(self.home), "u": local_user()}
        host_name = expand(answers.first("hostname"), tokens) or name
        login = user or answers.first("user") or local_user()
        return tokens | {"h": host_name, "p": answers.first("port") or "22", "r": login}

    def _path(self, text: str, tokens: dict[str, str]) -> str:
        text = expand(text, tokens)
        return str(self.home / text[2:]) if text.startswith("~/") else text

    def _applies(self, block: _Block, name: str, user: str, answers: _Answers) -> bool:
        condition = block.condition
        if condition is None:
            return True
        if condition.keyword == "host":
            return matches(name, condition.values)
        return self._matched(block, condition, name, user, answers)

    def _matched(self, block: _Block, condition: _Line, name: str, user: str, answers: _Answers) -> bool:
        asked_of: list[str] = []
        words = list(condition.values)
        while words:
            criterion = words.pop(0).lower()
            if criterion == "all":
                continue
            asked, wanted = criterion.lstrip("!"), words.pop(0) if words else ""
            if asked == "exec":
                asked_of.append(criterion[0] + wanted)
            elif not self._holds(asked, wanted, name, user, answers) ^ criterion.startswith("!"):
                return False
        if not asked_of or not any(line.keyword in USED for line in block.lines):
            return not asked_of
        if not self._programs:
            raise _refused(condition, "Match exec would run a program", name)
        return all(self._agrees(question, condition, name, user, answers) for question in asked_of)

    def _agrees(self, question: str, condition: _Line, name: str, user: str, answers: _Answers) -> bool:
        """Ask a program; `question` is its line, with `!` or another letter before it."""
        command = _command(replace(condition, values=(question[1:],)), self._tokens(name, user, answers), name)
        return says_yes(command) ^ question.startswith("!")

    @staticmethod
    def _holds(criterion: str, wanted: str, name: str, user: str, answers: _Answers) -> bool:
        facts = {
            "host": answers.first("hostname") or name,
            "originalhost": name,
            "user": user or answers.first("user") or local_user(),
            "localuser": local_user(),
        }
        return criterion in facts and matches(facts[criterion], wanted.split(","))

    def _lines(self, path: Path, depth: int) -> Iterator[_Line]:
        try:
            text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        except OSError as error:
            message = f"{path} cannot be read: {error.strerror}"
            raise TransportFault(Cause.CONFIGURATION, message, started=False) from None
        if len(text) > LARGEST or depth > DEEPEST:
            raise TransportFault(Cause.CONFIGURATION, f"{path} is too large, or includes go too deep", started=False)
        for number, raw in enumerate(text.split("\n"), 1):
            line = _line(raw, f"{path}:{number}")
            if line and line.keyword == "include":
                yield from self._included(line, depth)
            elif line:
                yield line

    def _included(self, line: _Line, depth: int) -> Iterator[_Line]:
        folder = self.home / ".ssh"
        for pattern in line.values:
            whole = Path(pattern.replace("~", str(self.home), 1) if pattern.startswith("~/") else pattern)
            whole = whole if whole.is_absolute() else folder / whole
            for path in sorted(Path(whole.anchor).glob(str(whole.relative_to(whole.anchor)))):
                yield from self._lines(path, depth + 1)


def _line(raw: str, where: str) -> _Line | None:
    text = raw.strip()
    if not text or text.startswith("#"):
        return None
    keyword, _, rest = text.replace("\t", " ").partition(" ")
    if "=" in keyword:
        keyword, _, first = keyword.partition("=")
        rest = f"{first} {rest}"
    rest = rest.strip().removeprefix("=").strip()
    return _Line(keyword.lower(), tuple(_words(rest, keyword.lower())), where)


def _words(text: str, keyword: str) -> Sequence[str]:
    if keyword == "proxycommand":
        return (text,)
    try:
        return shlex.split(text, comments=True)
    except ValueError:
        return text.split()


def _blocks(lines: Iterable[_Line]) -> Iterator[_Block]:
    condition: _Line | None = None
    inside: list[_Line] = []
    for line in lines:
        if line.keyword in ("host", "match"):
            yield _Block(condition, tuple(inside))
            condition, inside = line, []
        else:
            inside.append(line)
    yield _Block(condition, tuple(inside))


def expand(text: str, tokens: dict[str, str]) -> str:
    """`text` with its %-tokens replaced; one that is not known stays as it is."""
    out, rest = "", text
    while "%" in rest:
        before, _, rest = rest.partition("%")
        out += before + tokens.get(rest[:1], "%" + rest[:1])
        rest = rest[1:]
    return out + rest


@cache
def local_user() -> str:
    """Who runs this program, by the user database (not by the environment)."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _port(line: _Line, name: str) -> int:
    value = line.values[0]
    if not value.isdigit() or not 0 < int(value) < 65536:
        raise _refused(line, f"{value} is no port", name)
    return int(value)


def _command(line: _Line, tokens: dict[str, str], name: str) -> str:
    try:
        return filled_command(line.values[0] if line.values else "", tokens)
    except ValueError as error:
        raise _refused(line, str(error), name) from None


def _refused(line: _Line, what: str, name: str) -> TransportFault:
    return TransportFault(
        Cause.CONFIGURATION,
        f"{line.where}: {what} to reach {name}",
        started=False,
        why="What is executed must be in the plan, or allowed by the project (ssh_programs = true in runbook.toml).",
        next_command=f"set ssh: {{jump: user@gateway}} for {name} in the inventory, or use ProxyJump in {line.where}",
    )
