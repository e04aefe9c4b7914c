"""Two libraries that put one file on many hosts, or take much output of one. Run as a program: this is what is measured.

python bench/execution/transfer_clients.py asyncssh|fabric FOLDER      FOLDER/work.json says what
"""

import asyncio
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any


def main() -> None:
    name, folder = sys.argv[1], Path(sys.argv[2])
    work = json.loads((folder / "work.json").read_text())
    if name == "asyncssh":
        asyncio.run(_with_asyncssh(work, folder))
    else:
        _with_fabric(work)


async def _with_asyncssh(work: dict[str, Any], folder: Path) -> None:
    import asyncssh

    key, known = asyncssh.read_private_key(work["key"]), asyncssh.read_known_hosts(work["known_hosts"])

    async def one(host: str) -> None:
        login = {"username": work["user"], "client_keys": [key], "known_hosts": known, "agent_path": None, "config": None}
        async with asyncssh.connect(host, work["port"], login_timeout=120, connect_timeout=120, **login) as connection:
            if work["command"]:
                done = await connection.run(work["command"], encoding=None)
                (folder / "printed").write_bytes(bytes(done.stdout))
                return
            async with connection.start_sftp_client() as sftp:
                await sftp.put(work["source"], f"{work['place']}/{host}")

    await asyncio.gather(*map(one, work["hosts"]))


def _with_fabric(work: dict[str, Any]) -> None:
    """As its documentation does it; more hosts than one by threads."""
    from fabric import Connection

    def one(host: str) -> None:
        with Connection(host, user=work["user"], port=work["port"], connect_kwargs={"key_filename": work["key"]}) as connection:
            connection.put(work["source"], f"{work['place']}/{host}")

    with ThreadPoolExecutor(len(work["hosts"])) as threads:
        list(threads.map(one, work["hosts"]))


if __name__ == "__main__":
    main()
