"""A person with one real machine (OpenSSH), and a person with a practice rack."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from journeys.command_line import PATIENCE_S, Person
from journeys.machines import box_inventory
from journeys.racks import Rack
from journeys.warm import Warm


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    """Where the commands of most journeys are forked."""
    made = Warm(PATIENCE_S)
    yield made
    made.close()


@pytest.fixture
def person(tmp_path: Path, warm: Warm) -> Person:
    """Somebody with an empty folder."""
    made = Person.new(tmp_path / "project")
    made.warm = warm
    return made


@pytest.fixture
def engineer(person: Person, sshd: Any) -> Person:
    """Somebody whose inventory has one real machine, `box`, whose key is known."""
    person.writes("inventory/hosts.yml", box_inventory(sshd))
    return person


@pytest.fixture(scope="session")
def rack() -> Iterator[Rack]:
    """Three practice servers with the shipped project, for all tests that look at one run after the other."""
    made = Rack(3, speed="20")
    yield made
    made.close()


@pytest.fixture
def planner(rack: Rack, tmp_path: Path, warm: Warm) -> Person:
    """Somebody in the shipped project, on servers as new but switched on."""
    rack.as_new()
    rack.switch_on()
    person = Person.new(tmp_path / "person", RUNBOOK_LAB=str(rack.lab_file))
    person.folder, person.warm = rack.project, warm
    return person
