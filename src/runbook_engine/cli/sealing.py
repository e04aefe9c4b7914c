"""What vouches for a statement: the signature of an SSH key, made by ssh-keygen; and statements as files that travel."""

import base64
import json
import subprocess
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from runbook_engine.cli import opening, options
from runbook_engine.cli.estates import Live
from runbook_engine.cli.identity import login, public_keys_near
from runbook_engine.model.approvals import NAMESPACE, Sealed, Sealing, Statement
from runbook_engine.model.errors import Refused, Usage
from runbook_engine.model.words import PersonId

SIGNING_S = 120.0  # a key may ask for a password or for a touch
FORMAT = "runbook statement 1"


def sealed_by(statement: Statement, live: Live, *, key: str | None, unsigned: bool) -> Sealed:
    """The statement with what vouches for it: a signature, or nobody's but the word of who types it. Raises Refused, Usage."""
    from runbook_engine.approving import body_of

    body = body_of(statement)
    if unsigned:
        if not live.estate.policy.unsigned:
            options.say("Note: the policy does not count what is not signed; this is kept, and shown as not counted.")
        return Sealed(body=body, sealing=Sealing.ON_WORD, typed_by=login(), received=opening.now())
    file = _key_of(key, statement.by, live)
    return Sealed(body=body, sealing=Sealing.SIGNED, signature=_signed(body, file), received=opening.now())


def _key_of(given: str | None, by: PersonId, live: Live) -> Path:
    """The file to sign with: a private key, or a public one whose private half the agent holds."""
    if given:
        file = Path(given).expanduser()
        if not file.is_file():
            raise Usage(f"There is no key {given}")
        return file
    near = public_keys_near(Path.home() / ".ssh")
    mine = [" ".join(key.split()[:2]) for key in live.estate.people[by].ssh_keys]
    for key in mine:
        if key in near:
            private = near[key].with_suffix("")
            return private if private.is_file() else near[key]
    raise Refused(
        f"No key of {by} is at hand",
        why=f"The inventory has {len(mine) or 'no'} public key{'s' * (len(mine) != 1)} of {by}; none of them is in ~/.ssh.",
        next_command=f"runbook approve FILE --as {by} --key FILE, or write the key under people: {by}: ssh_keys:",
    )


def _signed(body: bytes, key: Path) -> str:
    """The signature that ssh-keygen makes, so that agents and security keys work as they do elsewhere."""
    with tempfile.TemporaryDirectory(prefix="runbook-sign-") as folder:
        file = Path(folder) / "statement"
        file.write_bytes(body)
        command = ["ssh-keygen", "-Y", "sign", "-f", str(key), "-n", NAMESPACE, str(file)]
        try:
            done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=SIGNING_S)
        except FileNotFoundError:
            raise Refused("ssh-keygen is not here", why="It makes the signature.", next_command="runbook doctor") from None
        except subprocess.TimeoutExpired:
            raise Refused(f"{key} did not sign within {SIGNING_S:g} s", why="A security key waits to be touched.") from None
        if done.returncode != 0:
            said = done.stderr.strip().splitlines()
            raise Refused(
                f"{key} could not sign: {said[-1] if said else 'ssh-keygen says nothing'}",
                next_command=f"ssh-keygen -y -f {key}",
            )
        return (Path(folder) / "statement.sig").read_text(encoding="ascii")


def exported(sealed: Sequence[Sealed]) -> bytes:
    """Statements as a file: one line of JSON each, the signed bytes in base64. Text, so that git and mail keep it whole."""
    lines = []
    for one in sealed:
        facts = {"format": FORMAT, "body": base64.b64encode(one.body).decode(), "signature": one.signature}
        lines.append(json.dumps(facts | ({"typed_by": one.typed_by} if one.typed_by else {}), sort_keys=True))
    return ("\n".join(lines) + "\n").encode()


def imported(data: bytes, received: datetime) -> list[Sealed]:
    """The statements of such a file. What is not signed is nobody's word but that of whoever brings it. Raises Usage."""
    found = []
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        if not line.strip():
            continue
        try:
            facts = json.loads(line)
            body, signature = base64.b64decode(facts["body"], validate=True), str(facts["signature"])
            known = facts["format"] == FORMAT and set(facts) <= {"format", "body", "signature", "typed_by"}
        except (ValueError, KeyError, TypeError):
            known = False
        if not known:
            raise Usage(f"Line {number} is no statement", why="Such a file is made by runbook approve --export.")
        sealing = Sealing.SIGNED if signature else Sealing.ON_WORD
        found.append(
            Sealed(body=body, sealing=sealing, signature=signature, typed_by="" if signature else login(), received=received)
        )
    return found
