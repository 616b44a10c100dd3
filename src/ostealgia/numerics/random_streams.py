"""Random numbers by position: draw i of a seed is the same whoever computes it, in whatever order, alone or in a block.

Philox is a cipher of a counter (Salmon et al. 2011, doi:10.1145/2063384.2063405). The key holds the seed and the name of the use; the
counter holds the position. Splitting the positions over processes, blocks or machines therefore changes no number.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import OptionError

Array = NDArray[np.float64]
_WORDS = 4  # 64-bit words a counter step gives


def _key(seed: int, use: str) -> NDArray[np.uint64]:
    if isinstance(seed, bool) or not 0 <= int(seed) < 2**64 or int(seed) != seed:
        raise OptionError(f"seed={seed!r} is not a whole number from 0 to 2^64 - 1.")
    return np.array([int(seed), zlib.crc32(use.encode("utf-8"))], dtype=np.uint64)


def words(seed: int, start: int, stop: int, width: int, *, use: str = "") -> NDArray[np.uint64]:
    """Raw 64-bit words of the draws ``start`` to ``stop``, (stop - start, width).

    use : name of the purpose, so that two uses of one seed are independent.  width must be the same in every call of one use.

    >>> whole = words(7, 0, 10, 5)
    >>> bool((whole[4:7] == words(7, 4, 7, 5)).all())
    True
    """
    steps = -(-width // _WORDS)
    low = start * steps
    counter = np.array([low & (2**64 - 1), low >> 64, 0, 0], dtype=np.uint64)
    generator: Any = np.random.Philox(key=_key(seed, use), counter=counter)
    raw = generator.random_raw((stop - start) * steps * _WORDS)
    return np.asarray(raw, dtype=np.uint64).reshape(stop - start, steps * _WORDS)[:, :width]


def uniforms(seed: int, start: int, stop: int, width: int, *, use: str = "") -> Array:
    """Uniform numbers in [0, 1) with 53 bits, (stop - start, width).

    >>> bool((uniforms(7, 3, 4, 2) == uniforms(7, 0, 9, 2)[3:4]).all())
    True
    """
    return (words(seed, start, stop, width, use=use) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def permutations(seed: int, start: int, stop: int, k: int, *, use: str = "permutation") -> NDArray[np.intp]:
    """Random orders of 0 .. k - 1, one a row, (stop - start, k).

    >>> permutations(7, 0, 100, 4).sum(axis=1).tolist() == [6] * 100
    True
    """
    return np.argsort(words(seed, start, stop, k, use=use), axis=1, kind="stable")


def signs(seed: int, start: int, stop: int, k: int, *, use: str = "signs") -> Array:
    """Random signs, 1.0 or -1.0, (stop - start, k)."""
    return np.where(words(seed, start, stop, k, use=use) >> np.uint64(63), -1.0, 1.0)


def stream(seed: int, index: int, *, use: str = "") -> np.random.Generator:
    """A NumPy generator of its own for draw ``index``, with 2^64 steps before it could meet another: for simulation and bootstrap.

    >>> stream(7, 3).normal() == stream(7, 3).normal()
    True
    """
    if not 0 <= index < 2**64:
        raise OptionError(f"index={index!r} is not a whole number from 0 to 2^64 - 1.")
    counter = np.array([0, 0, index, 1], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=_key(seed, use), counter=counter))
