"""Circles among names that hold or need each other, found and cut, so that what is left has an order."""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

MAX_CYCLES = 100  # that are reported at once


def cut_cycles(needs: Mapping[str, Iterable[str]]) -> tuple[dict[str, list[str]], list[list[str]]]:
    """The graph without the edges that close a circle, and the circles: each begins and ends with the same name."""
    graph = {name: list(dict.fromkeys(others)) for name, others in needs.items()}
    cycles: list[list[str]] = []
    while len(cycles) < MAX_CYCLES:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            circle = _from_smallest(list(reversed(error.args[1][:-1])))
            cycles.append([*circle, circle[0]])
            graph[circle[-1]].remove(circle[0])
        else:
            return graph, cycles
    return {name: [] for name in graph}, cycles


def _from_smallest(circle: list[str]) -> list[str]:
    start = circle.index(min(circle))
    return circle[start:] + circle[:start]


def in_order(needs: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Every name after all that it needs. The graph has no circles."""
    return tuple(TopologicalSorter(needs).static_order())
