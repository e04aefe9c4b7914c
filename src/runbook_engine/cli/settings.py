"""Where things are: flag > environment RUNBOOK_… > runbook.toml of the project > the person's own file > default."""

import os
import stat
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from runbook_engine.model.errors import Refused
from runbook_engine.model.values import dataclass

FILE = "runbook.toml"
KEYS = (
    *("inventory", "journal", "state", "parallel", "ssh_config", "ssh_programs", "known_hosts", "lab"),
    *("lab_gates", "log_attempt_mb", "log_run_mb"),
)
PARALLEL = 20  # attempts at once
LOG_ATTEMPT_MB, LOG_RUN_MB = 64, 16 << 10  # of output that goes to disk


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a command works with. `origin` says where each value came from."""

    project: Path
    inventory: Path
    journal: str
    state: Path
    parallel: int
    ssh_config: Path | None
    ssh_programs: bool  # whether ProxyCommand and Match exec in it are run
    known_hosts: Path | None
    lab: Path | None
    lab_gates: bool  # whether sign-offs, windows and freezes hold on practice machines, too
    log_attempt_mb: int
    log_run_mb: int


def state_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder for journal and logs: RUNBOOK_STATE, else the person's own state folder."""
    if given := environment.get("RUNBOOK_STATE"):
        return Path(given).expanduser()
    from platformdirs import user_state_path

    return user_state_path("runbook-engine")


def settings(near: Path | None = None, environment: Mapping[str, str] = os.environ, **flags: Any) -> Settings:
    """Gather the settings for a command. `near` is a file whose project is meant. Raises Refused for a bad file."""
    project = find_project(near or Path.cwd())
    values = {**_read(_user_file(environment)), **_read(project / FILE), **_environment(environment)}
    values.update({k: v for k, v in flags.items() if v is not None})
    state = Path(values.get("state") or state_folder(environment)).expanduser()
    inventory = _path(values.get("inventory"), project) or project / "inventory"
    journal = str(values.get("journal") or f"sqlite:///{state / 'journal.db'}")
    for place in (inventory, state, Path(journal.removeprefix("sqlite:///"))):
        if os.path.lexists(place):
            refuse_if_planted(place)
    return Settings(
        project=project,
        inventory=inventory,
        journal=journal,
        state=state,
        parallel=_number("parallel", values.get("parallel", PARALLEL), 1, 1000),
        ssh_config=_path(values.get("ssh_config"), project),
        ssh_programs=_yes("ssh_programs", values.get("ssh_programs", False)),
        known_hosts=_path(values.get("known_hosts"), project),
        lab=_path(values.get("lab"), project),
        lab_gates=_yes("lab_gates", values.get("lab_gates", False)),
        log_attempt_mb=_number("log_attempt_mb", values.get("log_attempt_mb", LOG_ATTEMPT_MB), 2, 1 << 20),
        log_run_mb=_number("log_run_mb", values.get("log_run_mb", LOG_RUN_MB), 2, 1 << 20),
    )


def find_project(near: Path) -> Path:
    """The nearest folder upwards that holds runbook.toml or inventory/; else where the search began."""
    start = near.resolve()
    start = start if start.is_dir() else start.parent
    for folder in (start, *start.parents):
        if (folder / FILE).is_file() or (folder / "inventory").is_dir():
            return folder
    return start.parent if start.name == "runbooks" else start


def _user_file(environment: Mapping[str, str]) -> Path:
    base = environment.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base).expanduser() / "runbook-engine" / FILE


def _environment(environment: Mapping[str, str]) -> dict[str, Any]:
    return {key: environment[name] for key in KEYS if (name := f"RUNBOOK_{key.upper()}") in environment}


def _read(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    refuse_if_planted(file)
    import tomllib

    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Refused(f"{file} cannot be read: {error}") from None
    for key in values:
        if key not in KEYS:
            near = get_close_matches(key, KEYS, 1)
            meant = f"did you mean {near[0]}?" if near else f"it may hold {', '.join(KEYS)}"
            raise Refused(f"{file}: unknown key {key!r}, {meant}")
    return values


def refuse_if_planted(path: Path) -> None:
    """Raise Refused for a file or folder that any other user of this machine could have put there or changed."""
    above = path.absolute().parent.stat()
    ours = path.lstat().st_uid in (0, os.getuid())
    if above.st_mode & stat.S_IWOTH and not (above.st_mode & stat.S_ISVTX and ours):
        problem, repair = "lies in a folder that everybody may write to", f"chmod o-w {path.absolute().parent}"
    elif path.exists() and path.stat().st_mode & stat.S_IWOTH:
        problem, repair = "may be changed by everybody", f"chmod o-w {path}"
    else:
        return
    raise Refused(f"{path} {problem}", why="Anybody could change what is done, and where.", next_command=repair)


def _path(value: Any, project: Path) -> Path | None:
    return project / Path(str(value)).expanduser() if value else None


def _number(key: str, value: Any, least: int, most: int) -> int:
    if not str(value).isdigit() or not least <= int(value) <= most:
        raise Refused(f"{key} must be a number from {least} to {most}, not {value!r}")
    return int(value)


def _yes(key: str, value: Any) -> bool:
    if str(value).lower() not in ("true", "false"):
        raise Refused(f"{key} must be true or false, not {value!r}")
    return str(value).lower() == "true"
