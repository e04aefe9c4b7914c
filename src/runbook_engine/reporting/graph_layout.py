"""Where everything stands in the picture: steps from left to right by what they wait for, in rows like a text, in lanes."""

from collections.abc import Mapping
from dataclasses import field
from graphlib import TopologicalSorter
from itertools import pairwise

from runbook_engine.model.values import dataclass
from runbook_engine.reporting.graph_model import Lane, Node

NODE_WIDTH, NODE_HEIGHT = 204, 82
GAP_X, GAP_Y = 44, 18
SLOT_HEIGHT = 20  # for an arrow that passes by a column
COLUMNS = 5  # in a row of a lane
LANE_HEAD, LANE_PAD, GUTTER = 58, 18, 26
ROW_GAP = 30

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A node with its upper left corner, relative to its lane."""

    node: Node
    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """An arrow: the ends of its pieces. `wraps`: the pieces that go on in the next row, and how high they cross over."""

    points: tuple[Point, ...]
    wraps: Mapping[int, float]
    barrier: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedLane:
    """A lane with all that is in it."""

    lane: Lane
    boxes: tuple[Box, ...]
    paths: tuple[Path, ...]
    columns: int
    height: float


@dataclass(slots=True)
class _Grid:
    """Generations of a lane: the names that stand in each, and the chain of names that each arrow passes."""

    columns: list[list[str]] = field(default_factory=list)
    chains: list[tuple[tuple[str, ...], bool]] = field(default_factory=list)
    left_of: dict[str, list[str]] = field(default_factory=dict)


def lane_width(columns: int) -> float:
    """How wide a lane with so many columns is."""
    return 2 * (LANE_PAD + GUTTER) + columns * NODE_WIDTH + max(0, columns - 1) * GAP_X


def place(lane: Lane) -> PlacedLane:
    """Give every node of a lane its position and every arrow its way."""
    grid = _grid(lane)
    _untangle(grid)
    real = {node.id for node in lane.nodes}
    corners, row_tops, height = _positions(grid, real)
    boxes = tuple(Box(node=n, x=corners[n.id][0], y=corners[n.id][1]) for n in lane.nodes)
    generation = {name: g for g, names in enumerate(grid.columns) for name in names}
    crossings = {name: row_tops[g // COLUMNS] - ROW_GAP / 2 for name, g in generation.items() if g and g % COLUMNS == 0}
    paths = tuple(_path(chain, corners, real, crossings, barrier=barrier) for chain, barrier in grid.chains)
    used = min(COLUMNS, len(grid.columns))
    return PlacedLane(lane=lane, boxes=boxes, paths=paths, columns=used, height=height)


def _grid(lane: Lane) -> _Grid:
    generation = _generations(lane)
    grid = _Grid(columns=[[] for _ in range(max(generation.values(), default=-1) + 1)])
    for node in lane.nodes:
        grid.columns[generation[node.id]].append(node.id)
    for number, link in enumerate(lane.links):
        first, last = generation[link.before], generation[link.after]
        passing = [f"\0{number}:{g}" for g in range(first + 1, last)]
        for g, name in enumerate(passing, first + 1):
            grid.columns[g].append(name)
        chain = (link.before, *passing, link.after)
        for before, after in pairwise(chain):
            grid.left_of.setdefault(after, []).append(before)
        grid.chains.append((chain, link.barrier))
    return grid


def _generations(lane: Lane) -> dict[str, int]:
    """How many steps must come before each: the longest way to it."""
    before: dict[str, set[str]] = {node.id: set() for node in lane.nodes}
    for link in lane.links:
        before[link.after].add(link.before)
    generation: dict[str, int] = {}
    for name in TopologicalSorter(before).static_order():
        generation[name] = max((generation[b] + 1 for b in before[name]), default=0)
    return generation


def _untangle(grid: _Grid) -> None:
    """Order each column by the middle of what points to it, so that few arrows cross."""
    for index in range(1, len(grid.columns)):
        rank = {name: n for n, name in enumerate(grid.columns[index - 1])}

        def middle(name: str, rank: dict[str, int] = rank) -> float:
            ranks = [rank[before] for before in grid.left_of.get(name, []) if before in rank]
            return sum(ranks) / len(ranks) if ranks else float(len(rank))

        grid.columns[index].sort(key=middle)


def _positions(grid: _Grid, real: set[str]) -> tuple[dict[str, Point], list[float], float]:
    """The upper left corner of every name, the upper edge of every row, and the height of the lane."""
    corners: dict[str, Point] = {}
    row_tops: list[float] = []
    top: float = LANE_HEAD
    for start in range(0, len(grid.columns), COLUMNS):
        row = grid.columns[start : start + COLUMNS]
        tall = max(_column_height(names, real) for names in row)
        row_tops.append(top)
        for index, names in enumerate(row):
            y = top + (tall - _column_height(names, real)) / 2
            for name in names:
                corners[name] = (LANE_PAD + GUTTER + index * (NODE_WIDTH + GAP_X), y)
                y += _height(name, real) + GAP_Y
        top += tall + ROW_GAP
    return corners, row_tops, max(top - ROW_GAP, LANE_HEAD) + LANE_PAD


def _height(name: str, real: set[str]) -> float:
    return NODE_HEIGHT if name in real else SLOT_HEIGHT


def _column_height(names: list[str], real: set[str]) -> float:
    return sum(_height(name, real) for name in names) + GAP_Y * max(0, len(names) - 1)


def _path(
    chain: tuple[str, ...], corners: dict[str, Point], real: set[str], crossings: dict[str, float], *, barrier: bool
) -> Path:
    """From the right side of the first node to the left side of the last, straight through the slots between."""
    points: list[Point] = []
    wraps: dict[int, float] = {}
    for index, name in enumerate(chain):
        x, y = corners[name]
        middle = y + _height(name, real) / 2
        if index:
            points.append((x, middle))
            if name in crossings:
                wraps[len(points) - 2] = crossings[name]
        if index < len(chain) - 1:
            points.append((x + NODE_WIDTH, middle))
    return Path(points=tuple(points), wraps=wraps, barrier=barrier)
