"""Makes one virtual environment per peer, with pinned versions, in a cache folder. A peer that cannot be installed is named.

    python bench/execution/environments.py

BENCH_CACHE chooses the folder (default: ~/.cache/runbook-engine-bench), PY_ANSIBLE another Python for Ansible.
"""

import os
import subprocess
import sys
from pathlib import Path

PINNED = {
    "ansible": ("ansible-core==2.19.14",),
    "pyinfra": ("pyinfra==3.10.0",),
    "nornir": ("nornir==3.6.0", "nornir-paramiko==0.3.0", "nornir-utils==0.2.0"),
    "parallel-ssh": ("parallel-ssh==2.16.0.post1",),
}
PYTHONS = {"ansible": os.environ.get("PY_ANSIBLE", sys.executable)}
INSTALL_S = 600


def cache() -> Path:
    """Where the environments are."""
    return Path(os.environ.get("BENCH_CACHE", "~/.cache/runbook-engine-bench")).expanduser()


def program(peer: str, name: str = "python") -> Path:
    """A program of a peer's environment, whether it is there or not."""
    return cache() / peer / "bin" / name


def missing(peer: str) -> str:
    """Why a peer cannot run here; empty when it can."""
    told = cache() / f"{peer}.txt"
    return told.read_text().strip() if told.exists() else "not installed; first run bench/execution/environments.py"


def make(peer: str) -> str:
    """Install a peer; what went wrong, in one line, or nothing."""
    python = program(peer)
    try:
        if not python.exists():
            subprocess.run([PYTHONS.get(peer, sys.executable), "-m", "venv", cache() / peer], check=True, timeout=INSTALL_S)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PINNED[peer]]
        done = subprocess.run(pip, check=False, capture_output=True, text=True, timeout=INSTALL_S)
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    return "" if done.returncode == 0 else done.stderr.strip().rpartition("\n")[2]


def main() -> None:
    cache().mkdir(parents=True, exist_ok=True)
    for peer, versions in PINNED.items():
        fault = make(peer)
        (cache() / f"{peer}.txt").write_text(f"could not be installed: {fault}" if fault else "")
        print(f"{peer:<14} {fault or ', '.join(versions)}", flush=True)


if __name__ == "__main__":
    main()
