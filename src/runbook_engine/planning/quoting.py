"""Where a hole stands in a shell script: in the open, where one quoted word is safe, or inside quotes, where it is not."""

import re
from enum import StrEnum

HOLE = "\0"  # marks a hole in the script; cannot occur in one


class Spot(StrEnum):
    """Where a hole stands; the value is how it is told to a person."""

    OPEN = "in the open"
    SINGLE = "inside single quotes"
    DOUBLE = "inside double quotes"
    BACKSLASH = "after a backslash"
    BACKQUOTE = "inside backquotes"
    COMMENT = "inside a comment"
    ARITHMETIC = "inside $(( ))"
    DOCUMENT = "inside a here-document"
    DISPUTED = "after $'…' with a backslash in it, which shells read in two ways"


REPAIR = {
    Spot.SINGLE: "take the quotes away: each {{ }} becomes one quoted word by itself",
    Spot.DOUBLE: "take the quotes away: each {{ }} becomes one quoted word by itself",
    Spot.BACKSLASH: "take the backslash away: each {{ }} becomes one quoted word by itself",
    Spot.BACKQUOTE: "write $( … ) instead of backquotes",
    Spot.COMMENT: "take it out of the comment: a line break in the value would end the comment",
    Spot.ARITHMETIC: "put it into a variable first: n={{ … }}; or, for a subshell, write $( ( … ) ) with a space",
    Spot.DOCUMENT: "write the file with a template step, or print it: printf '%s\\n' {{ … }}",
    Spot.DISPUTED: "write that text in double quotes",
}
_OPEN = re.compile(r"\\[\s\S]|\$'[^']*'|'|\"|`|\$\(\(|\$\(|[()]|<<<|<<-?|#|\n|\0")
_DOUBLE = re.compile(r"\\[\s\S]|\"|`|\$\(\(|\$\(|\$\{|\0")
_DELIMITER = re.compile(r"[ \t]*((?:'[^']*'|\"[^\"]*\"|\\.|[^\s;&|<>()'\"\\])+)")
_SUSPECT = re.compile(r"['\"`\\#]|<<|\$\(\(")


def spots(script: str) -> list[Spot]:
    """Where each hole of `script` stands, in order."""
    if not _SUSPECT.search(script):
        return [Spot.OPEN] * script.count(HOLE)
    return _Scanner(script).scan()


class _Scanner:
    """Reads a script as a POSIX shell does, as far as quoting goes; in doubt a hole is not in the open."""

    def __init__(self, script: str) -> None:
        self.script = script
        self.at = 0
        self.stack = ["open"]
        self.documents: list[tuple[str, bool]] = []  # delimiters that are due at the next line, and whether tabs go
        self.disputed = False
        self.found: list[Spot] = []

    def scan(self) -> list[Spot]:
        while self.at < len(self.script):
            match = (_DOUBLE if self.stack[-1] == "double" else _OPEN).search(self.script, self.at)
            if match is None:
                break
            self.at = match.end()
            self._take(match.group(), match.start())
        return self.found

    def _take(self, mark: str, start: int) -> None:
        if mark == HOLE:
            inside = Spot.DOUBLE if self.stack[-1] == "double" else Spot.OPEN
            self.found.append(Spot.DISPUTED if self.disputed else inside)
        elif mark[0] == "\\":
            self._holes(mark, Spot.BACKSLASH)
        elif mark == '"':
            self._toggle_double()
        elif mark == "`":
            self._until(re.compile(r"(?:\\[\s\S]|[^`\\])*`?"), Spot.BACKQUOTE)
        elif mark == "${":
            self._until(re.compile(r"[^}]*\}?"), Spot.DOUBLE)
        elif mark == "$((":
            self._arithmetic()
        elif mark in ("$(", "("):
            self.stack.append("open")
        else:
            self._take_open(mark, start)

    def _take_open(self, mark: str, start: int) -> None:
        if mark == "'":
            self._until(re.compile(r"[^']*'?"), Spot.SINGLE)
        elif mark.startswith("$'"):
            self._holes(mark, Spot.SINGLE)
            self.disputed = self.disputed or "\\" in mark
        elif mark == ")":
            if len(self.stack) > 1:
                self.stack.pop()
        elif mark == "#":
            if start == 0 or self.script[start - 1] in " \t\n;&|()":
                self._until(re.compile(r"[^\n]*"), Spot.COMMENT)
        elif mark in ("<<", "<<-"):
            self._announce(strip_tabs=mark == "<<-")
        elif mark == "\n":
            self._read_documents()

    def _toggle_double(self) -> None:
        if self.stack[-1] == "double":
            self.stack.pop()
        else:
            self.stack.append("double")

    def _holes(self, text: str, spot: Spot) -> None:
        self.found.extend([spot] * text.count(HOLE))

    def _until(self, rest: re.Pattern[str], spot: Spot) -> None:
        match = rest.match(self.script, self.at)
        if match is not None:
            self._holes(match.group(), spot)
            self.at = match.end()

    def _arithmetic(self) -> None:
        start, depth = self.at, 2
        while self.at < len(self.script) and depth:
            depth += {"(": 1, ")": -1}.get(self.script[self.at], 0)
            self.at += 1
        self._holes(self.script[start : self.at], Spot.ARITHMETIC)

    def _announce(self, *, strip_tabs: bool) -> None:
        match = _DELIMITER.match(self.script, self.at)
        if match is None:
            return
        self.at = match.end()
        self._holes(match.group(), Spot.DOCUMENT)
        self.documents.append((re.sub(r"['\"\\]", "", match.group(1)), strip_tabs))

    def _read_documents(self) -> None:
        for delimiter, strip_tabs in self.documents:
            while self.at < len(self.script):
                end = self.script.find("\n", self.at)
                line = self.script[self.at : end if end >= 0 else None]
                self.at += len(line) + 1
                if (line.lstrip("\t") if strip_tabs else line) == delimiter:
                    break
                self._holes(line, Spot.DOCUMENT)
        self.documents = []
