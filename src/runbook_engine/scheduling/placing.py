"""Compiled: jobs of a list put one after the other where they fit first, and schedules drawn together from both ends.

Arrays and plain loops: numba compiles those soonest. `Web` is a project in this form; `Desk` holds what is written while it
is worked on. Each function is kept on disk by itself: a process that is ended while it compiles has not done so for nothing.
It is kept under a name that follows from all their sources: after a change of any of them it is made anew.
"""

import hashlib
from collections import namedtuple
from pathlib import Path
from typing import Any

from numba import njit

Web = namedtuple("Web", "dur need full guard pp pi sp si slots")
Desk = namedtuple("Desk", "times free last start back order turned count")

_SOURCES = ("placing.py", "altering.py", "breeding.py")
_MARK = hashlib.sha256(b"".join((Path(__file__).parent / name).read_bytes() for name in _SOURCES)).hexdigest()[:12]
_HOW: Any = {"nogil": True, "cache": True, "error_model": "numpy"}
_INNER: Any = {**_HOW, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def entry(function: Any) -> Any:
    """Compiled at its first call, or taken from the disk."""
    function.__qualname__ = f"{function.__name__}-{_MARK}"
    return njit(**_HOW)(function)


def inner(function: Any) -> Any:
    """The same for what is called by compiled functions only, which is half the work to compile."""
    function.__qualname__ = f"{function.__name__}-{_MARK}"
    return njit(**_INNER)(function)


@inner
def copy(source, target):
    """Overwrite."""
    for x in range(source.size):
        target[x] = source[x]


@inner
def fits(web, desk, job, slot):
    """Whether the job finds all that it needs in this slot (or after this event)."""
    for word in range(web.full.size):
        if (desk.free[word, slot] - web.need[word, job]) & web.guard[word] != web.guard[word]:
            return False
    return True


@inner
def place(web, desk, job, start):
    """Put the job into the first gap from `start` on; each slot is looked at once."""
    length = web.dur[job]
    clear = start  # up to here it fits
    while True:
        slot = start + length - 1
        while slot >= clear and fits(web, desk, job, slot):
            slot -= 1
        if slot < clear:
            break
        clear = start + length
        start = slot + 1
    for word in range(web.full.size):
        need = web.need[word, job]
        for slot in range(start, start + length):
            desk.free[word, slot] -= need
    return start


@inner
def clean(web, desk):
    """Empty what the last schedule has taken."""
    if web.slots:
        for word in range(web.full.size):
            for slot in range(desk.last[0]):
                desk.free[word, slot] = web.full[word]
    else:
        desk.last[1] = 1
        desk.times[0] = 0
        for word in range(web.full.size):
            desk.free[word, 0] = web.full[word]


@inner
def event_at(desk, time):
    """The last event that is not after the time."""
    low = 0
    high = desk.last[1]
    while high - low > 1:
        middle = (low + high) // 2
        if desk.times[middle] <= time:
            low = middle
        else:
            high = middle
    return low


@inner
def split(web, desk, event, time):
    """Make an event at this time, which lies in the stretch after `event`; returns its place."""
    if desk.times[event] == time:
        return event
    for other in range(desk.last[1], event + 1, -1):
        desk.times[other] = desk.times[other - 1]
    desk.times[event + 1] = time
    for word in range(web.full.size):
        for other in range(desk.last[1], event, -1):
            desk.free[word, other] = desk.free[word, other - 1]
    desk.last[1] += 1
    return event + 1


@inner
def place_between(web, desk, job, start):
    """The same as `place` by events instead of slots: what lasts long costs no more than what is short."""
    length = web.dur[job]
    first = event_at(desk, start)
    event = first
    while event < desk.last[1] and desk.times[event] < start + length:
        if not fits(web, desk, job, event):
            first = event + 1
            start = desk.times[first]
        event += 1
    first = split(web, desk, first, start)
    event = first
    while event + 1 < desk.last[1] and desk.times[event + 1] <= start + length:
        event += 1
    last = split(web, desk, event, start + length)
    for word in range(web.full.size):
        for event in range(first, last):
            desk.free[word, event] -= web.need[word, job]
    return start


@inner
def listed(web, desk, order, pp, pi, start):
    """Put each job where it fits first, in this order. Returns when the last one is over."""
    clean(web, desk)
    span = 0
    for y in range(order.size):
        job = order[y]
        ready = 0
        for x in range(pp[job], pp[job + 1]):
            ready = max(ready, start[pi[x]] + web.dur[pi[x]])
        if web.dur[job] > 0:
            ready = place(web, desk, job, ready) if web.slots else place_between(web, desk, job, ready)
        start[job] = ready
        span = max(span, ready + web.dur[job])
    desk.last[0] = span
    return span


@inner
def counted(base, key, count, out):
    """The jobs by rising key; those with equal keys in the order of `base`."""
    top = 0
    for x in range(base.size):
        top = max(top, key[base[x]])
    for x in range(top + 2):
        count[x] = 0
    for x in range(base.size):
        count[key[base[x]] + 1] += 1
    for x in range(top + 1):
        count[x + 1] += count[x]
    for x in range(base.size):
        at = key[base[x]]
        out[count[at]] = base[x]
        count[at] += 1


@inner
def inserted(base, key, out):
    """The same where keys are large; quick because `base` is nearly in order."""
    for x in range(base.size):
        job = base[x]
        y = x
        while y > 0 and key[out[y - 1]] > key[job]:
            out[y] = out[y - 1]
            y -= 1
        out[y] = job


@inner
def sort(web, desk, base, key, out):
    """The jobs by rising key; equal ones as in `base`, so that jobs which take no time stay in their order."""
    if web.slots:
        counted(base, key, desk.count, out)
    else:
        inserted(base, key, out)


@inner
def turn(web, desk, order, start, span):
    """From the starts of a schedule: the list of its jobs read from the end, in `desk.turned`."""
    for x in range(order.size):
        desk.order[x] = order[order.size - 1 - x]
        desk.back[x] = span - start[x] - web.dur[x]
    sort(web, desk, desk.order, desk.back, desk.turned)


@inner
def drawn_together(web, desk, order, start):
    """Schedule the list, then push all to the end and back to the start, as long as that helps.

    `order` becomes the list of the schedule in `start`. Returns when it is over and how many jobs were placed.
    """
    span = listed(web, desk, order, web.pp, web.pi, start)
    work = order.size
    while True:
        turn(web, desk, order, start, span)
        end = listed(web, desk, desk.turned, web.sp, web.si, desk.back)
        for x in range(order.size):
            desk.start[x] = end - desk.back[x] - web.dur[x]
            desk.order[x] = desk.turned[order.size - 1 - x]
        sort(web, desk, desk.order, desk.start, desk.turned)
        after = listed(web, desk, desk.turned, web.pp, web.pi, desk.start)
        work += 2 * order.size
        if after <= span:
            copy(desk.turned, order)
            copy(desk.start, start)
        if after >= span:
            break
        span = after
    copy(order, desk.order)
    sort(web, desk, desk.order, start, order)
    return span, work
