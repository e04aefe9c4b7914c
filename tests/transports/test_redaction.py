"""Nothing of a secret passes, in any form, wherever the pieces of a stream are cut."""

import base64
import json
import shlex
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_engine.transports.redaction import Masks, Redactor

SECRET = "pa'ss wörd/\"+=é\\n"
values = st.text(min_size=1, max_size=12).filter(lambda s: "\0" not in s)


@pytest.mark.law(5)
@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(b"user:" + SECRET.encode() + b"@host").decode(),
        quote(SECRET),
        quote(SECRET, safe=""),
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        shlex.quote(SECRET),
    ],
)
def test_every_form_is_masked_in_every_split(form):
    """Raw, base64 (alone or inside a longer text), URL-quoted, JSON and shell-quoted: whatever the pieces."""
    masks = Masks({"env:PW": SECRET})
    data = f"before {form} after".encode()
    for cut in range(len(data)):
        redactor = Redactor(masks)
        out = redactor.feed(data[:cut]) + redactor.feed(data[cut:]) + redactor.finish()
        assert b"[secret env:PW]" in out
        assert out.startswith(b"before")
        assert out.endswith(b"after")
        assert form.encode() not in out


@pytest.mark.law(5)
@settings(max_examples=300, deadline=None)
@given(st.lists(values, min_size=1, max_size=3), st.lists(st.binary(max_size=20)), st.data())
def test_no_secret_survives_and_nothing_else_is_lost(secrets, noise, data):
    """For any secrets and any stream in any pieces: what comes out is what the whole stream, masked at once, would be."""
    masks = Masks({f"env:S{n}": s for n, s in enumerate(secrets)})
    parts = [*noise, *(s.encode("utf-8", "surrogateescape") for s in secrets)]
    stream = b"".join(data.draw(st.permutations(parts)))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    redactor = Redactor(masks)
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    out = b"".join(redactor.feed(p) for p in pieces) + redactor.finish()
    assert out == masks.hide(stream)


def test_only_what_may_be_the_beginning_of_a_secret_is_held_back():
    """Output without secrets is shown at once."""
    redactor = Redactor(Masks({"env:PW": "hunter2"}))
    assert redactor.feed(b"password: ") == b"password: "
    assert redactor.feed(b"hunt") == b""
    assert redactor.feed(b"ing") == b"hunting"


def test_each_line_of_a_long_secret_is_masked():
    """A key of several lines is masked line by line too, as a log might show it."""
    masks = Masks({"file:key": "-----BEGIN KEY-----\nabcdefghijklmnop\nqrstuvwxyz012345\n-----END KEY-----"})
    assert masks.hide(b"> qrstuvwxyz012345\r\n") == b"> [secret file:key]\r\n"
