"""Who gives a command, and whether the policy lets them. The system's user counts; a name in the environment proves nothing."""

import os
import pwd
from pathlib import Path

from runbook_engine.cli.estates import estates_of
from runbook_engine.cli.options import me
from runbook_engine.cli.settings import Settings
from runbook_engine.model.errors import Refused
from runbook_engine.model.estate import Estate
from runbook_engine.model.words import PersonId


def login() -> str:
    """The user of this machine, as the system knows it."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def person(estate: Estate) -> PersonId | None:
    """The person who is this user; None when the inventory knows nobody who is."""
    from runbook_engine.approving import person_of

    return person_of(login(), estate)


def executors(estate: Estate, *names: str) -> tuple[PersonId, ...]:
    """Everybody who counts as carrying a run out: this user, whoever it says to be, and whoever created it."""
    from runbook_engine.approving import person_of

    found = (person_of(name, estate) for name in (login(), me(), *names))
    return tuple(dict.fromkeys(one for one in found if one is not None))


def require(action: str, place: Settings) -> None:
    """Refuse what the policy does not let this user do: plan, approve, execute, resolve, break_glass."""
    if not place.inventory.exists():
        return
    estate = estates_of(place.inventory).live().estate
    policy = estate.policy
    if not getattr(policy, action):
        return
    from runbook_engine.approving import may

    if reason := may(person(estate), action, policy, estate):
        known = person(estate)
        who = f"You are {login()} on this machine" + (f", who is {known}" if known else ", who is nobody in the inventory")
        raise Refused(reason[0].upper() + reason[1:], why=f"{who}.", next_command="runbook inventory show --people")


def public_keys_near(folder: Path) -> dict[str, Path]:
    """The public keys in a folder such as ~/.ssh: what is in each file, without its comment, and the file."""
    found: dict[str, Path] = {}
    for file in sorted(folder.glob("*.pub")) if folder.is_dir() else ():
        words = file.read_text(encoding="utf-8", errors="replace").split()
        if len(words) >= 2:
            found.setdefault(" ".join(words[:2]), file)
    return found
