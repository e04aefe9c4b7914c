"""Golden texts: what a person sees is compared, letter by letter, with a file that was read and agreed to."""

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


class Golden:
    """The agreed texts of this folder. RUNBOOK_ACCEPT=1 writes them anew; read the difference before you commit it."""

    def check(self, name: str, text: str) -> None:
        """Assert that a text is the agreed one."""
        path = FOLDER / name
        if os.environ.get("RUNBOOK_ACCEPT") == "1":
            path.write_text(text + "\n", encoding="utf-8")

        assert text + "\n" == path.read_text(encoding="utf-8")
