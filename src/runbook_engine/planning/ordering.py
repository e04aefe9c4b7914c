"""Order: each after what it needs, as written where that leaves a choice; circles; what comes before what.

What is written in such an order already, as nearly every runbook is, needs no graph; then the graph library, which takes
longer to load than everything else in planning, is not loaded.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import networkx as nx

N = TypeVar("N", bound=Hashable)


class Circle(ValueError):
    """They wait for each other."""


def in_sequence(written: Sequence[N], edges: Iterable[tuple[N, N]]) -> list[N]:
    """`written` in an order that respects the edges, each from what comes before to what comes after. Raises Circle."""
    number = {name: n for n, name in enumerate(written)}
    pairs = [*edges]
    if all(number[before] < number[after] for before, after in pairs):
        return [*number]
    import networkx as nx

    graph: nx.DiGraph[N] = nx.DiGraph()
    graph.add_nodes_from(number)
    graph.add_edges_from(pairs)
    try:
        return [*nx.lexicographical_topological_sort(graph, key=lambda name: number[name])]
    except nx.NetworkXUnfeasible as error:
        raise Circle from error


def circles(written: Iterable[N], edges: Iterable[tuple[N, N]]) -> Iterator[list[N]]:
    """One circle of each knot of names that wait for each other. What is not `written` comes before all else."""
    number = {name: n for n, name in enumerate(written)}
    pairs = [*edges]
    if all(number.get(before, -1) < number[after] for before, after in pairs):
        return
    import networkx as nx

    graph: nx.DiGraph[N] = nx.DiGraph()
    graph.add_nodes_from(number)
    graph.add_edges_from(pairs)
    for knot in nx.strongly_connected_components(graph):
        name = next(iter(knot))
        if len(knot) > 1 or graph.has_edge(name, name):
            edges_of_circle = nx.find_cycle(graph.subgraph(knot))
            yield [before for before, *_ in reversed(edges_of_circle)]


def ancestors(edges: Iterable[tuple[N, N]]) -> Callable[[N], frozenset[N]]:
    """What surely comes before a name; found out when it is asked for."""
    pairs = [*edges]

    @cache
    def graph() -> "nx.DiGraph[N]":
        import networkx as nx

        return nx.DiGraph(pairs)

    @cache
    def of(name: N) -> frozenset[N]:
        import networkx as nx

        return frozenset(nx.ancestors(graph(), name)) if name in graph() else frozenset()

    return of
