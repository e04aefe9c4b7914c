"""Attack 17: standing in a folder of somebody else runs nothing of theirs."""

import os
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from journeys.command_line import Person
from journeys.machines import box_inventory, step, steps

MODULES = [
    *(
        "sitecustomize",
        "usercustomize",
        "yaml",
        "jinja2",
        "paramiko",
        "fabric",
        "invoke",
        "click",
        "rich",
        "keyring",
        "pydantic",
    ),
    *(
        "sqlalchemy",
        "alembic",
        "networkx",
        "asyncssh",
        "platformdirs",
        "runbook_engine",
        "json",
        "random",
        "secrets",
        "tasks",
        "fabfile",
    ),
    *("conftest", "setup", "runbook_engine_actions"),
]
FILES = {
    "fabric.yml": "run: {shell: '/bin/sh -c \"touch {trap}\"'}\n",
    "fabric.yaml": "run: {shell: '/bin/sh -c \"touch {trap}\"'}\n",
    "invoke.yaml": "run: {shell: '/bin/sh -c \"touch {trap}\"'}\n",
    "fabric.py": "import os; os.system('touch {trap}')\n",
    "ansible.cfg": "[defaults]\ninventory = ./evil.sh\n",
    "evil.sh": "#!/bin/sh\ntouch {trap}\n",
    "alembic.ini": "[alembic]\nscript_location = .\n",
    "env.py": "import os; os.system('touch {trap}')\n",
    "keyringrc.cfg": "[backend]\ndefault-keyring=evil.Keyring\nkeyring-path=.\n",
    "evil.py": "import os; os.system('touch {trap}')\n",
    ".env": "RUNBOOK_STATE=/nowhere\nPYTHONPATH=.\n",
    "ssh_config": "Host *\n  ProxyCommand touch {trap}\n",
    ".ssh/config": "Host *\n  ProxyCommand touch {trap}\n",
    "config": "Host *\n  ProxyCommand touch {trap}\n",
    "pyvenv.cfg": "home = .\n",
    "setup.cfg": "[options.entry_points]\nrunbook_engine.actions =\n  x = evil\n",
    "sh": "#!/bin/sh\ntouch {trap}\n",
    "ssh": "#!/bin/sh\ntouch {trap}\n",
    "sudo": "#!/bin/sh\ntouch {trap}\n",
    "git": "#!/bin/sh\ntouch {trap}\n",
    "less": "#!/bin/sh\ntouch {trap}\n",
}


def plant(folder: Path, trap: Path) -> None:
    """Put everything into a folder that some program might read or run from where it stands."""
    for name in MODULES:
        (folder / f"{name}.py").write_text(f"import os; os.system('touch {trap}')\n")
    evil = folder / "runbook_engine_evil-1.dist-info"
    evil.mkdir()
    (evil / "METADATA").write_text("Metadata-Version: 2.1\nName: runbook-engine-evil\nVersion: 1\n")
    (evil / "entry_points.txt").write_text("[runbook_engine.actions]\nevil = evil:ACTION\n")
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text.replace("{trap}", str(trap)))
        file.chmod(0o755)


@pytest.mark.sshd
def test_attack_17_nothing_of_the_working_directory_is_run(person: Person, sshd: Any, tmp_path: Path) -> None:
    """Forty files with names that programs look for: none is run by any command, here or on the way to a host."""
    trap, project = tmp_path / "trap", tmp_path / "good"
    mine = Person(project, person.env)
    mine.writes("inventory/hosts.yml", box_inventory(sshd))
    file = mine.writes("runbooks/quick.yml", steps(step("one", "true"), "id: two, title: Two, local: 'true'"))
    plant(person.folder, trap)
    for words in (
        ("--help",),
        ("doctor",),
        ("validate", str(file)),
        ("plan", str(file), "-o", str(tmp_path / "quick.plan")),
        ("graph", str(file), "-o", str(tmp_path / "quick.svg")),
        ("run", str(tmp_path / "quick.plan")),
        ("status", "last"),
        ("inventory", "check", "--inventory", str(project / "inventory")),
    ):
        said = person.types(*words)
        assert said.code in (0, 4), said.all
        assert not trap.exists(), words
    assert "done" in person.types("status", "last", code=0).out


def test_attack_17_practice_hosts_are_started_from_the_program_alone(person: Person, tmp_path: Path) -> None:
    """The lab is a process of its own, and is not looked for in the folder where one stands."""
    from runbook_engine.cli.practising import _lab_process

    words = _lab_process(tmp_path, ["box"], [])
    assert words[1:4] == ["-P", "-m", "runbook_engine.lab"]
    trap = tmp_path / "trap"
    plant(person.folder, trap)
    (person.folder / "runbook_engine").mkdir()
    (person.folder / "runbook_engine" / "__init__.py").write_text(f"import os; os.system('touch {trap}')\n")
    person.writes("inventory/hosts.yml", "format: 1\nhosts: {box: {}}\n")
    process = person.starts("lab", "box", "--state", str(tmp_path / "lab"))
    while not (ready := (tmp_path / "lab" / "lab.json").exists()) and process.poll() is None:
        time.sleep(0.02)
    process.terminate()
    told = process.communicate()
    assert ready, told
    assert not trap.exists()


@pytest.mark.parametrize(("what", "mode"), [("folder", 0o777), ("runbook.toml", 0o666), ("inventory", 0o777)])
def test_attack_17_what_everybody_may_change_is_refused(person: Person, what: str, mode: int) -> None:
    """A project whose folder, settings or inventory anybody may write to is not used, and the repair is named."""
    person.writes("inventory/hosts.yml", "format: 1\nhosts: {box: {}}\n")
    person.writes("runbook.toml", "parallel = 2\n")
    file = person.writes("runbooks/quick.yml", steps(step("one", "true")))
    person.types("plan", str(file), code=0)
    place = person.folder if what == "folder" else person.folder / what
    place.chmod(mode)
    said = person.types("plan", str(file), code=4)
    assert "everybody" in said.err
    command = next(line for line in said.err.splitlines() if "chmod o-w" in line).partition("chmod")[2]
    assert os.system(f"chmod{command}") == 0
    assert not stat.S_IMODE(place.stat().st_mode) & 0o002
    person.types("plan", str(file), code=0)


def test_attack_17_an_inventory_runs_nothing(person: Person, tmp_path: Path) -> None:
    """A script in the folder of an inventory, which Ansible would run to read its output, is refused or left alone."""
    trap = tmp_path / "trap"
    person.writes("inventory/hosts.yml", "format: 1\nhosts: {box: {}}\n")
    for name in ("dynamic.sh", "dynamic.py", "dynamic", "hosts.aws_ec2.yml"):
        script = person.writes(f"inventory/{name}", f"#!/bin/sh\ntouch {trap}\necho '{{}}'\n")
        script.chmod(0o755)
        person.types("inventory", "list")
        script.unlink()
    assert not trap.exists()
