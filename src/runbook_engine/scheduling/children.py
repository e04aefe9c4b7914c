"""Child processes that search: started, asked and heard by lines of JSON, and ended for certain."""

import json
import subprocess
import sys
from queue import Empty, Queue
from threading import Thread
from typing import IO, Any

Message = dict[str, Any]


class Child:
    """A module of this room at work in a process of its own. Its answers go to the queue, with its name."""

    def __init__(self, module: str, name: str, heard: "Queue[tuple[str, Message]]") -> None:
        command = [sys.executable, "-m", f"runbook_engine.scheduling.{module}"]
        self.name = name
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8"
        )
        self.words: Queue[Message | None] = Queue()
        self.threads = [Thread(target=self._listen, args=(heard,), daemon=True), Thread(target=self._speak, daemon=True)]
        for thread in self.threads:
            thread.start()

    def _listen(self, heard: "Queue[tuple[str, Message]]") -> None:
        try:
            for line in _pipe(self.process.stdout):
                heard.put((self.name, json.loads(line)))
        except ValueError:
            pass  # half a line of a child that was ended, or a pipe closed under the reader
        heard.put((self.name, {"over": True}))

    def _speak(self) -> None:
        try:
            while (message := self.words.get()) is not None:
                pipe = _pipe(self.process.stdin)
                pipe.write(json.dumps(message) + "\n")
                pipe.flush()
        except (OSError, ValueError):
            return  # a child that has died hears nothing

    def say(self, message: Message) -> None:
        """Send it. This never waits for the child, which may hang."""
        self.words.put(message)

    def end(self) -> None:
        """Kill it, wherever it is, and leave nothing of it behind."""
        self.process.kill()
        self.process.wait()
        self.words.put(None)
        for thread in self.threads:
            thread.join()
        for pipe in (self.process.stdin, self.process.stdout):
            try:
                _pipe(pipe).close()
            except OSError:
                continue


def hear(heard: "Queue[tuple[str, Message]]", seconds: float | None) -> tuple[str, Message] | None:
    """The next word of a child; None if there is none in time."""
    try:
        return heard.get(timeout=seconds) if seconds is None or seconds > 0 else heard.get_nowait()
    except Empty:
        return None


def _pipe(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        raise ValueError("a child without pipes")
    return pipe
