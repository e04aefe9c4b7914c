"""What is asked of the program on a host (see target_program), and what its answers say. Pure.

Each request is one compound command: a request that is cut anywhere does not run. Each answer ends with one line that
begins with a random word of the request, so that a step's output cannot be taken for it.
"""

import math
import re
from enum import StrEnum

from runbook_engine.model.values import dataclass

WORD = re.compile(r"[A-Za-z0-9]{8,64}")
ATTEMPT = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,99}")  # never like a number
BOOT = re.compile(r"[A-Za-z0-9_:.-]{1,200}")
SIGNAL = re.compile(r"[A-Z][A-Z0-9]{1,8}")
CODE = re.compile(r"[0-9]{1,3}")


class Standing(StrEnum):
    """What a host says of an attempt."""

    READY = "ready"  # of no attempt: the base directory is in order
    EXIT = "exit"
    TIMEOUT = "timeout"  # its limit had passed before it ended
    RUNNING = "running"
    CLAIMED = "claimed"  # asked for, and not begun; it may still begin
    ARMED = "armed"  # it begins by itself after its delay, unless it is fenced before
    FENCED = "fenced"  # it never starts
    GONE = "gone"  # the host knows nothing of it
    LOST = "lost"  # it began, and what ran it ended without a word
    REBOOTED = "rebooted"  # the host was started anew since
    OTHER_BOOT = "otherboot"  # the request was for another boot of the host; this request began nothing
    BAD_BASE = "badbase"  # the base directory is not ours alone; this request did nothing
    BAD_ID = "badid"  # not the id of an attempt; this request did nothing
    FULL = "full"  # the claim could not be written; this request began nothing, and no other will


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetState:
    """The last line of an answer."""

    standing: Standing
    boot: str  # the host's boot id at the time of the answer; "-" when the host has none
    exit_code: int | None = None  # with EXIT only
    ended_at_logout: bool = False  # with READY: detached processes are ended with the session

    def never_starts(self, intended_boot: str) -> bool:
        """Whether this proves that an attempt has not begun and never will.

        After a restart nothing proves it: a file may have been lost that had not reached the disk.
        """
        return self.boot == intended_boot and self.standing is Standing.FENCED


def open_base(word: str) -> bytes:
    """Look at the base directory, and say the boot id. First of all requests. Raises ValueError, as all here."""
    return _request("rb_open", _checked(word, WORD))


def start(word: str, attempt: str, boot: str, script: bytes, *, limit_s: float = 0, after_s: float = 0) -> bytes:
    """Claim the attempt and run the script, then wait for it and hand over its output. Holds secrets if the script does.

    `limit_s` and `after_s` are rounded up to whole seconds; 0 is no limit. With `after_s` the script begins by itself so
    much later, and nobody waits for it.
    """
    if b"\0" in script:
        raise ValueError("A script cannot hold a NUL byte")
    if not 0 <= limit_s < math.inf or not 0 <= after_s < math.inf:
        raise ValueError(f"{limit_s} or {after_s} is not a time limit or delay in seconds")
    limit = math.ceil(limit_s + after_s) if limit_s else 0  # the host counts it from the claim on
    words = (*_about(word, attempt), _checked(boot, BOOT), str(limit).encode(), _quoted(_quoted(script)))
    return _request("rb_start", *words, *([str(math.ceil(after_s)).encode()] if after_s else []))


def attach(word: str, attempt: str, out_offset: int = 0, err_offset: int = 0, *, wait: bool = False) -> bytes:
    """Hand over output from these offsets in bytes on, as it comes, until the attempt has ended.

    `wait`: one that is armed is waited for, a few seconds; else the answer comes at once.
    """
    if out_offset < 0 or err_offset < 0:
        raise ValueError("An offset cannot be negative")
    return _request(
        "rb_attach", *_about(word, attempt), str(out_offset).encode(), str(err_offset).encode(), *([b"1"] if wait else [])
    )


def ask(word: str, attempt: str) -> bytes:
    """Only say how the attempt stands."""
    return _request("rb_ask", *_about(word, attempt))


def fence(word: str, attempt: str) -> bytes:
    """See to it that the attempt never starts, if it has not begun."""
    return _request("rb_fence", *_about(word, attempt))


def stop(word: str, attempt: str, signal: str) -> bytes:
    """Send TERM, KILL, … to the group of the attempt's processes, and say how it stands."""
    return _request("rb_stop", *_about(word, attempt), _checked(signal, SIGNAL))


def clean(word: str, *attempts: str) -> bytes:
    """Delete the output of those attempts that have ended; the host still remembers that they ran. Says how the last stands."""
    return _request("rb_clean", _checked(word, WORD), *(_checked(attempt, ATTEMPT) for attempt in attempts))


def split_answer(word: str, stdout: bytes) -> tuple[bytes, TargetState | None]:
    """The step's output, and the state if the answer is complete."""
    mark = b"\n" + word.encode() + b" "
    output, found, line = stdout.rpartition(mark)
    if not found or not line.endswith(b"\n"):
        return stdout, None
    return output, parse_state(line.decode("ascii", "replace"))


def parse_state(line: str) -> TargetState | None:
    """What follows the word in the last line; None when that says nothing."""
    name, *rest = line.split() or [""]
    if name not in set(Standing) or not rest or not BOOT.fullmatch(rest[-1]):
        return None
    standing, boot, details = Standing(name), rest[-1], rest[:-1]
    if standing is Standing.EXIT:
        known = len(details) == 1 and CODE.fullmatch(details[0])
        return TargetState(standing=standing, boot=boot, exit_code=int(details[0])) if known else None
    if standing is Standing.READY and details == ["logout"]:
        return TargetState(standing=standing, boot=boot, ended_at_logout=True)
    return None if details else TargetState(standing=standing, boot=boot)


def _about(word: str, attempt: str) -> tuple[bytes, bytes]:
    return _checked(word, WORD), _checked(attempt, ATTEMPT)


def _checked(text: str, pattern: re.Pattern[str]) -> bytes:
    if not pattern.fullmatch(text):
        raise ValueError(f"{text!r} cannot be part of a request")
    return text.encode()


def _quoted(text: bytes) -> bytes:
    return b"'" + text.replace(b"'", b"'\\''") + b"'"


def _request(*words: bytes | str) -> bytes:
    return b"{ " + b" ".join(word.encode() if isinstance(word, str) else word for word in words) + b"; }\n"
