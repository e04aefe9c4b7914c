"""Pictures of a plan: SVG for people, Mermaid and DOT for other tools. Shapes and words tell what colours tell."""

from collections.abc import Iterable, Iterator

from rich.cells import cell_len, set_cell_size

from runbook_engine.model.plan import Plan
from runbook_engine.model.words import PhaseId
from runbook_engine.reporting.graph_languages import dot, mermaid
from runbook_engine.reporting.graph_layout import (
    GAP_X,
    GUTTER,
    LANE_PAD,
    NODE_HEIGHT,
    NODE_WIDTH,
    Box,
    Path,
    PlacedLane,
    Point,
    lane_width,
    place,
)
from runbook_engine.reporting.graph_model import Lane, NodeKind, lanes_of
from runbook_engine.reporting.svg_text import FONT, cut, opening, safe
from runbook_engine.reporting.words import count, short_digest

__all__ = ["dot", "mermaid", "svg"]

MARGIN, HEAD, LANE_GAP, LEGEND, TRACK = 28.0, 76.0, 36.0, 96.0, 14.0
LEAST_COLUMNS = 4  # so that the legend has room
TITLE_CELLS, NOTE_CELLS = 25, 30
SLANTED = 2  # fewer where the sides are not straight
STYLE = (
    """
text{FONT;fill:#1b2430}
.h1{font-size:20px;font-weight:600}.sub{font-size:12.5px;fill:#55606e}
.lane{fill:#f7f8fa;stroke:#d5dae1}.lane-title{font-size:15px;font-weight:600}
.tag{font-size:9px;font-weight:600;letter-spacing:.7px}.title{font-size:12.5px}.note{font-size:10.5px;fill:#55606e}
.box{stroke-width:1.4}.legend .box{stroke-width:6}.line{fill:none;stroke:#7b8794;stroke-width:1.3}
.barrier{fill:none;stroke:#37424f;stroke-width:3.2}.phase{fill:none;stroke:#37424f;stroke-width:3.2}
""".strip()
    .replace("\n", "")
    .replace("FONT", FONT)
)
COLOURS = {  # fill, border and tag
    NodeKind.AUTOMATIC: ("#eef4fd", "#3568ad"),
    NodeKind.PERSON: ("#fff5e3", "#a35f00"),
    NodeKind.DECISION: ("#fdebef", "#ab2346"),
    NodeKind.CHECK: ("#eaf7ef", "#2a7549"),
    NodeKind.PAUSE: ("#f1f2f4", "#646f7c"),
    NodeKind.BATCH: ("#eef4fd", "#3568ad"),
}


def svg(plan: Plan) -> str:
    """The plan as one self-contained SVG: a lane per phase, steps from left to right, further batches folded."""
    lanes = [place(lane) for lane in lanes_of(plan)]
    left = MARGIN + TRACK * len(_far_needs(lanes))
    columns = max([LEAST_COLUMNS, *(placed.columns for placed in lanes)])
    width = left + lane_width(columns) + MARGIN
    tops = _tops(lanes)
    height = (tops[-1] + lanes[-1].height if lanes else HEAD) + LEGEND
    parts = [
        *opening(width, height, plan.title, _description(plan)),
        f"<style>{STYLE}</style>{_MARKERS}",
        f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>',
        f'<text class="h1" x="{MARGIN:g}" y="40">{safe(plan.title, 110)}</text>',
        f'<text class="sub" x="{MARGIN:g}" y="61">{safe(_subtitle(plan))}</text>',
    ]
    for placed, top in zip(lanes, tops, strict=True):
        parts += _lane(placed, left, top, lane_width(columns))
    parts += _phase_arrows(lanes, tops, left)
    parts += _legend(MARGIN, height - LEGEND + 30)
    return "\n".join([*parts, "</svg>"]) + "\n"


_MARKERS = (
    '<defs><marker id="thin" viewBox="0 0 8 8" refX="7.4" refY="4" markerWidth="8" markerHeight="8" orient="auto" '
    'markerUnits="userSpaceOnUse"><path d="M0 .8 8 4 0 7.2z" fill="#7b8794"/></marker>'
    '<marker id="thick" viewBox="0 0 12 12" refX="11" refY="6" markerWidth="12" markerHeight="12" orient="auto" '
    'markerUnits="userSpaceOnUse"><path d="M0 .5 12 6 0 11.5z" fill="#37424f"/></marker></defs>'
)


