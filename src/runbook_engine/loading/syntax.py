"""What is wrong with text that is not YAML, in the words of the person who typed it."""

import re
from collections.abc import Sequence

from yaml import Mark, MarkedYAMLError, YAMLError

from runbook_engine.model.places import Mistake, Place

BRACES = "a value that begins with {{ is read as a mapping"
QUOTE_BRACES = "put quotes around a value that begins with {{"
_OPEN_BRACES = re.compile(r"(?:[:\-,\[]\s+|\[)(\{\{)")

# what the parser says → at the start of what it was reading?, what we say, the repair
_PHRASES: tuple[tuple[str, bool, str, str], ...] = (
    ("while scanning a quoted scalar", True, "this quote is not closed", "close the quote, or double it inside single quotes"),
    (
        "found unknown escape character",
        False,
        "unknown \\ sequence inside double quotes",
        "use single quotes, or \\\\ for one \\",
    ),
    (
        "did not find expected hexdecimal number",
        False,
        "a \\x, \\u or \\U sequence lacks digits",
        "use single quotes, or \\\\ for one \\",
    ),
    (
        "mapping values are not allowed",
        False,
        "': ' starts a value where no key can stand",
        "put quotes around text that contains ': '",
    ),
    ("could not find expected ':'", True, "expected 'key: value'", "add the ':' after the key, or mend the indentation"),
    ("did not find expected ',' or ']'", True, "this [ list is not closed, or lacks a comma", "close it with ]"),
    ("did not find expected ',' or '}'", True, "this { mapping is not closed, or lacks a comma", "close it with }"),
    ("did not find expected '-' indicator", False, "expected another '- ' entry of the list", "mend the indentation"),
    ("did not find expected key", False, "expected a key here", "mend the indentation, or put quotes around the text"),
    ("block sequence entries are not allowed", False, "a '- ' entry cannot stand here", "start the list on a line of its own"),
    ("found undefined alias", False, "no anchor of this name was set before", "set it with & first"),
    ("found duplicate anchor", False, "this anchor was set before", "give it another name"),
    ("expected a single document", False, "the file holds more than one document", "keep one document in each file"),
    ("did not find expected <document start>", False, "text after the end of the document", "mend the indentation"),
    ("found unexpected document indicator", False, "'---' or '...' inside a value", "put quotes around the text"),
    ("cannot start any token", False, "this character cannot begin a value", "put quotes around the text"),
    ("could not determine a constructor", False, "this tag is not known", "remove the tag"),
    ("found undefined tag handle", False, "this tag is not known", "put quotes around a text that begins with !"),
    ("did not find the expected ' '", False, "expected a space here", "put quotes around the text"),
    ("found incompatible YAML document", False, "this version of YAML is not known", "remove the %YAML line"),
    ("exceeded max", False, "the file is nested too deep", "make it flatter"),
)


def syntax_mistake(error: YAMLError, lines: Sequence[str], file: str) -> Mistake:
    """One mistake for the error at which the parser gave up."""
    problem = getattr(error, "problem_mark", None)
    context = getattr(error, "context_mark", None)
    braces = _braces(lines, [m.line for m in (problem, context) if m is not None])
    if braces:
        return _at(lines, file, *braces, BRACES, QUOTE_BRACES, width=2)
    if problem is not None and _tab_in_indentation(lines, problem.line):
        return _at(lines, file, problem.line, lines[problem.line].index("\t"), "a tab in the indentation", "indent with spaces")
    said = _said(error)
    bracket = _open_bracket(lines, problem) if "while parsing a flow" in said and "expected ','" not in said else None
    if bracket:
        return _at(lines, file, *bracket, "this bracket is not closed, or a value is missing after it", "close the bracket")
    for phrase, at_context, message, hint in _PHRASES:
        if phrase.lower() in said.lower():
            mark = context if at_context and context is not None else problem
            return _at(lines, file, *_position(mark, lines), message, hint)
    return _at(lines, file, *_position(problem or context, lines), f"not valid YAML: {said}")


def _said(error: YAMLError) -> str:
    if isinstance(error, MarkedYAMLError):
        return ", ".join(str(part) for part in (error.context, error.problem) if part)
    return str(getattr(error, "reason", "") or error).splitlines()[0][:200]


def _braces(lines: Sequence[str], numbers: Sequence[int]) -> tuple[int, int] | None:
    for number in numbers:
        match = _OPEN_BRACES.search(lines[number]) if number < len(lines) else None
        if match:
            return number, match.start(1)
    return None


def _tab_in_indentation(lines: Sequence[str], number: int) -> bool:
    line = lines[number] if number < len(lines) else ""
    return "\t" in line[: len(line) - len(line.lstrip())]


def _open_bracket(lines: Sequence[str], problem: Mark | None) -> tuple[int, int] | None:
    """The last bracket that opens before the place where the parser gave up."""
    line, column = _position(problem, lines)
    before = [*lines[:line], *(text[:column] for text in lines[line : line + 1])]
    for number, text in reversed(list(enumerate(before))):
        found = max(text.rfind("["), text.rfind("{"))
        if found >= 0:
            return number, found
    return None


def _position(mark: Mark | None, lines: Sequence[str]) -> tuple[int, int]:
    """Line and column from 0; the end of the file is the end of its last line that has text."""
    if mark is None:
        return 0, 0
    line, column = mark.line, mark.column
    while line > 0 and (line >= len(lines) or not lines[line].strip()):
        line -= 1
        column = len(lines[line])
    return line, column


def _at(lines: Sequence[str], file: str, line: int, column: int, message: str, hint: str = "", *, width: int = 1) -> Mistake:
    source = lines[line] if line < len(lines) else ""
    return Mistake(Place(file, line + 1, column + 1), message, hint, source[:500], width)
