"""A keyring for tests in a file of JSON: {"SERVICE/USER": "password"}. It is chosen by PYTHON_KEYRING_BACKEND."""

import json
import os
import time
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

BACKEND = "keyring_file.FileKeyring"


class FileKeyring(KeyringBackend):
    """Reads the file that TEST_KEYRING names; counts its look-ups beside it."""

    priority = 9

    def get_password(self, service: str, username: str) -> str | None:
        """The password; users called locked, broken and silent stand for keyrings that are."""
        if username == "locked":
            raise KeyringLocked("what nobody should read")
        if username == "broken":
            raise RuntimeError("what nobody should read")
        if username == "silent":
            time.sleep(5)
        file = Path(os.environ["TEST_KEYRING"])
        with file.with_suffix(".asked").open("a") as asked:
            asked.write(f"{service}/{username}\n")
        found = json.loads(file.read_text()).get(f"{service}/{username}")
        return found if found is None else str(found)

    def set_password(self, service: str, username: str, password: str) -> None:
        """Tests write the file themselves."""
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> None:
        """Tests write the file themselves."""
        raise NotImplementedError