def _subtitle(plan: Plan) -> str:
    hosts = {h for phase in plan.phases for h in phase.hosts}
    sums = [count(len(plan.phases), "phase"), count(len(hosts), "host"), count(plan.tasks, "task")]
    return f"{plan.kind} · plan {short_digest(plan.digest)} · {' · '.join(sums)}"


def _description(plan: Plan) -> str:
    phases = "; ".join(f"{n}. {phase.title}" for n, phase in enumerate(plan.phases, 1))
    return f"The order of work of {plan.title}. Phases: {phases}. {plan.why}"


def _tops(lanes: list[PlacedLane]) -> list[float]:
    tops, top = [], HEAD
    for placed in lanes:
        tops.append(top)
        top += placed.height + LANE_GAP
    return tops


def _lane(placed: PlacedLane, left: float, top: float, width: float) -> Iterator[str]:
    lane = placed.lane
    room = int(width / 6.4)
    yield f'<g transform="translate({left:g} {top:g})"><title>{safe(f"Phase {lane.number}: {lane.title}")}</title>'
    yield f'<rect class="lane" width="{width:g}" height="{placed.height:g}" rx="10"/>'
    yield f'<text class="lane-title" x="{LANE_PAD}" y="25">{lane.number}  {safe(lane.title, room * 2 // 3)}</text>'
    yield f'<text class="sub" x="{LANE_PAD}" y="43">{safe(lane.note, room)}</text>'
    inner = width - LANE_PAD
    for index, path in enumerate(placed.paths):
        yield _arrow(path, index, inner)
    for box in placed.boxes:
        yield from _box(box)
    yield "</g>"


def _arrow(path: Path, index: int, right: float) -> str:
    pieces = [f"M{path.points[0][0]:g} {path.points[0][1]:g}"]
    for number in range(len(path.points) - 1):
        (x1, y1), (x2, y2) = path.points[number], path.points[number + 1]
        if number in path.wraps:
            pieces.append(_wrap((x1, y1), (x2, y2), right, path.wraps[number], index))
        elif y1 == y2:
            pieces.append(f"H{x2:g}")
        else:
            pieces.append(f"C{x1 + GAP_X * 0.6:g} {y1:g} {x2 - GAP_X * 0.6:g} {y2:g} {x2:g} {y2:g}")
    kind, marker = ("barrier", "thick") if path.barrier else ("line", "thin")
    return f'<path class="{kind}" d="{"".join(pieces)}" marker-end="url(#{marker})"/>'


def _wrap(start: Point, end: Point, right: float, between: float, index: int) -> str:
    """From the end of a row, between the rows, to the start of the next; parallel ones keep a distance."""
    shift = (index % 5 - 2) * 4.0
    far, near = max(start[0] + 10, right - GUTTER / 2 + shift), end[0] - GUTTER * 0.7 + shift
    return f"H{far:g}V{between + shift:g}H{near:g}V{end[1]:g}H{end[0]:g}"


def _box(box: Box) -> Iterator[str]:
    fill, border = COLOURS[box.node.kind]
    yield f'<g transform="translate({box.x:g} {box.y:g})"><title>{safe(box.node.detail, 1000)}</title>'
    yield _shape(box.node.kind, fill, border)
    slanted = SLANTED * (box.node.kind in (NodeKind.PERSON, NodeKind.DECISION, NodeKind.PAUSE))
    lines = _two_lines(box.node.title, TITLE_CELLS - slanted)
    yield _centred("tag", 17, box.node.kind.upper(), f' style="fill:{border}"')
    for number, line in enumerate(lines):
        yield _centred("title", 16 * number + (38 if len(lines) == 1 else 35), line)
    yield _centred("note", NODE_HEIGHT - 11, cut(box.node.note, NOTE_CELLS - slanted)) + "</g>"


