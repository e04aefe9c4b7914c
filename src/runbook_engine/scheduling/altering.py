"""Compiled: chance, and small changes of one list."""

import numpy as np

from runbook_engine.scheduling.placing import inner

SWAPPED = 0.08  # how often two neighbours of a child change places
FEWEST, MOST = 3, 14  # jobs of a stretch that is put into another order


@inner
def below(dice, limit):
    """A random number from 0 up to, and without, the limit."""
    x = dice[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    dice[0] = x
    return np.int64((x >> np.uint64(11)) % np.uint64(limit))


@inner
def chance(dice):
    """A random number from 0 up to, and without, 1."""
    return below(dice, 1 << 30) / (1 << 30)


@inner
def linked(web, job, later):
    """Whether the second waits for the first."""
    for x in range(web.sp[job], web.sp[job + 1]):
        if web.si[x] == later:
            return True
    return False


@inner
def swap(web, nest):
    """Let some neighbours in the child's list change places."""
    for x in range(nest.order.size - 1):
        if chance(nest.dice) < SWAPPED and not linked(web, nest.order[x], nest.order[x + 1]):
            job = nest.order[x]
            nest.order[x] = nest.order[x + 1]
            nest.order[x + 1] = job


@inner
def drawn(web, order, place, job_at):
    """Take the job at one place of the list and put it at an earlier one, unless it waits for one of those between."""
    job = order[job_at]
    for x in range(place, job_at):
        if linked(web, order[x], job):
            return
    for x in range(job_at, place, -1):
        order[x] = order[x - 1]
    order[place] = job


@inner
def altered(web, nest, parent):
    """The child is its one parent, a short stretch of which is in another order."""
    n = parent.size
    size = min(n, FEWEST + below(nest.dice, MOST - FEWEST + 1))
    first = below(nest.dice, n - size + 1)
    for x in range(n):
        nest.order[x] = parent[x]
    for x in range(first, first + size - 1):
        drawn(web, nest.order, x, x + below(nest.dice, first + size - x))
