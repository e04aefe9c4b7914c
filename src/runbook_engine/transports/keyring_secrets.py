"""Secrets in the keyring of the person who runs the engine (Secret Service, KWallet, macOS, Windows, or a plug-in)."""

import queue
import threading
from shlex import quote

from runbook_engine.transports.secret_faults import missing


def from_keyring(name: str, rest: str, limit_s: float) -> str:
    """The password of `rest`, which is SERVICE/USER; the user is what stands after the last `/`.

    A keyring may ask its owner to unlock it and wait without end, so it is asked on a thread of its own. Raises
    TransportFault (Cause.SECRET) when there is no keyring, no password, or no answer within `limit_s` seconds.
    """
    service, _, user = rest.rpartition("/")
    if not service or not user:
        raise missing(name, "a secret in a keyring is named keyring:SERVICE/USER", "keyring --help")
    answer: queue.SimpleQueue[str | Exception | None] = queue.SimpleQueue()
    asking = threading.Thread(target=_ask, args=(service, user, answer), name="keyring", daemon=True)
    asking.start()
    try:
        found = answer.get(timeout=limit_s)
    except queue.Empty:
        raise missing(name, f"the keyring gave no answer within {limit_s:g} s; is it locked?", "keyring diagnose") from None
    if isinstance(found, Exception):
        raise missing(name, _said(found), "keyring diagnose")
    if found is None:
        why = f"the keyring has no password of {user} for {service}"
        raise missing(name, why, f"keyring set {quote(service)} {quote(user)}")
    return found


def _ask(service: str, user: str, answer: "queue.SimpleQueue[str | Exception | None]") -> None:
    try:
        import keyring  # only who names a secret in a keyring waits for its back ends to load

        answer.put(keyring.get_password(service, user))
    except Exception as error:  # noqa: BLE001 - a back end is a plug-in: it may raise anything
        answer.put(error)


def _said(error: Exception) -> str:
    """What is wrong, by the kind of error: the text of a plug-in's error may hold what nobody should read."""
    from keyring.errors import KeyringLocked, NoKeyringError

    if isinstance(error, NoKeyringError):
        return "there is no keyring on this machine that can be used"
    if isinstance(error, KeyringLocked):
        return "the keyring is locked"
    return f"the keyring could not be read ({type(error).__name__})"
