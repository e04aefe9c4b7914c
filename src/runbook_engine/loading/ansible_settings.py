"""Ansible's variables about the connection → how we reach the host. Variables stay as they are beside that."""

import shlex
from collections.abc import Callable, Iterator, Sequence

from runbook_engine.loading import estate_names as names
from runbook_engine.loading.estate_entries import NOTHING, Layer, Values
from runbook_engine.loading.estate_pages import Note
from runbook_engine.loading.estate_variables import checked
from runbook_engine.model.places import Path
from runbook_engine.model.text import SecretRef
from runbook_engine.model.values import dataclass

RANK = "ansible_group_priority"

_TEXTS: dict[str, tuple[str, Callable[[str], str]]] = {  # of two names for one thing the later one wins, as in Ansible
    "ansible_user": ("user", names.user),
    "ansible_ssh_user": ("user", names.user),
    "ansible_private_key_file": ("key", names.file_path),
    "ansible_ssh_private_key_file": ("key", names.file_path),
}
_ADDRESSES = ("ansible_host", "ansible_ssh_host")
_PORTS = ("ansible_port", "ansible_ssh_port")
_ARGUMENTS = ("ansible_ssh_common_args", "ansible_ssh_extra_args", "ansible_ssh_args")
_PASSWORDS = frozenset(
    f"ansible_{name}"
    for name in (
        *("password", "ssh_pass", "ssh_password", "become_pass", "become_password", "sudo_pass", "su_pass"),
        "ssh_private_key_passphrase",
    )
)
_KEEP = "keep the rest in ~/.ssh/config; only -J, ProxyJump, 'ProxyCommand ssh -W' and UserKnownHostsFile are taken over"


def layer(values: Values, path: Path, note: Note) -> Layer:
    """What variables written at `path` say about hosts; `note` is told what cannot be taken over."""
    if not values:
        return NOTHING
    kept = checked(values, path, note)
    if not any(key.startswith("ansible_") for key in kept):
        return Layer(vars=kept)
    reading = _Reading(kept, path, note)
    return Layer(address=reading.address(), ssh=dict(reading.ssh()), vars=reading.without_passwords())


def group_layer(values: Values, path: Path, note: Note) -> tuple[Layer, int]:
    """What an inventory file says about a group, and the group's rank among those of the same depth."""
    said = {key: value for key, value in values.items() if key != RANK} if RANK in values else values
    return layer(said, path, note), _rank(values, path, note)


def _rank(values: Values, path: Path, note: Note) -> int:
    value = values.get(RANK, 1)
    text = str(value).strip()
    if text.removeprefix("-").isdecimal() and len(text) < 10:
        return int(text)
    note((*path, RANK), f"{RANK} must be a whole number", "")
    return 1


@dataclass(frozen=True, slots=True)
class _Reading:
    values: Values
    path: Path
    note: Note

    def address(self) -> str:
        found = [self._checked(key, names.address) for key in _ADDRESSES if key in self.values]
        return found[-1] if found else ""

    def ssh(self) -> Iterator[tuple[str, object]]:
        for key, (field, check) in _TEXTS.items():
            if key in self.values:
                yield field, self._checked(key, check)
        for key in _PORTS:
            if key in self.values:
                yield "port", self._port(key)
        for key in _ARGUMENTS:
            if self.values.get(key):
                yield from self._arguments(key)

    def without_passwords(self) -> Values:
        """A password in clear text is a mistake, and it is kept nowhere; a secret by name or a template is not one."""
        return {key: value for key, value in self.values.items() if key not in _PASSWORDS or self._may_stay(key, value)}

    def _may_stay(self, key: str, value: object) -> bool:
        if value is None or isinstance(value, SecretRef) or (isinstance(value, str) and "{{" in value):
            return True
        hint = 'use an SSH key, or name the secret where the runbook says become: {secret: "env:NAME"}'
        self.note((*self.path, key), f"{key} holds a password in clear text", hint, hide=True)
        return False

    def _checked(self, key: str, check: Callable[[str], str]) -> str:
        try:
            return check(str(self.values[key]))
        except ValueError as error:
            self.note((*self.path, key), f"{key}: {error}", "templates are not filled in here" if self._template(key) else "")
            return ""

    def _template(self, key: str) -> bool:
        return "{{" in str(self.values[key])

    def _port(self, key: str) -> int | None:
        text = str(self.values[key]).strip()
        if text.isdecimal() and len(text) <= 5 and 1 <= int(text) <= 65535:
            return int(text)
        self.note((*self.path, key), f"{key}: {text[:40]!r} is not a port", "use 1 to 65535")
        return None

    def _arguments(self, key: str) -> Iterator[tuple[str, str]]:
        try:
            yield from _options(shlex.split(str(self.values[key])))
        except ValueError as error:
            self.note((*self.path, key), f"{key}: {error}", _KEEP)


def _options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The settings in arguments of ssh. Raises ValueError at the first that is none of ours."""
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word[:2] not in {"-J", "-o"}:
            raise ValueError(f"'{word}' is not taken over")
        argument = word[2:] or (rest.pop(0) if rest else "")
        if word.startswith("-J"):
            yield "jump", names.jump(argument)
        else:
            yield _option(argument)


def _option(text: str) -> tuple[str, str]:
    name, _, value = text.strip().replace("=", " ", 1).partition(" ")
    value = value.strip().strip('"')
    if name.lower() == "proxyjump":
        return "jump", names.jump(value)
    if name.lower() == "proxycommand":
        return "jump", names.jump(_hop(value))
    if name.lower() == "userknownhostsfile" and value != "/dev/null" and " " not in value:
        return "known_hosts", names.file_path(value)
    raise ValueError(f"'-o {text}' is not taken over")


def _hop(command: str) -> str:
    """The hop of `ssh -W %h:%p [-q] [-p PORT] [USER@]HOST`, the form that Ansible's own guide shows."""
    program, *words = shlex.split(command) or [""]
    port, hops = "", []
    while words:
        word = words.pop(0)
        if word == "-p" and words:
            port = f":{words.pop(0)}"
        elif word == "-W" and words and words[0] == "%h:%p":
            words.pop(0)
        elif word != "-q":
            hops.append(word)
    if program != "ssh" or len(hops) != 1 or hops[0].startswith("-"):
        raise ValueError(f"'ProxyCommand={command}' is not taken over")
    return hops[0] + port
