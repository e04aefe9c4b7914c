"""Files to and from a place: one conversation each, which leaves the whole file under its name or nothing at all."""

import hashlib
import os
import shlex
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from runbook_engine.model.attempts import Answer
from runbook_engine.model.commands import Download, Shell, Upload
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.text import Text, plain
from runbook_engine.model.words import Cause
from runbook_engine.transports.capture import Capture
from runbook_engine.transports.command_lines import order, render
from runbook_engine.transports.exchange import Feed
from runbook_engine.transports.session import ERR, PIECE
from runbook_engine.transports.settings import LinkSettings, Sink
from runbook_engine.transports.shell import Place, converse, pieces

SAME, SEND = "same", "send"

CHECKSUM = """sum() {
  if command -v sha256sum >/dev/null; then sha256sum <"$1"
  elif command -v shasum >/dev/null; then shasum -a 256 <"$1"
  elif command -v sha256 >/dev/null; then sha256 -q <"$1"
  else openssl dgst -sha256 -r <"$1"
  fi 2>/dev/null | { IFS=' ' read -r s _ && printf %s "$s"; }
}
"""
RECEIVE = """say() { printf '%s\\n' "$*" >&2; exit 1; }
mode_of() { stat -c %a -- "$1" 2>/dev/null || stat -f %Lp -- "$1"; }
owner_of() { stat -c %U:%G -- "$1" 2>/dev/null || stat -f %Su:%Sg -- "$1"; }
umask 077
if [ -L "$t" ]; then t=$(readlink -f -- "$t") || say "the link leads nowhere"; fi
if [ -d "$t" ]; then say "$t is a folder"; fi
d=$(dirname -- "$t")
[ -d "$d" ] || say "the folder $d does not exist"
if [ -e "$t" ]; then
  have=$(owner_of "$t")
  m=${mode:-$(mode_of "$t")}
  o=$have
  case $owner in *:*) o=$owner;; ?*) o=$owner:${have#*:};; esac
  if [ "$o" = "$have" ] && [ "$(mode_of "$t")" = "${m#0}" ] && [ "$(sum "$t")" = "$want" ]; then echo same; exit 0; fi
else m=${mode:-600}; o=$owner
fi
n=$d/.$(basename -- "$t").$mark
(set -C; : >"$n") || exit 1
trap 'rm -f -- "$n"' EXIT
trap 'exit 1' HUP INT TERM PIPE
echo send
cat >"$n" || exit 1
got=$(sum "$n")
[ -n "$got" ] || say "there is no tool to compute SHA-256"
[ "$got" = "$want" ] || say "what arrived is not what was sent: $t is unchanged"
case $o in ''|"$(owner_of "$n")") ;; *) chown -- "$o" "$n" || exit 1;; esac
chmod -- "$m" "$n" || exit 1
if [ -n "$backup" ] && [ -f "$t" ]; then cp -p -- "$t" "$t.before-runbook-$backup" || exit 1; fi
mv -f -- "$n" "$t" || exit 1
"""
GIVE = """[ -e "$f" ] || { printf '%s does not exist\\n' "$f" >&2; exit 1; }
[ -f "$f" ] || { printf '%s is not a file\\n' "$f" >&2; exit 1; }
cat -- "$f" || exit 1
printf %s "$mark" >&2
printf '%s\\n' "$(sum "$f")" >&2
"""


def upload(place: Place, command: Upload, sink: Sink, settings: LinkSettings, attempt: str) -> Answer:
    """Put a file there: beside its target first, checked there by SHA-256, then renamed over it in one step.

    A file that is there already with the same content, mode and owner is left alone (detail: unchanged). Raises
    TransportFault (LOCAL, nothing started) when the source is not what was planned.
    """
    source = _Source(command, settings)
    mark = settings.marker()
    program = _assign(
        t=_path(render(command.target, settings.secrets)),
        want=source.checksum,
        mode=command.mode.lstrip("0"),
        owner=command.owner,
        mark=f"runbook-{mark}",
        backup=(attempt or source.checksum[:12]) if command.backup else "",
    )
    receive = Shell(script=plain(program + CHECKSUM + RECEIVE), become=command.become, stdin=Text())
    orders = order(receive, settings.secrets, mark, hidden=command.target.secret)
    capture = Capture(sink, settings.secrets.masks)
    feed = Feed(orders.first_input, source.content(), released=False)
    talk = _Talk(capture, feed)
    exit_code, _ = converse(place, orders, feed, talk.hear, settings, _limit(command.timeout_s, settings), settings.stall_s)
    capture.finish()
    return capture.answer(exit_code, talk.detail(exit_code, source.size))


def _source_path(source: Text, settings: LinkSettings) -> Path:
    return settings.files_folder / Path(render(source, settings.secrets)).expanduser()


class _Source:
    """What is to be sent, checked against the plan before the first byte goes."""

    def __init__(self, command: Upload, settings: LinkSettings) -> None:
        self._content = render(command.content, settings.secrets).encode("utf-8", "surrogateescape") if command.content else b""
        self._path = _source_path(command.source, settings) if command.source else None
        digest, self.size = hashlib.sha256(), 0
        for piece in self.content():
            digest.update(piece)
            self.size += len(piece)
        self.checksum = digest.hexdigest()
        planned = render(command.checksum, settings.secrets).lower() if command.checksum else ""
        if planned and planned != self.checksum:
            raise TransportFault(
                Cause.LOCAL,
                f"{self._path or 'The content'} is not what was planned: SHA-256 {self.checksum}, planned {planned}",
                started=False,
                why="The file was changed after the plan was made.",
                next_command="runbook plan",
            )

    def content(self) -> Iterator[bytes]:
        """The bytes, from the beginning."""
        return _read(self._path) if self._path else pieces(self._content)