def _centred(kind: str, y: float, text: str, more: str = "") -> str:
    return f'<text class="{kind}" text-anchor="middle" x="{NODE_WIDTH / 2:g}" y="{y:g}"{more}>{safe(text)}</text>'


def _shape(kind: NodeKind, fill: str, border: str) -> str:
    """Rectangle, trapezoid, hexagon, double frame, rounded ends, stack: one for each kind."""
    w, h = NODE_WIDTH, NODE_HEIGHT
    paint = f'class="box" fill="{fill}" stroke="{border}"'
    plain = f'<rect {paint} width="{w}" height="{h}" rx="7"/>'
    match kind:
        case NodeKind.PERSON:
            return f'<path {paint} d="M0 0H{w}L{w - 9} {h}H9z" stroke-linejoin="round"/>'
        case NodeKind.DECISION:
            return f'<path {paint} d="M14 0H{w - 14}L{w} {h / 2}L{w - 14} {h}H14L0 {h / 2}z" stroke-linejoin="round"/>'
        case NodeKind.CHECK:
            inner = f'<rect fill="none" stroke="{border}" x="4" y="4" width="{w - 8}" height="{h - 8}" rx="2"/>'
            return f'<rect {paint} width="{w}" height="{h}" rx="4"/>{inner}'
        case NodeKind.PAUSE:
            return f'<rect {paint} stroke-dasharray="5 4" width="{w}" height="{h}" rx="{h / 2}"/>'
        case NodeKind.BATCH:
            sheets = "".join(f'<rect {paint} x="{d}" y="{d}" width="{w}" height="{h}" rx="7"/>' for d in (7, 3.5))
            return sheets + plain
        case NodeKind.AUTOMATIC:
            return plain


def _two_lines(title: str, cells: int) -> list[str]:
    first = ""
    words = title.split(" ")
    while words and cell_len(f"{first} {words[0]}".strip()) <= cells:
        first = f"{first} {words.pop(0)}".strip()
    rest = " ".join(words)
    if not first:  # one long word, or a script without spaces
        first = set_cell_size(title, cells).rstrip()
        rest = title[len(first) :]
    return [first, cut(rest, cells)] if rest else [first]


def _far_needs(lanes: list[PlacedLane]) -> list[tuple[int, int]]:
    """The needs that skip lanes: from which to which."""
    return [(a, b) for a, b in _needs([p.lane for p in lanes]) if b != a + 1]


def _needs(lanes: list[Lane]) -> Iterable[tuple[int, int]]:
    index: dict[PhaseId, int] = {lane.id: n for n, lane in enumerate(lanes)}
    return [(index[need], n) for n, lane in enumerate(lanes) for need in lane.needs if need in index]


def _phase_arrows(lanes: list[PlacedLane], tops: list[float], left: float) -> Iterator[str]:
    far = 0
    for before, after in _needs([p.lane for p in lanes]):
        end = tops[before] + lanes[before].height
        if after == before + 1:
            yield f'<path class="phase" d="M{left + 40:g} {end:g}V{tops[after] - 3:g}" marker-end="url(#thick)"/>'
            continue
        far += 1
        track, start = left - TRACK * far, end - 20
        arrow = f"M{left:g} {start:g}H{track:g}V{tops[after] + 22:g}H{left - 3:g}"
        yield f'<path class="phase" d="{arrow}" marker-end="url(#thick)"/>'


def _legend(x: float, y: float) -> Iterator[str]:
    yield f'<g class="legend" transform="translate({x:g} {y:g})"><title>Legend</title>'
    for number, kind in enumerate(NodeKind):
        shape = _shape(kind, *COLOURS[kind])
        at = number * 124
        yield f'<g transform="translate({at} 0) scale(.15)">{shape}</g><text class="note" x="{at + 36}" y="10">{kind}</text>'
    yield '<path class="line" d="M0 34H34" marker-end="url(#thin)"/><text class="note" x="42" y="38">host by host</text>'
    yield '<path class="barrier" d="M124 34H154" marker-end="url(#thick)"/>'
    yield '<text class="note" x="166" y="38">when all hosts have come so far</text></g>'
