"""The lines of an allowed_signers file and of a list of revoked keys, read more strictly than ssh-keygen reads them."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from runbook_engine.approving.public_keys import PublicKey, blob_of_text, key_of, key_of_text
from runbook_engine.approving.ssh_wire import Malformed, Reader
from runbook_engine.model.approvals import NAMESPACE
from runbook_engine.model.values import dataclass

LONGEST = 20_000  # characters of a line
_WILD = re.compile(r"[*?!]")
_OPTION = re.compile(r'(?P<name>[A-Za-z-]+)(?:="(?P<quoted>[^"\\]*)")?(?:,|(?=[ \t]))')
_PRINCIPAL = re.compile(r'"(?P<quoted>[^"\\]*)"[ \t]+|(?P<bare>[^"\s]+)[ \t]+')
_KEY = re.compile(r"(?P<kind>[A-Za-z0-9@.-]+)[ \t]+(?P<blob>[A-Za-z0-9+/=]+)(?:[ \t].*)?")
_KINDS = ("ssh-", "ecdsa-", "sk-")  # what the name of a key's kind begins with, and no option's
_TIMES = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line that names a key for a principal; the key counts from `after` on and before `before`."""

    number: int
    principal: str
    key: PublicKey
    after: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is refused, and why."""

    number: int
    message: str
    hint: str = ""


class _Refused(ValueError):
    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def allowed_lines(text: str) -> Iterator[Line | BadLine]:
    """Every line of an allowed_signers file that is neither empty nor a comment."""
    for number, line in _lines(text):
        try:
            yield _allowed(number, line)
        except _Refused as error:
            yield BadLine(number, str(error), error.hint)
        except Malformed as error:
            yield BadLine(number, str(error))


def revoked_lines(text: str) -> Iterator[tuple[int, PublicKey | bytes] | BadLine]:
    """Every key of a list of revoked keys: as a key, or as its bytes when it is of a kind that never counts."""
    for number, line in _lines(text):
        try:
            yield number, _revoked(line)
        except Malformed as error:
            hint = "one public key a line, as in FILE.pub"
            yield BadLine(number, str(error), hint)


def key_of_line(line: str) -> PublicKey:
    """The key of `KIND BASE64 [COMMENT]`, as it stands in a .pub file. Raises Malformed."""
    match = _KEY.fullmatch(line.strip(" \t"))
    if match is None:
        raise Malformed("it is no public key")
    return key_of_text(match["kind"], match["blob"])


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        shown = line.removesuffix("\r").strip(" \t")
        if shown and not shown.startswith("#"):
            yield number, shown


def _revoked(line: str) -> PublicKey | bytes:
    match = _KEY.fullmatch(line) if len(line) <= LONGEST else None
    if match is None:
        raise Malformed("it is no public key")
    blob = blob_of_text(match["blob"])
    try:
        return key_of(blob)
    except Malformed:
        if Reader(blob, "the key").word() != match["kind"]:
            raise
        return blob  # weak keys and certificates may well be revoked; they count nowhere


def _allowed(number: int, line: str) -> Line:
    if len(line) > LONGEST:
        raise _Refused(f"the line is longer than {LONGEST:,} characters")
    if "\r" in line:
        raise _Refused("it has an end of line in its middle")
    found = _PRINCIPAL.match(line)
    if found is None:
        raise _Refused("expected PERSON OPTIONS KEY", f'write ana.duarte namespaces="{NAMESPACE}" ssh-ed25519 AAAA…')
    principal = _principal(found["bare"] if found["quoted"] is None else found["quoted"])
    options, rest = _options(line[found.end() :])
    match = _KEY.fullmatch(rest)
    if match is None:
        raise _Refused("there is no public key after the person and the options")
    _check_namespaces(options)
    return Line(
        number=number,
        principal=principal,
        key=key_of_text(match["kind"], match["blob"]),
        after=_time("valid-after", options),
        before=_time("valid-before", options),
    )


def _principal(text: str) -> str:
    if "," in text:
        raise _Refused("it names several people", "one person a line: a key speaks for one person")
    if _WILD.search(text):
        raise _Refused(f"{text[:60]} is a pattern", "name the person: with a pattern one key speaks for many")
    if not text or text != text.strip():
        raise _Refused("it names no person")
    return text


def _options(text: str) -> tuple[dict[str, str | None], str]:
    """The options, by name, and what follows them."""
    options: dict[str, str | None] = {}
    at, more = 0, not text.startswith(_KINDS)
    while more:
        match = _OPTION.match(text, at)
        if match is None:
            raise _Refused(f"cannot read the options at {text[at : at + 30]!r}")
        name = match["name"].lower()
        if name in options:
            raise _Refused(f"{name} is there twice")
        options[name] = match["quoted"]
        at, more = match.end(), match[0].endswith(",")
    return _known(options), text[at:].lstrip(" \t")


def _known(options: dict[str, str | None]) -> dict[str, str | None]:
    if "cert-authority" in options:
        raise _Refused("certificates do not count here", "name the key of each person")
    for name, value in options.items():
        if name not in ("namespaces", "valid-after", "valid-before"):
            raise _Refused(f"there is no option {name[:60]}", "the options are namespaces, valid-after and valid-before")
        if not value:
            raise _Refused(f"{name} has no value", f'write {name}="…"')
    return options


def _check_namespaces(options: dict[str, str | None]) -> None:
    names = (options.get("namespaces") or "").split(",")
    if any(_WILD.search(name) for name in names):
        raise _Refused("namespaces has a pattern in it", f'write namespaces="{NAMESPACE}"')
    if NAMESPACE not in names:
        raise _Refused(
            f"it is not for {NAMESPACE}", f'write namespaces="{NAMESPACE}": else a signature of a commit would count'
        )


def _time(name: str, options: dict[str, str | None]) -> datetime | None:
    value = options.get(name)
    if value is None:
        return None
    digits = value.removesuffix("Z")
    if digits == value:
        raise _Refused(f"{name} has no time zone", f'write {name}="20261130Z" or "202611302200Z": Z is UTC')
    try:
        if not digits.isascii() or not digits.isdigit():
            raise ValueError(value)
        return datetime.strptime(digits, _TIMES[len(digits)]).replace(tzinfo=UTC)
    except (KeyError, ValueError):
        raise _Refused(f"{name} is no date", f'write {name}="20261130Z" or "202611302200Z"') from None
