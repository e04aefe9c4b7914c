"""Compiled: a population of schedules from which better ones are bred."""

from collections import namedtuple

import numpy as np
from numba import njit

from runbook_engine.scheduling.placing import drawn_together

Herd = namedtuple("Herd", "order start span sign")  # noqa: PYI024 - numba wants it plain


@njit(nogil=True, cache=True)
def below(dice, n):
    """A random number from 0 up to, and without, n."""
    x = dice[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    dice[0] = x
    return np.int64((x >> np.uint64(11)) % np.uint64(n))


@njit(nogil=True, cache=True)
def chance(dice):
    return below(dice, 1 << 30) / (1 << 30)


@njit(nogil=True, cache=True)
def sample(web, dice, late, noise, out, left, open_):
    """A random list that follows the links, those that must end early tend to come first."""
    n = out.size
    m = 0
    for job in range(n):
        left[job] = web.pp[job + 1] - web.pp[job]
        if left[job] == 0:
            open_[m] = job
            m += 1
    for x in range(n):
        best = 0
        lowest = 1e18
        for y in range(m):
            value = late[open_[y]] + noise * chance(dice)
            if value < lowest:
                lowest = value
                best = y
        job = open_[best]
        m -= 1
        open_[best] = open_[m]
        out[x] = job
        for y in range(web.sp[job], web.sp[job + 1]):
            left[web.si[y]] -= 1
            if left[web.si[y]] == 0:
                open_[m] = web.si[y]
                m += 1


@njit(nogil=True, cache=True)
def two_point(dice, a, b, child, used):
    n = child.size
    q1 = below(dice, n)
    q2 = below(dice, n)
    if q1 > q2:
        q1, q2 = q2, q1
    used[:] = 0
    child[:q1] = a[:q1]
    for x in range(q1):
        used[child[x]] = 1
    c = q1
    for x in range(n):
        if c > q2:
            break
        j = b[x]
        if not used[j]:
            child[c] = j
            used[j] = 1
            c += 1
    for x in range(n):
        j = a[x]
        if not used[j]:
            child[c] = j
            c += 1


@njit(nogil=True, cache=True)
def block(web, a, b, q1, q2, child, mark, place):
    """The block a[q1:q2] stays together, what is around it comes in the order of b."""
    n = child.size
    mark[:] = 0
    for x in range(q1, q2):
        mark[a[x]] = 3
    for x in range(q2 - 1, -1, -1):
        j = a[x]
        if mark[j] == 0:
            for y in range(web.sp[j], web.sp[j + 1]):
                s = mark[web.si[y]]
                if s == 3 or s == 1:
                    mark[j] = 1
                    break
    for x in range(q1, n):
        j = a[x]
        if mark[j] == 0:
            for y in range(web.pp[j], web.pp[j + 1]):
                s = mark[web.pi[y]]
                if s == 3 or s == 2:
                    mark[j] = 2
                    break
    total = 0
    for x in range(n):
        if mark[b[x]] == 3:
            total += x
    cut = total // (q2 - q1)
    c = 0
    for x in range(n):
        j = b[x]
        if mark[j] == 1 or (mark[j] == 0 and x < cut):
            child[c] = j
            mark[j] = 4
            c += 1
    for x in range(q1, q2):
        child[c] = a[x]
        mark[a[x]] = 4
        c += 1
    for x in range(n):
        j = b[x]
        if mark[j] != 4:
            child[c] = j
            c += 1


@njit(nogil=True, cache=True)
def busiest(web, dice, weight, start, order, goes, lo_part, hi_part):
    """A block of a list that does much work for the time it covers."""
    n = order.size
    best = -1.0
    b1 = 0
    b2 = n
    for _ in range(goes):
        size = max(2, int(n * (lo_part + (hi_part - lo_part) * chance(dice))))
        q1 = below(dice, n - size + 1)
        work = 0.0
        for x in range(q1, q1 + size):
            work += weight[order[x]]
        time = start[order[q1 + size - 1]] - start[order[q1]] + 1
        if work / time > best:
            best = work / time
            b1 = q1
            b2 = q1 + size
    return b1, b2


@njit(nogil=True, cache=True)
def resample(web, dice, late, noise, order, q1, q2, out, left, open_):
    """A copy of the list in which the part q1:q2 has a new random order that follows the links."""
    out[:] = order
    left[:] = 1 << 30
    for x in range(q1, q2):
        left[order[x]] = 0
    for x in range(q1, q2):
        j = order[x]
        for y in range(web.sp[j], web.sp[j + 1]):
            left[web.si[y]] += 1
    m = 0
    for x in range(q1, q2):
        j = order[x]
        if left[j] == 0:
            open_[m] = j
            m += 1
    for x in range(q1, q2):
        best = 0
        lowest = 1e18
        for y in range(m):
            v = late[open_[y]] + noise * chance(dice)
            if v < lowest:
                lowest = v
                best = y
        j = open_[best]
        m -= 1
        open_[best] = open_[m]
        out[x] = j
        for y in range(web.sp[j], web.sp[j + 1]):
            s = web.si[y]
            left[s] -= 1
            if left[s] == 0:
                open_[m] = s
                m += 1


@njit(nogil=True, cache=True)
def swaps(web, dice, child, rate):
    for x in range(child.size - 1):
        if chance(dice) < rate:
            i = child[x]
            j = child[x + 1]
            linked = False
            for y in range(web.sp[i], web.sp[i + 1]):
                if web.si[y] == j:
                    linked = True
            if not linked:
                child[x] = j
                child[x + 1] = i


@njit(nogil=True, cache=True)
def signed(start):
    h = 0
    for i in range(start.size):
        h += start[i] * (i * i + 7 * i + 1)
    return h


@njit(nogil=True, cache=True)
def breed(web, desk, herd, P, fresh, late, weight, dice, best, bound, budget, knobs, left, open_, child, cstart):
    """Returns work done, children that got in."""
    n = child.size
    work = 0
    kept = 0
    made = 0
    if fresh:
        top = late.max() * 0.4 + 1
        for a in range(P):
            sample(web, dice, late, 0.0 if (a == 0 and knobs[9]) else top * chance(dice), herd.order[a], left, open_)
            f, w = drawn_together(web, desk, herd.order[a], herd.start[a])
            herd.span[a] = f
            herd.sign[a] = signed(herd.start[a])
            work += w
            if f < best[n]:
                best[n] = f
                best[:n] = herd.start[a]
                if f <= bound:
                    return work, 1, made
    while work < budget:
        a = below(dice, P)
        c = below(dice, P)
        if herd.span[c] < herd.span[a]:
            a = c
        b = below(dice, P)
        while b == a:
            b = below(dice, P)
        u = chance(dice)
        if u < knobs[0]:
            if chance(dice) < 0.5:
                two_point(dice, herd.order[a], herd.order[b], child, left)
            else:
                two_point(dice, herd.order[b], herd.order[a], child, left)
            swaps(web, dice, child, knobs[3])
        elif u < knobs[0] + knobs[1]:
            q1, q2 = busiest(web, dice, weight, herd.start[a], herd.order[a], int(knobs[4]), knobs[5], knobs[6])
            block(web, herd.order[a], herd.order[b], q1, q2, child, left, open_)
            swaps(web, dice, child, knobs[3])
        else:
            b = a
            size = min(n, max(2, int(knobs[7])))
            size = max(2, below(dice, size) + 1)
            q1 = below(dice, n - size + 1)
            resample(web, dice, late, knobs[8] * chance(dice) * late.max(), herd.order[a], q1, q1 + size, child, left, open_)
        f, w = drawn_together(web, desk, child, cstart)
        work += w
        made += 1
        if f < best[n]:
            best[n] = f
            best[:n] = cstart
            if f <= bound:
                return work, kept + 1, made
        h = signed(cstart)
        twin = False
        worst = 0
        for x in range(P):
            if herd.sign[x] == h and herd.span[x] == f:
                twin = True
                break
            if herd.span[x] > herd.span[worst]:
                worst = x
        if knobs[10] == 1:  # crowding: the worse of the parents goes
            worst = a if herd.span[a] >= herd.span[b] else b
        elif knobs[10] == 2:
            # random among four, the worst of them
            worst = below(dice, P)
            for _ in range(3):
                x = below(dice, P)
                if herd.span[x] > herd.span[worst]:
                    worst = x
        if not twin and f <= herd.span[worst]:
            if f < herd.span[worst]:
                kept += 1
            herd.order[worst] = child
            herd.start[worst] = cstart
            herd.span[worst] = f
            herd.sign[worst] = h
    return work, kept, made
