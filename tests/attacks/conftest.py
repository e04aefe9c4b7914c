"""Links to a real SSH server, and a person at a command line, as other tests have them."""

from pathlib import Path

import pytest

from journeys.command_line import Person
from journeys.conftest import engineer
from transports.conftest import link, log, new_links, new_server, target

__all__ = ["engineer", "link", "log", "new_links", "new_server", "person", "target"]


@pytest.fixture
def person(tmp_path: Path) -> Person:
    """Somebody with an empty folder, whose every command is a process of its own: what is attacked is the real thing."""
    return Person.new(tmp_path / "project")