def _read(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece
    except OSError as error:
        raise TransportFault(Cause.LOCAL, f"{path} cannot be read: {error.strerror}", started=False) from None


class _Talk:
    """What the receiving program says on stdout: same, or send."""

    def __init__(self, capture: Capture, feed: Feed) -> None:
        self._capture = capture
        self._feed = feed
        self._said = b""

    def hear(self, stream: int, data: bytes) -> None:
        """Let the content go when it is asked for."""
        if stream == ERR:
            self._capture.add(stream, data)
            return
        self._said += data[:64]
        if SEND.encode() in self._said:
            self._feed.release()

    def detail(self, exit_code: int, size: int) -> str:
        """The outcome in words."""
        if exit_code:
            lines = self._capture.kept[ERR].content().decode("utf-8", "replace").strip().splitlines()
            return lines[-1] if lines else f"ended with exit code {exit_code}"
        return "unchanged" if SAME.encode() in self._said else f"{size} bytes"


def download(place: Place, command: Download, sink: Sink, settings: LinkSettings, host: str) -> Answer:
    """Fetch a file into the run's folder: into a temporary file first, compared with the host's SHA-256, then renamed."""
    folder = settings.run_folder / "downloads" / (host or "controller").replace("/", "_").replace("..", "_")
    target = _inside(folder, render(command.target, settings.secrets))
    mark = settings.marker()
    program = _assign(f=_path(render(command.source, settings.secrets)), mark=mark)
    give = Shell(script=plain(program + CHECKSUM + GIVE), become=command.become)
    orders = order(give, settings.secrets, mark, hidden=command.source.secret)
    capture = Capture(sink, settings.secrets.masks)
    feed = Feed(orders.first_input, awaited=True)
    with _Arriving(target, mark, capture, feed) as arriving:
        limit_s = _limit(command.timeout_s, settings)
        exit_code, _ = converse(place, orders, feed, arriving.hear, settings, limit_s, settings.stall_s)
        exit_code, detail = arriving.settle(exit_code)
    capture.finish()
    return capture.answer(exit_code, detail)


class _Arriving:
    """A file on its way in. Raises TransportFault (LOCAL) when it cannot be written."""

    def __init__(self, target: Path, mark: str, capture: Capture, feed: Feed) -> None:
        self._feed = feed
        self._target = target
        self._part = target.with_name(f".{target.name}.{mark}")
        self._mark = mark.encode()
        self._capture = capture
        self._digest = hashlib.sha256()
        self._size = 0
        self._errors = b""

    def __enter__(self) -> "_Arriving":
        try:
            self._target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.fdopen(os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb")
        except OSError as error:
            raise _cannot_write(self._target, error, started=False) from None
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._part.unlink(missing_ok=True)

    def hear(self, stream: int, data: bytes) -> None:
        """Content comes on stdout; its checksum, behind the mark, on stderr."""
        if stream == ERR:
            self._errors = (self._errors + data)[-4096:]
            if self._mark in self._errors:
                self._feed.awaited = False  # all of it is here; the checksum may take its time
            else:
                self._capture.add(stream, data)
            return
        try:
            self._file.write(data)
        except OSError as error:
            raise _cannot_write(self._target, error, started=True) from None
        self._digest.update(data)
        self._size += len(data)

    def settle(self, exit_code: int) -> tuple[int, str]:
        """Give the file its name if it is whole."""
        if exit_code:
            return exit_code, self._errors.decode("utf-8", "replace").strip()[-500:]
        theirs = self._errors.rpartition(self._mark)[2].strip().decode("ascii", "replace")
        ours = self._digest.hexdigest()
        if theirs and theirs != ours:
            return 1, "the file changed while it was read"
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._part.replace(self._target)
        except OSError as error:
            raise _cannot_write(self._target, error, started=True) from None
        return 0, f"{self._size} bytes, SHA-256 {ours}"


def _cannot_write(path: Path, error: OSError, *, started: bool) -> TransportFault:
    return TransportFault(Cause.LOCAL, f"{path} cannot be written: {error.strerror or error}", started=started)


def _inside(folder: Path, relative: str) -> Path:
    """A path in the folder, and nowhere else."""
    path = PurePosixPath(relative)
    if path.is_absolute() or ".." in path.parts or "\0" in relative or not path.name:
        raise _escapes(relative)
    target = folder.joinpath(*path.parts)
    if not target.parent.resolve().is_relative_to(folder.resolve()):  # a link could lead outside
        raise _escapes(relative)
    return target


def _escapes(relative: str) -> TransportFault:
    message = f"{relative!r} cannot be the name of a download: it must be a path inside the run's folder"
    return TransportFault(Cause.CONFIGURATION, message, started=False)


def _assign(**values: str) -> str:
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())


def _path(path: str) -> str:
    """A path that no tool takes for an option."""
    return f"./{path}" if path.startswith("-") else path


def _limit(own: float | None, settings: LinkSettings) -> float | None:
    return own if own is not None else settings.command_s
