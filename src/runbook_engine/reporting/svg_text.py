"""What all pictures share: text that cannot become markup or leave its place, the typeface, and how a picture begins."""

from xml.sax.saxutils import escape

from rich.cells import cell_len

from runbook_engine.reporting.harmless import one_line, shortened

FONT = 'font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",Arial,sans-serif'


def safe(text: str, longest: int = 500) -> str:
    """Any text as XML character data, on one line."""
    return escape(one_line(text, longest), {'"': "&quot;"})


def cut(text: str, cells: int) -> str:
    """As much of a text as fits into so many cells of a terminal; what is cut is shown by three dots."""
    while cell_len(text) > cells:
        text = shortened(text, min(cells, len(text) - 1))
    return text


def opening(width: float, height: float, title: str, description: str) -> list[str]:
    """The first lines of a self-contained picture, with what it says to those who do not see it."""
    size = f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"'
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title desc" {size}>',
        f'<title id="title">{safe(title)}</title><desc id="desc">{safe(description, 4000)}</desc>',
    ]
