"""What a child process does beside its work: it hears its parent, answers, and ends when the parent is gone."""

import json
import os
import sys
from queue import Queue
from threading import Thread
from typing import Any

from runbook_engine.scheduling.plain import Net

Message = dict[str, Any]


def listening() -> "Queue[Message]":
    """The parent's words as they come. When there can be no more of them, this process ends at once, whatever it is doing."""
    heard: Queue[Message] = Queue()
    Thread(target=_listen, args=(heard,), daemon=True).start()
    return heard


def _listen(heard: "Queue[Message]") -> None:
    for line in sys.stdin:
        heard.put(json.loads(line))
    os._exit(0)


def answer(message: Message) -> None:
    """One line to the parent; without a parent, the end."""
    try:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()
    except OSError:
        os._exit(0)


def packed(the: Net) -> list[Any]:
    """A net as plain lists, to be sent."""
    return [the.durations, the.before, the.after, the.amounts, the.capacities, the.unit, the.position]


def unpacked(parts: list[Any]) -> Net:
    """The net that was sent."""
    durations, before, after, amounts, capacities, unit, position = parts
    rows = [tuple(tuple(row) for row in table) for table in (before, after, amounts)]
    return Net(tuple(durations), rows[0], rows[1], rows[2], tuple(capacities), unit, tuple(position))
