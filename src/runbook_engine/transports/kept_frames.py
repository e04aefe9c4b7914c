"""What a kept shell is told and how its answers are told apart: opening, requests, the ends of two streams. Pure."""

import re
from collections.abc import Sequence

from runbook_engine.model.commands import Shell
from runbook_engine.model.values import dataclass
from runbook_engine.transports.command_lines import LONGEST_LINE, quoted
from runbook_engine.transports.redaction import unfinished

LONGEST_WORD = 128  # bytes of what follows a mark

# Descriptor 8 is the writing end of a pipe whose reading end only steps hold, as descriptor 7. Writing to it after a step
# fails when nobody holds it any more. When a process that the step has left behind still does, the shell ends with the
# step's exit code: what that process writes then belongs to this step, and the end of the channel says when it is over.
# The pipe is that of a here-document; where a shell keeps those in files, a named pipe that is removed at once.
OPENING = r"""exec 9<<E
.
E
[ -p /proc/self/fd/9 ]||{ runbook_d=$(mktemp -d)&&mkfifo "$runbook_d/f"&&exec 9<>"$runbook_d/f";rm -rf "$runbook_d";}
exec 8>/proc/self/fd/9 9<&-
[ -p /proc/self/fd/8 ]||exit
runbook_end(){ trap '' PIPE;{ echo >&8;} 2>&-&&exit "$1";trap - PIPE;echo "$2$1";echo "$2$1" >&2;}
runbook_b=;[ -r /proc/sys/kernel/random/boot_id ]&&read -r runbook_b </proc/sys/kernel/random/boot_id
echo "MARK$$ $runbook_b";echo "MARK$$" >&2;unset runbook_b runbook_d
"""
HELLO = re.compile(rb"(\d+) (\S*)\Z")

# What may leave a process behind that has closed descriptor 7, or means the shell itself or that descriptor.
UNFIT = re.compile(r"(?<![&<>])&(?!&)|\$\$|\$\{\$|\b7[<>]|\b(?:nohup|setsid|coproc|sudo|doas|su|runuser)\b")


def fit(command: Shell) -> bool:
    """Whether a kept shell may do it: it reads nothing, leaves nothing behind that can be seen in its text, and is not long."""
    if command.stdin is not None:
        return False
    text = "".join(part for part in command.script.parts if isinstance(part, str))
    return len(text) <= LONGEST_LINE and not UNFIT.search(text)


def opening(mark: str) -> bytes:
    """The first words to a new shell; it answers with `mark`, its process id and the boot id."""
    return OPENING.replace("MARK", mark).encode()


def request(program: bytes, mark: str) -> bytes:
    """One step. The shell begins it only when all of it has come; a mistake in the program ends no more than its subshell.

    The mark stands in no variable and in no descriptor of the step.
    """
    end = f"</dev/null 7</proc/self/fd/8 8>&-;runbook_end $? {mark};}}\n"
    return b"{ (eval " + quoted(program) + b") " + end.encode()


def row(programs: Sequence[tuple[bytes, str]]) -> bytes:
    """Steps that follow each other, each only if the one before ended with 0; of all others only the marks come."""
    return b"runbook_go=0\n" + b"".join(_in_row(program, mark) for program, mark in programs)


def _in_row(program: bytes, mark: str) -> bytes:
    step = b"(eval " + quoted(program) + b") </dev/null 7</proc/self/fd/8 8>&-;runbook_go=$?"
    done = f"runbook_end $runbook_go {mark}"
    left = f"echo {mark}-;echo {mark} >&2"
    return b"{ if [ $runbook_go = 0 ];then " + step + f";{done};else {left};fi;}}\n".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """What a shell says of itself."""

    pid: int
    boot: str  # empty where the host has none


def hello(word: bytes) -> Hello | None:
    """Read it; None when that was no shell."""
    said = HELLO.match(word)
    return Hello(pid=int(said[1]), boot=said[2].decode("ascii", "replace")) if said else None


class Tail:
    """One stream up to its mark, in pieces. Holds back only an end that may be the beginning of the mark."""

    def __init__(self, mark: str) -> None:
        self._mark = mark.encode()
        self._held = b""
        self._rest = b""
        self._found = False
        self.word: bytes | None = None  # what stood between the mark and the end of its line, once all of it is here
        self.after = b""  # what came behind that

    def feed(self, data: bytes) -> bytes:
        """What of it comes before the mark."""
        if self._found:
            self._follow(data)
            return b""
        data = self._held + data
        at = data.find(self._mark)
        if at < 0:
            at = unfinished(data, self._mark)
            self._held = data[at:]
        else:
            self._found, self._held = True, b""
            self._follow(data[at + len(self._mark) :])
        return data[:at]

    def release(self) -> bytes:
        """What was held back, when the stream has ended."""
        held, self._held = self._held, b""
        return held

    def _follow(self, data: bytes) -> None:
        if self.word is not None:
            self.after += data
            return
        self._rest += data
        if b"\n" in self._rest:
            self.word, _, self.after = self._rest.partition(b"\n")
        elif len(self._rest) > LONGEST_WORD:  # nothing that a shell of ours would say
            self.word = self._rest[:LONGEST_WORD]
            self.after = self._rest[LONGEST_WORD:]
