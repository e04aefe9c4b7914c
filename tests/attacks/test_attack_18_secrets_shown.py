"""Attack 18: in whatever form a secret comes back, and wherever it is cut, nobody sees it.

That a hundred of them are in no file and no answer of a whole night is tested with the journeys, by test_attack_18_a_hundred_….
"""

import base64
import json
import pickle
import random
import shlex
import string
import traceback
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from runbook_engine.model.commands import Shell
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.text import SecretRef, Text
from runbook_engine.transports import Links, Secrets
from runbook_engine.transports.redaction import Masks, Redactor

CHANCE = random.Random(18)
LETTERS = string.ascii_letters + string.digits + "/+='\"$ %\\&;äß"
VALUES = ["K" + "".join(CHANCE.choice(LETTERS) for _ in range(CHANCE.randint(12, 40))) + "9" for _ in range(100)]
FORMS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "base64": lambda v: base64.b64encode(v.encode()).decode(),
    "base64 for URLs": lambda v: base64.urlsafe_b64encode(v.encode()).decode(),
    "base64 inside other text": lambda v: base64.b64encode(f"user:{v}:more".encode()).decode(),
    "URL": lambda v: quote(v, safe=""),
    "URL with slashes": quote,
    "URL of a form": quote_plus,
    "URL in small letters": lambda v: quote(v, safe="").lower() if v.islower() else quote(v, safe=""),
    "JSON": json.dumps,
    "JSON in UTF-8": lambda v: json.dumps(v, ensure_ascii=False),
    "JSON with slashes": lambda v: json.dumps(v).replace("/", "\\/"),
    "shell": shlex.quote,
}


def core(form: str, value: str) -> str:
    """The part of a form that must not be seen."""
    if form == "base64 inside other text":
        return FORMS[form](value)[8 : len(base64.b64encode(value.encode())) - 4]
    text = FORMS[form](value)
    return text[1:-1] if form.startswith("JSON") or (form == "shell" and text != value) else text


@pytest.mark.parametrize("form", FORMS)
def test_attack_18_every_form_of_a_hundred_values_is_masked_wherever_it_is_cut(form: str) -> None:
    """In one piece, byte by byte, and cut at random places: the form is gone, and the name of the secret is there."""
    every = Masks({f"env:S{n}": value for n, value in enumerate(VALUES)})
    for n, value in enumerate(VALUES):
        data = f"before {FORMS[form](value)} after\n".encode()
        cuts = sorted(CHANCE.sample(range(1, len(data)), 3))
        alone = Masks({f"env:S{n}": value})
        for masks, pieces in (
            (every, [data[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True)]),
            (alone, [data]),
            (alone, [data[i : i + 1] for i in range(len(data))]),
        ):
            redactor = Redactor(masks)
            seen = b"".join(redactor.feed(piece) for piece in pieces) + redactor.finish()
            assert core(form, value).encode() not in seen
            assert f"[secret env:S{n}]".encode() in seen
            assert seen.startswith(b"before ")
            assert seen.endswith(b" after\n")


def test_attack_18_a_value_does_not_print(new_links: Callable[..., Links]) -> None:
    """Not by repr, str, format or pickle, and not in the trace of a fault on its way."""
    secrets = Secrets({"CANARY": "K4nary-value"})
    value = secrets.value(SecretRef("env:CANARY"))
    for shown in (repr(value), str(value), f"{value}", repr([value]), repr(secrets), str(secrets.masks)):
        assert "K4nary" not in shown
    with pytest.raises(TypeError):
        pickle.dumps(value)
    link = new_links(secrets=secrets)(None)
    with pytest.raises(TransportFault) as caught:
        link.perform(Shell(script=Text(("x=", SecretRef("env:CANARY"), "\0"), shell=True)), lambda _stream, _data: None)
    trace = "".join(traceback.format_exception(caught.value))
    assert "NUL" in trace
    assert "K4nary" not in trace


def test_attack_18_output_keeps_its_head_and_tail_masked(new_links: Callable[..., Links]) -> None:
    """A value that stands where output is cut between its beginning and its end is not half shown."""
    links = new_links(secrets=Secrets({"CANARY": "K4nary-value"}))
    seen: list[bytes] = []
    for before in range(32 * 1024 - 20, 32 * 1024 + 4):
        script = Text((f"printf '%*s' {before} ''; printf %s ", SecretRef("env:CANARY"), "; printf '%*s' 70000 ''"), shell=True)
        answer = links(None).perform(Shell(script=script), lambda _stream, data: seen.append(data))
        assert b"4nary" not in answer.stdout
        assert b"nary-value" not in answer.stdout
    assert b"K4nary" not in b"".join(seen)
