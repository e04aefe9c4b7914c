"""A hundred secrets from all places are used in one night, and none of them is anywhere afterwards."""

import base64
import json
import random
import string
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import Any

import pytest

from journeys.command_line import Person
from journeys.machines import box_inventory, step, steps
from keyring_file import BACKEND
from vault_server import TOKEN, Vault, serving

COUNT = 100
PLACES = ("env", "file", "cmd", "keyring", "vault")


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """A server that is empty."""
    with serving(tmp_path / "outside" / "vault") as made:
        yield made


def made_values() -> list[str]:
    """Values that no two runs share and that need quoting everywhere."""
    chance = random.SystemRandom()
    letters = string.ascii_letters + string.digits + "/+='\"$ %\\&;äß"
    return ["K" + "".join(chance.choice(letters) for _ in range(chance.randint(16, 40))) + "9" for _ in range(COUNT)]


def put_away(values: list[str], outside: Path, vault: Vault) -> tuple[list[str], dict[str, Any]]:
    """Each value in its place: the names, and the environment that leads to them."""
    ring_file = outside / "ring.json"
    environment: dict[str, Any] = {**vault.environment(PYTHON_KEYRING_BACKEND=BACKEND, TEST_KEYRING=str(ring_file))}
    environment["PYTHONPATH"] = str(Path(__file__).parents[1])
    ring, names = {}, []
    for number, value in enumerate(values):
        place = PLACES[number % len(PLACES)]
        file = outside / f"s{number}"
        names.append(
            {
                "env": f"env:CANARY_{number}",
                "file": f"file:{file}",
                "cmd": f"cmd:cat {file}",
                "keyring": f"keyring:bmc {number}/ana",
                "vault": f"vault:{('new', 'old', 'team/kv')[number % 3]}/app/{number}#key",
            }[place]
        )
        if place == "env":
            environment[f"CANARY_{number}"] = value
        elif place == "keyring":
            ring[f"bmc {number}/ana"] = value
        elif place == "vault":
            vault.secrets[names[-1].removeprefix("vault:").removesuffix("#key")] = {"key": value}
        else:
            file.write_text(value)
    ring_file.write_text(json.dumps(ring))
    return names, environment


def shown(values: list[str], data: bytes) -> list[int]:
    """The numbers of the values that stand in the data: as they are, in JSON, quoted for a shell, or in base64."""
    found = []
    for number, value in enumerate(values):
        ways = (value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], quote(value)[1:-1])
        forms = [way.encode() for way in ways] + [base64.b64encode(value.encode())]
        if any(form in data for form in forms):
            found.append(number)
    return found


@pytest.mark.law(5)
def test_attack_18_a_hundred_secrets_of_all_places_are_nowhere(
    engineer: Person, sshd: Any, vault: Vault, tmp_path: Path
) -> None:
    """L5: all of them reach the host; none is in a plan, journal, log, picture, answer or mistake, and neither is the token."""
    values = made_values()
    outside = tmp_path / "outside"
    names, environment = put_away(values, outside, vault)
    told = ", ".join(f"s{number}: {{secret: {json.dumps(name)}}}" for number, name in enumerate(names))
    engineer.writes("inventory/hosts.yml", box_inventory(sshd).rstrip().removesuffix("}") + f", vars: {{{told}}}}}\n")
    arrived = outside / "arrived"
    every = " ".join(f"{{{{ host.vars.s{number} }}}}" for number in range(COUNT))
    use = f'printf "%s\\n" {every} | tee {arrived}; printf "%s\\n" {every} | base64 -w0 >&2'
    fails = f'printf "%s\\n" {every} >&2; exit 3'
    engineer.writes("runbooks/quick.yml", steps(step("use", use), step("fail", fails)))

    engineer.types("plan", "runbooks/quick.yml", "-vv", "-o", "quick.plan", code=0, **environment)
    engineer.types("plan", "quick.plan", "--json", code=0, **environment)
    engineer.types("run", "quick.plan", "-vv", code=1, **environment)
    for words in (
        ("inventory", "show", "box", "--json"),
        ("status", "--json"),
        ("tasks", "last", "--json"),
        ("verify", "last"),
        ("graph", "quick.plan", "-o", "quick.svg"),
        ("plan", "--compare", "quick.plan", "quick.plan"),
        ("why", "last", "fail@box"),
        ("log", "last", "--json"),
        ("log", "last", "--step", "*"),
    ):
        engineer.types(*words, **environment)
    for number, value in enumerate(values[:10]):  # somebody writes one out where its name belongs
        become = f"become: {{user: root, password: {{secret: {json.dumps(value)}}}}}"
        engineer.writes("runbooks/wrong.yml", steps(step(f"use{number}", "true", become), name="wrong"))
        engineer.types("validate", "runbooks/wrong.yml", code=3, **environment)
    (engineer.folder / "runbooks/wrong.yml").unlink()

    assert arrived.read_text().splitlines() == values
    everything = ["".join(engineer.said).encode()]
    everything += [file.read_bytes() for file in engineer.folder.rglob("*") if file.is_file()]
    assert b"[secret vault:" in b"".join(everything)
    assert [shown([*values, TOKEN], data) for data in everything if shown([*values, TOKEN], data)] == []


@pytest.mark.law(5)
@pytest.mark.parametrize("status", [403, 404, 503])
def test_a_vault_that_gives_nothing_is_told_without_the_token(engineer: Person, sshd: Any, vault: Vault, status: int) -> None:
    """L5: the run says what is wrong; the token, which this server repeats in its answer, is nowhere."""
    told = box_inventory(sshd).rstrip().removesuffix("}") + ', vars: {token: {secret: "vault:new/app#key"}}}\n'
    engineer.writes("inventory/hosts.yml", told)
    engineer.writes("runbooks/quick.yml", steps(step("use", "echo {{ host.vars.token }}")))
    environment: dict[str, Any] = {**vault.environment()}
    vault.status = status
    said = engineer.types("run", "runbooks/quick.yml", "-vv", code=1, **environment)
    engineer.types("log", "last", "--json", **environment)
    assert "secret not available" in said.err
    assert "vault:new/app#key" in said.err
    assert not [f for f in engineer.folder.rglob("*") if f.is_file() and TOKEN.encode() in f.read_bytes()]
    assert TOKEN not in "".join(engineer.said)


@pytest.mark.law(5)
def test_the_search_for_canaries_finds_them() -> None:
    """The search itself: a value that is there in any of the forms is found."""
    values = made_values()
    for number in (0, 57, 99):
        value = values[number]
        for data in (value, json.dumps({"x": value}), f"echo {quote(value)}", base64.b64encode(value.encode()).decode()):
            assert shown(values, b"before " + data.encode() + b" after") == [number]
