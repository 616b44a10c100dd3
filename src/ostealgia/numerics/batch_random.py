"""Random numbers that depend on a seed and on the name of an analysis, and on nothing else.

Philox is counter-based (Salmon et al. 2011, doi:10.1145/2063384.2063405): a key names a stream, and the streams of different keys are
independent. Here the key is (seed, digest of the analysis' name), so that neither the order of the analyses nor the way they are divided
over processes or machines changes a number.
"""

from __future__ import annotations

import hashlib
from typing import Any, cast

import numpy as np

from ostealgia.errors import OptionError

PURPOSES = ("general", "simulation", "bootstrap", "permutation")


def name_key(analysis: object) -> int:
    """Sixty-four bits of a name; 7, "7" and numpy's 7 are one name.

    >>> name_key(7) == name_key("7") == name_key(np.int64(7))
    True
    """
    return int.from_bytes(hashlib.blake2b(str(analysis).encode(), digest_size=8).digest(), "little")


def check_seed(seed: Any) -> int:
    """The seed as a whole number from 0 to 2^64 - 1. Raises OptionError."""
    if isinstance(seed, (int, np.integer)) and not isinstance(seed, bool):
        whole = int(cast(int, seed))
        if 0 <= whole < 1 << 64:
            return whole
    raise OptionError(
        f"seed={seed!r} is not a whole number from 0 to 2^64 - 1. A seed is needed so that a result can be repeated."
    )


class Streams:
    """Generators by analysis. One generator is set to the stream asked for, which is ten times quicker than making one a time.

    >>> streams = Streams(1, "bootstrap")
    >>> first = streams.of("A").random(); _ = streams.of("B").random(); first == streams.of("A").random()
    True
    """

    def __init__(self, seed: int, purpose: str = "general") -> None:
        self._seed = np.uint64(check_seed(seed))
        self._bits = np.random.Philox(key=np.zeros(2, np.uint64))
        self._generator = np.random.Generator(self._bits)
        self._counter = np.array([0, 0, 0, PURPOSES.index(purpose)], dtype=np.uint64)
        self._buffer = np.zeros(4, np.uint64)

    def of(self, analysis: object) -> np.random.Generator:
        """The generator at the start of the stream of this analysis; valid until the next call."""
        self._bits.state = {
            "bit_generator": "Philox",
            "state": {"counter": self._counter, "key": np.array([self._seed, name_key(analysis)], dtype=np.uint64)},
            "buffer": self._buffer,
            "buffer_pos": 4,
            "has_uint32": 0,
            "uinteger": 0,
        }
        return self._generator


def stream(seed: int, analysis: object, purpose: str = "general") -> np.random.Generator:
    """One generator of its own for one analysis: numpy's Philox with key (seed, name_key(analysis)).

    >>> bool(stream(3, "A").random() == Streams(3).of("A").random())
    True
    """
    return Streams(seed, purpose).of(analysis)
