"""How a Gantt chart looks on light and dark screens, and what its signs mean."""

from collections.abc import Iterator

from runbook_engine.reporting.gantt_model import Chart
from runbook_engine.reporting.svg_text import FONT, safe

PATTERNS = (
    '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<path class="hatch" d="M0 0V6"/></pattern>'
    '<pattern id="frost" width="9" height="9" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">'
    '<path class="frosted" d="M0 0V9M0 0H9"/></pattern></defs>'
)
_LIGHT = {
    "page": "#ffffff",
    "ink": "#1b2430",
    "soft": "#55606e",
    "grid": "#e7eaee",
    "day": "#b9c1cb",
    "fold": "#eef0f3",
    "window": "#eef7f1",
    "freeze": "#fbe4e8",
    "plan": "#d5e4f8",
    "edge": "#3568ad",
    "chain": "#1f3f70",
    "forecast": "#a35f00",
    "actual": "#2a7549",
    "deadline": "#ab2346",
}
_DARK = {
    "page": "#14181d",
    "ink": "#e8ecf1",
    "soft": "#a3aebb",
    "grid": "#262d35",
    "day": "#4a5561",
    "fold": "#1c2229",
    "window": "#17271e",
    "freeze": "#3a1c23",
    "plan": "#24405f",
    "edge": "#7fb0ee",
    "chain": "#c9e0ff",
    "forecast": "#f0b45c",
    "actual": "#6fcf97",
    "deadline": "#ff8fa8",
}
_RULES = (
    ".page{{fill:{page}}}text{{fill:{ink}}}.sub,.note,.clock,.folded{{fill:{soft}}}"
    ".grid,.rule{{stroke:{grid}}}.day{{stroke:{day}}}.fold{{fill:{fold}}}.window{{fill:{window}}}.freeze{{fill:{freeze}}}"
    ".plan,.milestone{{fill:{plan};stroke:{edge}}}.chain{{stroke:{chain}}}.hatch,.pause{{stroke:{chain}}}"
    ".forecast{{fill:{page};stroke:{forecast}}}.actual{{fill:{actual};stroke:{actual}}}.running{{fill:{page}}}.frosted{{stroke:{deadline}}}"
    ".deadline{{stroke:{deadline}}}.deadline-words{{fill:{deadline}}}.now{{stroke:{ink}}}"
)
_SHAPES = (
    f"text{{{FONT};font-size:11px}}.h1{{font-size:20px;font-weight:600}}.sub{{font-size:12.5px}}"
    ".group{font-size:13.5px;font-weight:600}.label{font-size:11.5px}.date{font-weight:600}.clock,.note{font-size:10.5px}"
    ".who,.beside{font-size:10.5px}.who{paint-order:stroke;stroke-width:3px;stroke-linejoin:round}.mark{font-weight:600}"
    ".grid,.day,.rule{fill:none}.plan,.milestone{stroke-width:1.1}"
    ".chain{stroke-width:2.2}.hatched{fill:url(#hatch)}.hatch{stroke-width:1;opacity:.32}.pause{stroke-dasharray:2 3}"
    ".frost{fill:url(#frost)}.frosted{stroke-width:1;opacity:.16}"
    ".forecast{stroke-width:1.2;stroke-dasharray:4 2}.actual{stroke-width:.8}"
    ".deadline{fill:none;stroke-width:2;stroke-dasharray:7 3}.now{fill:none;stroke-width:1.2}"
)
_WHO = ".who{{stroke:{plan}}}"
STYLE = (
    _SHAPES
    + (_RULES + _WHO).format(**_LIGHT)
    + "@media (prefers-color-scheme:dark){"
    + (_RULES + _WHO).format(**_DARK)
    + "}@media print{"
    + (_RULES + _WHO).format(**_LIGHT)
    + "}"
)


def legend(chart: Chart, x: float, y: float, width: float) -> Iterator[str]:
    """The signs that are in the picture, each with its word."""
    at, row = 0.0, 0
    yield f'<g class="legend" transform="translate({x:g} {y:g})"><title>Legend</title>'
    for sign, words in _signs(chart):
        room = 34 + 5.8 * len(words)
        if at + room > width:
            at, row = 0.0, row + 1
        yield f'<g transform="translate({at:g} {22 * row})">{sign}<text class="note" x="34" y="12">{safe(words)}</text></g>'
        at += room + 16
    yield "</g>"


def _signs(chart: Chart) -> Iterator[tuple[str, str]]:
    yield _sign("plan"), "planned"
    yield _sign("plan chain") + _sign("hatched"), "critical chain: a delay here moves the end"
    if any(b.milestone or b.start == b.finish for b in chart.schedule.bookings):
        yield '<path class="milestone" d="M14 1l7 7l-7 7l-7 -7z"/>', "milestone"
    if chart.forecast is not None:
        yield '<rect class="forecast" y="5" width="28" height="5" rx="2"/>', "expected now"
    if chart.actual:
        yield '<rect class="actual" y="5" width="28" height="5" rx="2"/>', "done (not filled: under way)"
    if any(not shade.frozen for shade in chart.shades):
        yield _sign("window"), "window open"
    if any(shade.frozen for shade in chart.shades):
        yield _sign("freeze") + _sign("frost"), "freeze"
    if chart.schedule.deadline is not None:
        yield '<path class="deadline" d="M14 0V16"/>', "deadline"
    yield '<rect class="fold" width="28" height="16"/><text class="folded" x="9" y="11">⋯</text>', "left out: nothing happens"


def _sign(kind: str) -> str:
    return f'<rect class="{kind}" width="28" height="15" rx="2"/>'
