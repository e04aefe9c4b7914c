"""HTML for people, written so that no text can become markup: what is not `Markup` is escaped. Pure."""

from collections.abc import Iterable
from html import escape

from runbook_engine.reporting.harmless import harmless

EMPTY = frozenset({"img", "br", "meta"})  # elements that have no content


class Markup(str):
    """Text that is HTML already. Only the functions here make it."""

    __slots__ = ()


def text(value: str) -> Markup:
    """Any text, with its lines, as character data: no markup, and nothing that moves, hides or turns round."""
    return Markup(escape(harmless(value), quote=True))


def element(name: str, /, *content: str, **attributes: str) -> Markup:
    """An element; text in it is escaped, and so are the values of its attributes (`class_` is written `class`)."""
    told = "".join(f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"' for key, value in attributes.items())
    if name in EMPTY:
        return Markup(f"<{name}{told}>")
    return Markup(f"<{name}{told}>{together(content)}</{name}>")


def together(parts: Iterable[str], between: str = "") -> Markup:
    """Parts one after the other; text among them is escaped."""
    return Markup(between.join(part if isinstance(part, Markup) else text(part) for part in parts))


def table(heads: Iterable[str], rows: Iterable[Iterable[str]], label: str) -> Markup:
    """A table with one row of headings; `label` says what it holds, for those who do not see it."""
    head = element("tr", *(element("th", h, scope="col") for h in heads))
    body = (element("tr", *(element("td", cell) for cell in row)) for row in rows)
    return element("table", element("caption", label), element("thead", head), element("tbody", together(body, "\n")))


def folded(summary: str, *content: str, **attributes: str) -> Markup:
    """What is shown when somebody opens it; no script is needed for that."""
    return element("details", element("summary", summary), *content, **attributes)


def section(name: str, title: str, *content: str) -> Markup:
    """A part of the page with its heading; `name` is what links lead to."""
    return together(("\n", element("section", element("h2", title), "\n", *content, id=name)))


def _value(value: str) -> str:
    return value if isinstance(value, Markup) else text(value)
