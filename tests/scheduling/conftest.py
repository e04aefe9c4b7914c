"""What the tests of this folder share."""

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _mask_of_the_tests() -> Iterator[None]:
    """The command line makes files private for the rest of its process, which here is that of all tests."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)
