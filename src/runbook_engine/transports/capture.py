"""What becomes of a command's output: masked, handed on as it comes, and its beginning and end kept."""

from runbook_engine.model.attempts import Answer
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.words import Cause
from runbook_engine.transports.redaction import Masks, Redactor
from runbook_engine.transports.session import ERR, OUT
from runbook_engine.transports.settings import Sink

KEEP = 32 << 10  # bytes of the beginning, and as many of the end


class Kept:
    """The beginning and the end of a stream, in bounded memory."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail = bytearray()
        self._total = 0

    def add(self, data: bytes) -> None:
        """Take the next piece."""
        self._total += len(data)
        room = KEEP - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        if data:
            self._tail += data[-KEEP:]
            if len(self._tail) > 2 * KEEP:
                del self._tail[:-KEEP]

    @property
    def truncated(self) -> bool:
        """Whether something between the beginning and the end was left out."""
        return self._total > 2 * KEEP

    def content(self) -> bytes:
        """All of it, or its two ends with a line between them that says how much is missing."""
        if not self.truncated:
            return bytes(self._head + self._tail)
        left_out = self._total - 2 * KEEP
        return bytes(self._head) + b"\n[... %d bytes left out ...]\n" % left_out + bytes(self._tail[-KEEP:])


class Capture:
    """The output of one command."""

    def __init__(self, sink: Sink, masks: Masks) -> None:
        self._sink = sink
        self._redactors = {OUT: Redactor(masks), ERR: Redactor(masks)}
        self.kept = {OUT: Kept(), ERR: Kept()}
        self._total = 0

    def add(self, stream: int, data: bytes) -> None:
        """Take output as it comes. Raises TransportFault (LOCAL) when it cannot be written down here."""
        self._total += len(data)
        self._pass_on(stream, self._redactors[stream].feed(data))

    def finish(self) -> None:
        """Hand on what was held back."""
        for stream, redactor in self._redactors.items():
            self._pass_on(stream, redactor.finish())

    def answer(self, exit_code: int | None, detail: str = "") -> Answer:
        """All of it as an answer."""
        return Answer(
            exit_code=exit_code,
            stdout=self.kept[OUT].content(),
            stderr=self.kept[ERR].content(),
            output_bytes=self._total,
            truncated=any(k.truncated for k in self.kept.values()),
            detail=detail,
        )

    def _pass_on(self, stream: int, data: bytes) -> None:
        if not data:
            return
        self.kept[stream].add(data)
        try:
            self._sink(stream, data)
        except OSError as error:
            message = f"The output could not be written down on this machine: {error.strerror or error}"
            raise TransportFault(Cause.LOCAL, message, started=True) from error
