# pyright: basic, reportMissingImports=false
"""Compiled passes of large survival fits: one likelihood of Cox's model, and concordance by counting trees.

Imported only where numba is installed and the data are large; ``cox`` and ``survival_concordance`` give the same numbers without it.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit


def jit(function):
    """Compile without the global lock; keep the compiled code on disk where that is possible."""
    options = {"nogil": True, "fastmath": {"contract", "nsz", "reassoc"}, "error_model": "numpy"}
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:  # no folder for the cache can be written
        return njit(**options)(function)


@jit
def cox_pass(x, eta, risk, weight, event, time, stratum, efron):
    """Log likelihood, score (p,), what the means take off the information (p, p), and the load of each row (n,).

    Rows stand in order of stratum and time. A first walk, from the last row to the first, keeps the sums over those at risk; a second one
    gives each row the hazard it was exposed to. The information is (x * load) x' less the third of these.
    """
    p, n = x.shape
    value = 0.0
    score, taken = np.zeros(p), np.zeros((p, p))
    s0, d0, deaths, loaded = 0.0, 0.0, 0, 0.0
    s1, d1, mean = np.zeros(p), np.zeros(p), np.zeros(p)
    rate, own = np.zeros(n), np.zeros(n)
    for i in range(n - 1, -1, -1):
        if i == n - 1 or stratum[i] != stratum[i + 1]:
            s0 = 0.0
            s1[:] = 0.0
        r = risk[i] * weight[i]
        s0 += r
        for j in range(p):
            s1[j] += r * x[j, i]
        if event[i]:
            deaths += 1
            loaded += weight[i]
            value += weight[i] * eta[i]
            d0 += r
            for j in range(p):
                score[j] += weight[i] * x[j, i]
                d1[j] += r * x[j, i]
        if deaths and (i == 0 or time[i - 1] != time[i] or stratum[i - 1] != stratum[i]):
            steps = deaths if efron else 1
            part = loaded / steps
            for step in range(steps):
                share = step / steps
                inverse = 1.0 / (s0 - share * d0)
                value += part * math.log(inverse)
                rate[i] += part * inverse
                own[i] += share * part * inverse
                for j in range(p):
                    mean[j] = (s1[j] - share * d1[j]) * inverse
                    a = part * mean[j]
                    score[j] -= a
                    for k in range(j + 1):
                        taken[j, k] += a * mean[k]
            deaths, loaded, d0 = 0, 0.0, 0.0
            d1[:] = 0.0
    for j in range(p):
        for k in range(j):
            taken[k, j] = taken[j, k]
    exposure, less = 0.0, 0.0
    for i in range(n):
        if i == 0 or stratum[i] != stratum[i - 1]:
            exposure, less = 0.0, 0.0
        if i == 0 or time[i] != time[i - 1] or stratum[i] != stratum[i - 1]:
            exposure += rate[i]
            less = own[i]
        rate[i] = risk[i] * weight[i] * (exposure - less if event[i] else exposure)
    return value, score, taken, rate


@jit
def _below(tree, code):
    total = 0.0
    while code > 0:
        total += tree[code]
        code &= code - 1
    return total


@jit
def _add(tree, code, weight):
    code += 1
    while code < len(tree):
        tree[code] += weight
        code += code & -code


@jit
def _clear(tree, code):
    code += 1
    while code < len(tree):
        tree[code] = 0.0
        code += code & -code


@jit
def concordance_pass(code, weight, event, block, stratum):
    """(6, n) weight of each row's pairs as the event (concordant, discordant, tied) and as the one that outlives one.

    Rows stand in order of stratum, time and events before censorings; block numbers rows alike in all three.
    """
    n = len(code)
    size = 0
    for i in range(n):
        size = max(size, code[i])
    tree, leaf = np.zeros(size + 2), np.zeros(size + 1)
    out = np.zeros((6, n))
    total, begun, i = 0.0, n, n
    while i > 0:
        low = i - 1
        while low > 0 and block[low - 1] == block[i - 1]:
            low -= 1
        if event[low]:
            for j in range(low, i):
                less, same = _below(tree, code[j]), leaf[code[j]]
                out[0, j], out[1, j], out[2, j] = less, total - less - same, same
        for j in range(low, i):
            _add(tree, code[j], weight[j])
            leaf[code[j]] += weight[j]
            total += weight[j]
        if low == 0 or stratum[low - 1] != stratum[low]:
            for j in range(low, begun):
                _clear(tree, code[j])
                leaf[code[j]] = 0.0
            total, begun = 0.0, low
        i = low
    begun, i = 0, 0
    while i < n:
        high = i + 1
        while high < n and block[high] == block[i]:
            high += 1
        for j in range(i, high):
            less, same = _below(tree, code[j]), leaf[code[j]]
            out[3, j], out[4, j], out[5, j] = total - less - same, less, same
        if event[i]:
            for j in range(i, high):
                _add(tree, code[j], weight[j])
                leaf[code[j]] += weight[j]
                total += weight[j]
        if high == n or stratum[high] != stratum[i]:
            for j in range(begun, high):
                _clear(tree, code[j])
                leaf[code[j]] = 0.0
            total, begun = 0.0, high
        i = high
    return out
