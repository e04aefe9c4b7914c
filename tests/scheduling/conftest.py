"""What the tests of this folder share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _mask_of_the_tests() -> Iterator[None]:
    """The command line makes files private for the rest of its process, which here is that of all tests."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in and a home of its own, for Ana Duarte."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNBOOK_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("RUNBOOK_AS", "ana.duarte")
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path
