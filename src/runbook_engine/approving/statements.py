"""Statements as bytes: what is signed, kept and sent round is canonical JSON, and nothing else is read as a statement."""

import json
import re
from datetime import datetime, timedelta

from runbook_engine.model.approvals import STATEMENT_FORMAT, Say, Statement
from runbook_engine.model.wire import WireError, canonical, from_data, to_data

LONGEST = 1_000_000  # bytes
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,99}", re.ASCII)
_NAME = re.compile(r"[^\s\x00-\x1f\x7f]{1,200}")
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_REASON = 4_000  # characters


class NotAStatement(ValueError):
    """Bytes that are no statement, or a statement that makes no sense; the message says why."""


def statement_of(body: bytes) -> Statement:
    """The statement that these bytes are. Raises NotAStatement unless they are exactly what `body_of` would write."""
    statement = _decoded(body)
    if canonical(to_data(statement)) != body:
        raise NotAStatement("it is not written as a statement is: names in order, no spaces, nothing twice, nothing else")
    _check(statement)
    return statement


def body_of(statement: Statement) -> bytes:
    """The bytes that are signed. Raises NotAStatement for one that nobody could read back."""
    _check(statement)
    return canonical(to_data(statement))


def _decoded(body: bytes) -> Statement:
    if len(body) > LONGEST:
        raise NotAStatement(f"it is longer than {LONGEST:,} bytes")
    try:
        decoded: Statement = from_data(Statement, json.loads(body.decode("utf-8")))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise NotAStatement("it is not JSON") from None
    except (WireError, ValueError) as error:
        raise NotAStatement(f"it is no statement: {error}") from None
    return decoded


def _check(statement: Statement) -> None:
    problem = _form(statement) or _times(statement) or _content(statement)
    if problem:
        raise NotAStatement(problem)


def _form(statement: Statement) -> str:
    if type(statement.format) is not int or statement.format != STATEMENT_FORMAT:
        return f"it has format {statement.format}; this version reads format {STATEMENT_FORMAT}"
    if not _ID.fullmatch(statement.id):
        return "its id is not 8 to 100 letters, digits, '.', '_' or '-'"
    if not (_NAME.fullmatch(statement.by) and _NAME.fullmatch(statement.runbook)):
        return "it does not say by whom it is, or of which runbook"
    if not _DIGEST.fullmatch(statement.plan) or not all(map(_DIGEST.fullmatch, statement.phases.values())):
        return "a digest in it is not 64 hexadecimal digits"
    seen = statement.seen
    if seen is not None and not (_DIGEST.fullmatch(seen.hash) and seen.seq >= 0 and seen.run):
        return "the head of a journal in it is not one"
    return ""


def _times(statement: Statement) -> str:
    if not (_is_utc(statement.at) and _is_utc(statement.until)):
        return "its times are not in UTC"
    if statement.until <= statement.at:
        return "it would end before it begins: 'until' is not after 'at'"
    return ""


def _is_utc(time: datetime) -> bool:
    return time.utcoffset() == timedelta(0)


def _content(statement: Statement) -> str:
    if bool(statement.revokes) != (statement.say is Say.REVOKE):
        return "a revocation, and nothing else, names the statement that it takes back"
    if statement.say is not Say.REVOKE and not statement.phases:
        return "it names no phase"
    if statement.say in (Say.REJECT, Say.ASK, Say.BREAK_GLASS) and not statement.reason.strip():
        return f"{statement.say.value} needs words: say why"
    if len(statement.reason) > _REASON or len(statement.title) > _REASON:
        return f"a text in it is longer than {_REASON:,} characters"
    return ""
