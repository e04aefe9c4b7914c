"""Compiled: a population of schedules from which better ones are bred. The rules are those of a genetic algorithm.

A child takes a busy stretch of one parent as it is, and what lies around it in the order of the other. It takes the place of
the worse of its parents, unless it is worse itself, so that the population keeps its variety for long.
"""

from collections import namedtuple

import numpy as np
from numba import njit

from runbook_engine.scheduling.placing import INNER, copy, drawn_together

Herd = namedtuple("Herd", "order start span sign best")  # `best` ends with its span
Nest = namedtuple("Nest", "late weight left open order start dice")

SWAPPED = 0.08  # how often two neighbours of a child change places
TWO_CUTS = 0.2  # how many children come from two cuts instead of a busy stretch
GOES = 8  # stretches of which the busiest is taken
SHORTEST, LONGEST = 0.15, 0.6  # of a stretch, in parts of the list
IN, BEFORE, AFTER, DONE = 3, 1, 2, 4  # where a job stands beside the stretch


@INNER
def below(dice, limit):
    """A random number from 0 up to, and without, the limit."""
    x = dice[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    dice[0] = x
    return np.int64((x >> np.uint64(11)) % np.uint64(limit))


@INNER
def chance(dice):
    """A random number from 0 up to, and without, 1."""
    return below(dice, 1 << 30) / (1 << 30)


@INNER
def first_of(nest, count, noise):
    """Which of the jobs that can come next does: early ends first, more or less."""
    best = 0
    lowest = 1e18
    for x in range(count):
        value = nest.late[nest.open[x]] + noise * chance(nest.dice)
        if value < lowest:
            lowest = value
            best = x
    return best


@INNER
def sample(web, nest, noise, out):
    """A random list that follows the links."""
    count = 0
    for job in range(out.size):
        nest.left[job] = web.pp[job + 1] - web.pp[job]
        if nest.left[job] == 0:
            nest.open[count] = job
            count += 1
    for x in range(out.size):
        at = first_of(nest, count, noise)
        job = nest.open[at]
        count -= 1
        nest.open[at] = nest.open[count]
        out[x] = job
        for y in range(web.sp[job], web.sp[job + 1]):
            nest.left[web.si[y]] -= 1
            if nest.left[web.si[y]] == 0:
                nest.open[count] = web.si[y]
                count += 1


@INNER
def taken(nest, parent, x, y, at, limit):
    """Copy jobs of the parent that the child does not have yet, from place x up to y, while there is room."""
    while x < y and at < limit:
        job = parent[x]
        if nest.left[job] != DONE:
            nest.order[at] = job
            nest.left[job] = DONE
            at += 1
        x += 1
    return at


@INNER
def two_cuts(nest, one, other):
    """The child has head and tail of one parent and between them the order of the other."""
    n = one.size
    x = below(nest.dice, n)
    y = below(nest.dice, n)
    if x > y:
        x, y = y, x
    for job in range(n):
        nest.left[job] = 0
    at = taken(nest, one, 0, n, 0, x)
    at = taken(nest, other, 0, n, at, y)
    taken(nest, one, 0, n, at, n)


@INNER
def busy(nest, order, start):
    """A stretch of a list which does much work for the time that it covers."""
    most = -1.0
    first = 0
    last = order.size
    for _ in range(GOES):
        size = max(2, int(order.size * (SHORTEST + (LONGEST - SHORTEST) * chance(nest.dice))))
        x = below(nest.dice, order.size - size + 1)
        work = 0.0
        for y in range(x, x + size):
            work += nest.weight[order[y]]
        work /= start[order[x + size - 1]] - start[order[x]] + 1
        if work > most:
            most = work
            first = x
            last = x + size
    return first, last


@INNER
def touches(job, pointers, jobs, left, side):
    """Whether one of the neighbours of a job in the net is in the stretch or on this side of it."""
    for x in range(pointers[job], pointers[job + 1]):
        if left[jobs[x]] == IN or left[jobs[x]] == side:
            return True
    return False


@INNER
def mark(web, nest, order, first, last):
    """Say of each job whether it is in the stretch, has to come before it, or after it."""
    for job in range(order.size):
        nest.left[job] = 0
    for x in range(first, last):
        nest.left[order[x]] = IN
    for x in range(last - 1, -1, -1):
        if nest.left[order[x]] == 0 and touches(order[x], web.sp, web.si, nest.left, BEFORE):
            nest.left[order[x]] = BEFORE
    for x in range(first, order.size):
        if nest.left[order[x]] == 0 and touches(order[x], web.pp, web.pi, nest.left, AFTER):
            nest.left[order[x]] = AFTER


@INNER
def stretch(web, nest, one, start, other):
    """The child has a busy stretch of one parent, and what is before and after it in the order of the other."""
    first, last = busy(nest, one, start)
    mark(web, nest, one, first, last)
    middle = 0
    for x in range(other.size):
        if nest.left[other[x]] == IN:
            middle += x
    middle //= last - first
    at = 0
    for x in range(other.size):
        side = nest.left[other[x]]
        if side == BEFORE or (side == 0 and x < middle):
            nest.order[at] = other[x]
            nest.left[other[x]] = DONE
            at += 1
    at = taken(nest, one, first, last, at, one.size)
    taken(nest, other, 0, other.size, at, one.size)


@INNER
def linked(web, job, later):
    """Whether the second waits for the first."""
    for x in range(web.sp[job], web.sp[job + 1]):
        if web.si[x] == later:
            return True
    return False


@INNER
def swap(web, nest):
    """Let some neighbours in the child's list change places."""
    for x in range(nest.order.size - 1):
        if chance(nest.dice) < SWAPPED and not linked(web, nest.order[x], nest.order[x + 1]):
            job = nest.order[x]
            nest.order[x] = nest.order[x + 1]
            nest.order[x + 1] = job


@INNER
def signed(start):
    """A number that hardly any two schedules share."""
    sign = 0
    for job in range(start.size):
        sign += start[job] * (job * job + 7 * job + 1)
    return sign


@INNER
def keep(herd, place, order, start, span, sign):
    """Put a schedule into the population, and remember it if it is the best so far."""
    for x in range(order.size):
        herd.order[place, x] = order[x]
        herd.start[place, x] = start[x]
    herd.span[place] = span
    herd.sign[place] = sign
    if span < herd.best[start.size]:
        copy(start, herd.best)
        herd.best[start.size] = span


@INNER
def twin(herd, span, sign):
    """Whether the population has this schedule."""
    for x in range(herd.span.size):
        if herd.sign[x] == sign and herd.span[x] == span:
            return True
    return False


@INNER
def tournament(herd, dice):
    """The better of two."""
    one = below(dice, herd.span.size)
    other = below(dice, herd.span.size)
    return other if herd.span[other] < herd.span[one] else one


@INNER
def mate(web, herd, nest, one, other):
    """Make the list of a child."""
    if chance(nest.dice) >= TWO_CUTS:
        stretch(web, nest, herd.order[one], herd.start[one], herd.order[other])
    elif chance(nest.dice) < 0.5:
        two_cuts(nest, herd.order[one], herd.order[other])
    else:
        two_cuts(nest, herd.order[other], herd.order[one])
    swap(web, nest)


@INNER
def settle(web, desk, herd, nest, bound):
    """Fill the population with random schedules. Returns how many jobs were placed."""
    work = 0
    widest = 0.0
    for job in range(nest.late.size):
        widest = max(widest, nest.late[job])
    for place in range(herd.span.size):
        sample(web, nest, (0.4 * widest + 1) * chance(nest.dice), nest.order)
        span, placed = drawn_together(web, desk, nest.order, nest.start)
        keep(herd, place, nest.order, nest.start, span, signed(nest.start))
        work += placed
        if span <= bound:
            break
    return work


@njit(nogil=True, cache=True, error_model="numpy")
def breed(web, desk, herd, nest, fresh, bound, budget):
    """Breed until about `budget` jobs are placed or the bound is met. Returns how many were, and how many children got in."""
    work = settle(web, desk, herd, nest, bound) if fresh else 0
    better = 0
    while work < budget and herd.best[nest.late.size] > bound:
        one = tournament(herd, nest.dice)
        other = below(nest.dice, herd.span.size)
        while other == one:
            other = below(nest.dice, herd.span.size)
        mate(web, herd, nest, one, other)
        span, placed = drawn_together(web, desk, nest.order, nest.start)
        work += placed
        worse = one if herd.span[one] >= herd.span[other] else other
        sign = signed(nest.start)
        if span <= herd.span[worse] and not twin(herd, span, sign):
            better += span < herd.span[worse]
            keep(herd, worse, nest.order, nest.start, span, sign)
    return work, better
