"""What sorted spans of slots come to together: in both, in any, in one and not the other."""

from collections.abc import Iterable, Iterator, Sequence

from runbook_engine.model.jobs import Spans


def common(one: Sequence[tuple[int, int]], other: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What is in both."""
    a = b = 0
    while a < len(one) and b < len(other):
        begin, end = max(one[a][0], other[b][0]), min(one[a][1], other[b][1])
        if begin < end:
            yield begin, end
        if one[a][1] < other[b][1]:
            a += 1
        else:
            b += 1


def minus(whole: Spans, taken: Spans) -> Spans:
    """The parts of spans that lie in no other."""
    return tuple(_left(whole, taken))


def shortened(spans: Spans, by: int) -> Spans:
    """The same spans, each of which ends so much earlier."""
    return tuple((begin, end - by) for begin, end in spans if end - by > begin) if by > 0 else spans


def joined(*many: Spans) -> Spans:
    """The slots that lie in any of them."""
    return merged(sorted(span for spans in many for span in spans))


def merged(pairs: Iterable[tuple[int, int]]) -> Spans:
    """Sorted spans, of which those that touch or overlap are one."""
    made: list[tuple[int, int]] = []
    for begin, end in pairs:
        if made and begin <= made[-1][1]:
            made[-1] = (made[-1][0], max(end, made[-1][1]))
        else:
            made.append((begin, end))
    return tuple(made)


def _left(whole: Spans, taken: Spans) -> Iterator[tuple[int, int]]:
    number = 0
    for begin, end in whole:
        while number < len(taken) and taken[number][1] <= begin:
            number += 1
        at, look = begin, number
        while look < len(taken) and taken[look][0] < end:
            if taken[look][0] > at:
                yield at, taken[look][0]
            at = max(at, taken[look][1])
            look += 1
        if at < end:
            yield at, end
