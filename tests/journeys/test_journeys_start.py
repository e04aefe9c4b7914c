"""What is loaded before anything is asked for."""

import subprocess
import sys

HEAVY = ("fabric", "paramiko", "sqlalchemy", "alembic", "networkx", "jinja2", "yaml", "pydantic", "rich", "asyncssh", "asyncio")
SCRIPT = """
import sys
from runbook_engine.cli.entry import outcome
code = outcome(["--help"])
print(code, *sorted(set(sys.modules) & set(sys.argv[1:])), file=sys.stderr)
"""


def test_help_loads_no_library_but_its_own() -> None:
    """Runbook --help answers without SSH, database, graphs, templates, YAML or terminal libraries."""
    found = subprocess.run([sys.executable, "-c", SCRIPT, *HEAVY], capture_output=True, text=True, check=True)

    assert "Exit codes: 0 done" in found.stdout
    assert found.stderr.split() == ["0"]
