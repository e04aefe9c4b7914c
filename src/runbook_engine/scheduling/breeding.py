"""Compiled: a population of schedules from which better ones are bred. The rules are those of a genetic algorithm.

A child takes a busy stretch of one parent as it is, and what lies around it in the order of the other. It takes the place of
the worse of its parents, unless it is worse itself, so that the population keeps its variety for long.
"""

from collections import namedtuple

from runbook_engine.scheduling.altering import altered, below, chance, swap
from runbook_engine.scheduling.placing import copy, drawn_together, entry, inner

Herd = namedtuple("Herd", "order start worth sign best")  # `best` ends with its span
Nest = namedtuple("Nest", "late weight rest habits left open order start dice")

ALTERED, RANKED = 0, 1  # habits: how many children are one parent altered, and whether those of equal span are told apart

TWO_CUTS = 0.2  # how many children come from two cuts instead of a busy stretch
GOES = 8  # stretches of which the busiest is taken
SHORTEST, LONGEST = 0.15, 0.6  # of a stretch, in parts of the list
IN, BEFORE, AFTER, DONE = 3, 1, 2, 4  # where a job stands beside the stretch


@inner
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


@inner
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


@inner
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


@inner
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


@inner
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


@inner
def touches(job, pointers, jobs, left, side):
    """Whether one of the neighbours of a job in the net is in the stretch or on this side of it."""
    for x in range(pointers[job], pointers[job + 1]):
        if left[jobs[x]] == IN or left[jobs[x]] == side:
            return True
    return False


@inner
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


@inner
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


@inner
def signed(start):
    """A number that hardly any two schedules share."""
    sign = 0
    for job in range(start.size):
        sign += start[job] * (job * job + 7 * job + 1)
    return sign


@inner
def worth(web, nest, span):
    """By span; among equals, if they are told apart, the fewer jobs are in the way of a shorter schedule the better."""
    late = 0
    if nest.habits[RANKED] > 0:
        for job in range(nest.start.size):
            late += nest.start[job] + web.dur[job] + nest.rest[job] >= span
    return span * (nest.start.size + 1) + late


@inner
def keep(herd, place, order, start, value, sign):
    """Put a schedule into the population, and remember it if it is the best so far."""
    span = value // (start.size + 1)
    for x in range(order.size):
        herd.order[place, x] = order[x]
        herd.start[place, x] = start[x]
    herd.worth[place] = value
    herd.sign[place] = sign
    if span < herd.best[start.size]:
        copy(start, herd.best)
        herd.best[start.size] = span


@inner
def twin(herd, value, sign):
    """Whether the population has this schedule."""
    for x in range(herd.worth.size):
        if herd.sign[x] == sign and herd.worth[x] == value:
            return True
    return False


@inner
def tournament(herd, dice):
    """The better of two."""
    one = below(dice, herd.worth.size)
    other = below(dice, herd.worth.size)
    return other if herd.worth[other] < herd.worth[one] else one


@inner
def mate(web, herd, nest, one, other):
    """Make the list of a child."""
    if chance(nest.dice) >= TWO_CUTS:
        stretch(web, nest, herd.order[one], herd.start[one], herd.order[other])
    elif chance(nest.dice) < 0.5:
        two_cuts(nest, herd.order[one], herd.order[other])
    else:
        two_cuts(nest, herd.order[other], herd.order[one])
    swap(web, nest)


@inner
def settle(web, desk, herd, nest, bound):
    """Fill the population with random schedules. Returns how many jobs were placed."""
    work = 0
    widest = 0.0
    for job in range(nest.late.size):
        widest = max(widest, nest.late[job])
    for place in range(herd.worth.size):
        sample(web, nest, (0.4 * widest + 1) * chance(nest.dice), nest.order)
        span, placed = drawn_together(web, desk, nest.order, nest.start)
        keep(herd, place, nest.order, nest.start, worth(web, nest, span), signed(nest.start))
        work += placed
        if span <= bound:
            break
    return work


@inner
def parents(web, herd, nest):
    """Make the list of a child. Returns the places of its parents, which are the same if it has one only."""
    one = tournament(herd, nest.dice)
    if nest.habits[ALTERED] > 0 and chance(nest.dice) < nest.habits[ALTERED]:
        altered(web, nest, herd.order[one])
        return one, one
    other = below(nest.dice, herd.worth.size)
    while other == one:
        other = below(nest.dice, herd.worth.size)
    mate(web, herd, nest, one, other)
    return one, other


@entry
def breed(web, desk, herd, nest, fresh, bound, budget):
    """Breed until about `budget` jobs are placed or the bound is met. Returns how many were, and how many children got in."""
    work = settle(web, desk, herd, nest, bound) if fresh else 0
    better = 0
    while work < budget and herd.best[nest.late.size] > bound:
        one, other = parents(web, herd, nest)
        span, placed = drawn_together(web, desk, nest.order, nest.start)
        work += placed
        worse = one if herd.worth[one] >= herd.worth[other] else other
        value = worth(web, nest, span)
        sign = signed(nest.start)
        if value <= herd.worth[worse] and not twin(herd, value, sign):
            better += value < herd.worth[worse]
            keep(herd, worse, nest.order, nest.start, value, sign)
    return work, better
