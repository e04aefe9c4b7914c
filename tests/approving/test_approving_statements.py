"""Statements as bytes: one form, read back exactly; everything else is refused."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from approving.sign_offs import EVA, NOW, a_plan, statement
from runbook_engine.approving import NotAStatement, body_of, statement_of
from runbook_engine.model.approvals import Head, Say, Statement

PLAN = a_plan()
GOOD = statement(PLAN, seen=Head(run="test-1", seq=7, hash="ab" * 32))
BODY = body_of(GOOD)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
times = st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds it


@settings(deadline=None)
@given(
    title=texts,
    reason=texts.filter(str.strip),
    at=times,
    lasts=st.integers(1, 10**6),
    say=st.sampled_from([Say.APPROVE, Say.REJECT, Say.ASK, Say.BREAK_GLASS]),
)
def test_what_is_written_is_read_back(title, reason, at, lasts, say):
    """Every statement, with any text and time."""
    made = replace(GOOD, title=title, reason=reason, at=at, until=at + timedelta(seconds=lasts), say=say)

    assert statement_of(body_of(made)) == made


@settings(deadline=None)
@given(data=st.data())
def test_changed_bytes_are_another_statement_or_none(data):
    """No two byte strings are read as the same statement."""
    at = data.draw(st.integers(0, len(BODY) - 1))
    put = bytes([data.draw(st.integers(0, 255))])
    changed = data.draw(
        st.sampled_from([BODY[:at] + put + BODY[at + 1 :], BODY[:at] + put + BODY[at:], BODY[:at] + BODY[at + 1 :]])
    )
    try:
        found = statement_of(changed)
    except NotAStatement:
        return
    assert (found == GOOD) == (changed == BODY)


@settings(deadline=None)
@given(body=st.binary(max_size=300))
def test_bytes_that_are_no_statement_are_refused(body):
    """Anything at all: an answer or NotAStatement."""
    with pytest.raises(NotAStatement):
        statement_of(body)


def respelt(**changes: object) -> bytes:
    """The same statement as JSON with something else in it."""
    data = {**json.loads(BODY), **changes}
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'"' + b"x" * 1_000_001 + b'"',
        b"\xff" + BODY,
        b"\xef\xbb\xbf" + BODY,
        BODY + b"\n",
        b" " + BODY,
        BODY.replace(b",", b", ", 1),
        json.dumps(json.loads(BODY), sort_keys=False, indent=1).encode(),
        BODY.replace(b'"by":', b'"by":"tom.li","by":', 1),
        BODY.replace(b"eva", b"\\u0065va", 1),
        BODY.replace(b"eva.koster", b"eva\\ud800", 1),
        respelt(format=1),
        respelt(format=2),
        respelt(format=True),
        respelt(reason=""),
        respelt(extra="x"),
        respelt(say="approved"),
        respelt(at="2026-11-30"),
        respelt(at="2026-11-30T21:00:00"),
        respelt(at="2026-11-30T22:00:00+01:00"),
        respelt(at="2026-11-30T21:00:00Z"),
        respelt(at=1),
        respelt(**{"is": "Sealed"}),
        respelt(phases=[["firmware", "ab" * 32]]),
        respelt(until=NOW.replace(year=2020).isoformat()),
    ],
)
def test_other_spellings_are_refused(body):
    """Blanks, order, escapes, names that are there twice or unknown, defaults that are written, times in other forms."""
    with pytest.raises(NotAStatement):
        statement_of(body)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"until": GOOD.at}, "'until' is not after 'at'"),
        ({"until": GOOD.at - timedelta(seconds=1)}, "'until' is not after 'at'"),
        ({"at": GOOD.at.astimezone(timezone(timedelta(hours=1)))}, "not in UTC"),
        ({"at": GOOD.at.replace(tzinfo=None), "until": GOOD.until.replace(tzinfo=None)}, "not in UTC"),
        ({"format": 2}, "format 2"),
        ({"id": "short"}, "its id"),
        ({"id": "with blanks in it"}, "its id"),
        ({"by": ""}, "by whom"),
        ({"by": "eva\nkoster"}, "by whom"),
        ({"runbook": ""}, "of which runbook"),
        ({"plan": "d1"}, "64 hexadecimal digits"),
        ({"phases": {"firmware": "AB" * 32}}, "64 hexadecimal digits"),
        ({"phases": {"firmware": ""}}, "64 hexadecimal digits"),
        ({"phases": {}}, "names no phase"),
        ({"say": Say.REJECT}, "say why"),
        ({"say": Say.ASK, "reason": "  "}, "say why"),
        ({"say": Say.BREAK_GLASS}, "say why"),
        ({"say": Say.REVOKE}, "names the statement that it takes back"),
        ({"revokes": "st-00000001"}, "names the statement that it takes back"),
        ({"reason": "x" * 4001}, "longer than 4,000"),
        ({"seen": Head(run="r", seq=-1, hash="ab" * 32)}, "head of a journal"),
        ({"seen": Head(run="r", seq=1, hash="ab")}, "head of a journal"),
    ],
)
def test_statements_that_make_no_sense_are_neither_written_nor_read(changes, reason):
    """Each reason in words."""
    with pytest.raises(NotAStatement, match=reason):
        body_of(replace(GOOD, **changes))


def test_a_revocation_needs_no_phase():
    """It names what it takes back."""
    made = statement(PLAN, EVA, Say.REVOKE, revokes=GOOD.id)

    assert isinstance(statement_of(body_of(made)), Statement)
