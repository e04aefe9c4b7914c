"""Whatever stands in an inventory file: hosts, or mistakes with places; never anything else."""

import copy
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_engine.loading import load_estate
from runbook_engine.model.errors import NotValid
from runbook_engine.model.places import Mistake

GOOD: dict[str, Any] = {
    "format": 1,
    "sites": {"ams1": {"title": "Amsterdam", "time_zone": "Europe/Amsterdam"}},
    "racks": {"r12": {"site": "ams1", "units": 42, "power": {"A": "5000 W"}}},
    "services": {"orders": {"title": "Orders", "owner": "it", "depends_on": ["database"]}, "database": {}},
    "groups": {
        "web": {
            "hosts": ["w[1:3]"],
            "children": ["inner"],
            "site": "ams1",
            "rack": "r12",
            "owner": "ops",
            "serves": ["orders"],
            "tags": ["front"],
            "vars": {"a": 1},
            "ssh": {"user": "ops", "port": 22, "key": "k", "jump": "b", "known_hosts": "kh"},
        },
        "inner": {"hosts": ["w3"]},
    },
    "hosts": {
        "w1": {
            "address": "10.0.0.1",
            "site": "ams1",
            "rack": "r12",
            "unit": 3,
            "owner": "ops",
            "serves": ["orders"],
            "tags": ["x"],
            "vars": {"s": {"secret": "env:S"}},
            "ssh": {"user": "ops"},
        }
    },
    "people": {
        "ana": {
            "name": "Ana",
            "email": "ana@example.net",
            "department": "infra",
            "skills": {"hands": 2},
            "site": "ams1",
            "calendar": "office",
            "rate": "95 EUR/h",
            "ssh_keys": ["ssh-ed25519 AAAA"],
        }
    },
    "departments": {"infra": {"title": "Infra", "head": "ana"}},
    "roles": {"board": ["ana"]},
    "calendars": {"office": {"time_zone": "UTC", "work": {"mon-fri": "09:00-17:00"}, "holidays": "NL"}},
    "windows": {
        "night": {"time_zone": "UTC", "open": {"mon": "22:00-04:00"}, "holidays": "NL", "dates": ["2026-12-05"], "url": "x"},
        "day": {"calendar": "office"},
    },
    "freezes": [
        {
            "from": "2026-01-01",
            "to": "2026-01-02",
            "why": "x",
            "sites": ["ams1"],
            "services": ["orders"],
            "kinds": ["install"],
            "lift": ["ana"],
            "url": "x",
        }
    ],
    "resources": {"lift": {"capacity": 1, "site": "ams1"}, "parts": {"stock": 3}},
    "capacity": {
        "web": {"hosts": "all", "at_least": 1, "each": "rack", "why": "x"},
        "orders": {"service": "orders", "at_most_out": 1},
    },
}
FREE = {"vars", "power", "skills", "work", "open", "roles"}  # their keys are names or values, not ours
NAMED = set(GOOD) - {"format", "freezes"}


