"""What may be on a disk after a power cut: all that was synced, and of the rest any part, torn anywhere.

A disk is played from the changes that a process has made. A name that was made or removed is certain once its folder was
synced; what was written once its file was. Of names that are not certain yet the first few hold; of writes any.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from random import Random

SECTOR = 512
NOT_KEPT = ("-shm", "open", "lock")  # memory, and files that are empty
Image = dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a file; of a mark the number is in `at`."""

    letter: str
    name: str
    at: int
    data: bytes


def changes(told: bytes) -> Iterator[Change]:
    """What the library has told."""
    place = 0
    while place < len(told):
        letter, size = chr(told[place]), told[place + 1]
        name = told[place + 2 : place + 2 + size].decode()
        place += 2 + size
        at, length = struct.unpack_from("<qq", told, place)
        place += 16
        length = length if letter == "W" else 0
        yield Change(letter, name, at, told[place : place + length])
        place += length


@dataclass
class File:
    """What is certain of one file, and what was written since its last sync."""

    certain: bytearray = field(default_factory=bytearray)
    unsynced: list[Change] = field(default_factory=list)

    def after(self, some: list[Change]) -> bytes:
        """Its bytes if of the unsynced changes these have reached the disk."""
        content = bytearray(self.certain)
        for change in some:
            apply(content, change)
        return bytes(content)

    def sync(self) -> None:
        """All of it is certain."""
        self.certain, self.unsynced = bytearray(self.after(self.unsynced)), []


def apply(content: bytearray, change: Change) -> None:
    """A write, or a truncation."""
    content.extend(bytes(max(0, change.at - len(content))))
    if change.letter == "T":
        del content[change.at :]
    else:
        content[change.at : change.at + len(change.data)] = change.data


class Disk:
    """A folder of files as the disk has it."""

    def __init__(self) -> None:
        self._certain: dict[str, File] = {}  # by name, as far as the folder was synced
        self._present: dict[str, File] = {}  # by name, as processes see it
        self._renamed: list[tuple[str, File | None]] = []  # not synced yet; None: removed

    def take(self, change: Change) -> None:
        """One more change has been made."""
        name, known = change.name, self._present.get(change.name)
        if change.letter == "U":
            self._present.pop(name, None)
            self._renamed.append((name, None))
        elif change.letter == "S" and known is None:  # a folder
            self._certain, self._renamed = dict(self._present), []
        elif change.letter == "S" and known:
            known.sync()
        elif change.letter in "CWT":
            if known is None:
                known = self._present[name] = File()
                self._renamed.append((name, known))
            if change.letter != "C":
                known.unsynced.append(change)

    def images(self, chance: Random) -> Iterator[Image]:
        """Some of what there may be after a cut at this moment; nothing unsynced and everything unsynced among it."""
        waiting = sum(len(file.unsynced) for file in self._files()) + len(self._renamed)
        yield self._image(lambda _: [], 0)
        yield self._image(list, len(self._renamed))
        for _ in range(min(3 * waiting, 20)):
            pick = partial(some_of, share=chance.random(), chance=chance)
            yield self._image(pick, chance.randint(0, len(self._renamed)))

    def _files(self) -> list[File]:
        return list({id(f): f for f in (*self._certain.values(), *self._present.values())}.values())

    def _image(self, pick: Callable[[list[Change]], list[Change]], names: int) -> Image:
        there = dict(self._certain)
        for name, file in self._renamed[:names]:
            if file is None:
                there.pop(name, None)
            else:
                there[name] = file
        return {name: file.after(pick(file.unsynced)) for name, file in there.items()}


def some_of(unsynced: list[Change], *, share: float, chance: Random) -> list[Change]:
    """Any of them, some torn at a sector. That a later one is there and an earlier one is not is how a disk reorders them."""
    return [torn(change, chance) if chance.random() < 0.2 else change for change in unsynced if chance.random() < share]


def torn(change: Change, chance: Random) -> Change:
    """The beginning or the end of a write, to a whole sector of the disk."""
    if change.letter != "W" or len(change.data) <= 1:
        return change
    borders = range(SECTOR - change.at % SECTOR, len(change.data), SECTOR)
    place = chance.choice(borders) if borders else len(change.data) // 2
    if chance.random() < 0.5:
        return Change("W", change.name, change.at, change.data[:place])
    return Change("W", change.name, change.at + place, change.data[place:])


def kept(told: bytes) -> Iterator[Change]:
    """The changes that matter."""
    return (change for change in changes(told) if not change.name.endswith(NOT_KEPT))
