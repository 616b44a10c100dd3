"""Random patients, as records and as checked values."""

from __future__ import annotations

import math

from hypothesis import strategies as st

from ostealgia.decision.fact_fields import CHOICE, FLAG, fields


def value_of(one):
    """A value that the field allows, plausible or not."""
    if one.type == FLAG:
        return st.booleans()
    if one.type == CHOICE:
        return st.sampled_from(one.choices)
    if one.step:
        return st.integers(int(one.min // one.step), int(one.max // one.step)).map(lambda n: n * int(one.step))
    if one.whole:
        return st.integers(int(one.min), int(one.max))
    low, high = max(one.min, one.low), min(one.max, one.high)
    plain = st.one_of(
        st.floats(low, high, allow_nan=False).map(lambda x: round(x, 1)).filter(lambda x: low <= x <= high),
        st.integers(math.ceil(low), math.floor(high)),
        st.sampled_from([one.min, one.max]),
    )
    return st.one_of(plain, st.just("never")) if one.never else plain


def values(names=None):
    """Some fields with values; the others unknown."""
    chosen = [one for name, one in fields().items() if names is None or name in names]
    return st.fixed_dictionaries({}, optional={one.name: value_of(one) for one in chosen})


def record(values):
    """The values as a patient's record."""
    made = {}
    for name, value in values.items():
        one = fields()[name]
        if one.units:
            value = {"value": value, "unit": one.unit}
        group, dot, inner = name.partition(".")
        if dot:
            made.setdefault(group, {})[inner] = value
        else:
            made[name] = value
    return made