def closed_keys(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of all keys that our format defines."""
    if isinstance(data, list):
        for index, item in enumerate(data):
            yield from closed_keys(item, (*path, index))
    elif isinstance(data, dict) and not FREE & set(path[1:]) and path[:1] != ("roles",):
        for key, value in data.items():
            if not (len(path) == 1 and path[0] in NAMED):
                yield (*path, key)
            yield from closed_keys(value, (*path, key))


KEYS = list(closed_keys(GOOD))


def mistakes_of(text: str | bytes, name: str = "hosts.yml") -> tuple[Mistake, ...]:
    """The mistakes of an inventory of one file; none if it is good. Anything else that is raised fails the test."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
        try:
            load_estate(Path(folder))
        except NotValid as error:
            return error.mistakes
    return ()


def test_the_example_is_good() -> None:
    """What the tests below spoil is itself without a mistake."""
    assert mistakes_of(yaml.safe_dump(GOOD, sort_keys=False)) == ()


@pytest.mark.parametrize("path", KEYS, ids=lambda path: ".".join(map(str, path)))
def test_each_misspelt_key_is_a_mistake_at_that_key(path: tuple[str | int, ...]) -> None:
    """For every key of the format: written wrongly it is refused where it stands, and the right word is suggested."""
    data = copy.deepcopy(GOOD)
    parent: Any = data
    for part in path[:-1]:
        parent = parent[part]
    key = str(path[-1])
    wrong = f"{key}z"
    renamed = {wrong if k == key else k: v for k, v in parent.items()}
    parent.clear()
    parent.update(renamed)
    text = yaml.safe_dump(data, sort_keys=False)
    found = [m for m in mistakes_of(text) if m.message == f"unknown key '{wrong}'"]
    assert len(found) == 1
    line = text.splitlines()[found[0].place.line - 1]
    assert line[found[0].place.column - 1 :].startswith(wrong)
    assert found[0].hint == f"did you mean '{key}'?"


def parts(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of all values."""
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield (*path, key)
        yield from parts(value, (*path, key))


@settings(max_examples=150, deadline=None)
@given(
    path=st.sampled_from(list(parts(GOOD))),
    value=st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=20),
        st.just([[]]),
        st.just({"x": {"y": []}}),
        st.dictionaries(st.text(max_size=8), st.integers(), max_size=3),
        st.lists(st.one_of(st.text(max_size=8), st.none()), max_size=3),
    ),
)
def test_a_value_of_another_type_gives_mistakes_with_places(path: tuple[str | int, ...], value: Any) -> None:
    """Any value anywhere is accepted or refused at a place of the file; there is never a stack trace."""
    data = copy.deepcopy(GOOD)
    parent: Any = data
    for part in path[:-1]:
        parent = parent[part]
    parent[path[-1]] = value
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=False)
    for mistake in mistakes_of(text):
        assert mistake.place.file.endswith("hosts.yml")
        assert 1 <= mistake.place.line <= len(text.splitlines()) + 1
        assert mistake.message


NAMES = ["hosts.yml", "hosts", "x.ini", "x.json", "noext", "group_vars/all", "host_vars/h.yml"]


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=200), name=st.sampled_from(NAMES))
def test_random_bytes_give_nothing_but_mistakes(data: bytes, name: str) -> None:
    """Bytes in a file of any form are an inventory or mistakes that name a file."""
    assert all(mistake.place.line >= 1 and mistake.message for mistake in mistakes_of(data, name))


PIECES = [
    "[web]",
    "[a:children]",
    "[a:vars]",
    "h[1:3]",
    "h1",
    "a=1",
    "a='x",
    "=",
    ":",
    "[",
    "]",
    " ",
    "\n",
    "\t",
    "#",
    ";",
    "{{ x }}",
]
WORDS = [
    "all",
    "hosts",
    "children",
    "vars",
    "ansible_port",
    "ansible_host",
    "_meta",
    "groups",
    "{",
    "}",
    ",",
    '"',
    "- ",
    "null",
    "é",
    "5",
]


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 60), name=st.sampled_from(NAMES))
def test_texts_that_look_like_inventories_give_nothing_but_mistakes(seed: int, count: int, name: str) -> None:
    """Texts made of the words of all forms are an inventory or mistakes that name a file."""
    chance = random.Random(seed)
    text = "".join(chance.choice(PIECES + WORDS) for _ in range(count))
    assert all(mistake.place.line >= 1 and mistake.message for mistake in mistakes_of(text, name))


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_damaged_inventory_gives_nothing_but_mistakes(seed: int) -> None:
    """An inventory with a few characters cut out, doubled or replaced is read or refused with places."""
    chance = random.Random(seed)
    text = yaml.safe_dump(GOOD, sort_keys=False)
    for _ in range(chance.randint(1, 5)):
        at = chance.randrange(len(text))
        text = (
            text[:at]
            + chance.choice(["", "x", ":", "- ", "[", "\n", " ", "'", "{", "&a ", "*a", "<<: "])
            + text[at + chance.randint(0, 3) :]
        )
    assert all(mistake.place.line >= 1 and mistake.message for mistake in mistakes_of(text))
