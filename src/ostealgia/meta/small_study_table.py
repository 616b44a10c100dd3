"""All tests of small-study effects at one view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ostealgia.errors import OptionError
from ostealgia.meta.asymmetry_result import AsymmetryResult
from ostealgia.meta.asymmetry_tests import asymmetry_test
from ostealgia.meta.small_study_common import NAN, few_notes, studies

if TYPE_CHECKING:
    import pandas as pd

TITLES = {
    "egger": "Egger",
    "egger-mixed": "Egger, mixed-effects meta-regression",
    "thompson": "Thompson-Sharp",
    "begg": "Begg, rank",
    "harbord": "Harbord",
    "peters": "Peters",
    "macaskill": "Macaskill",
    "macaskill-pooled": "Macaskill, pooled variance",
    "deeks": "Deeks",
    "schwarzer": "Schwarzer, rank",
    "arcsine": "Ruecker, arcsine",
    "pustejovsky": "Pustejovsky-Rodgers",
}
TIED = {"OR", "RR", "PETO"}
TIED_NOTE = "the effect is tied to its own standard error in 2x2 tables; prefer Harbord, Peters or the arcsine test"
ONE_GROUP = {"PLO", "PLN", "PR", "PAS", "PFT"}
ONE_GROUP_NOTE = (
    'a proportion is tied to its own standard error: rather regtest(effects, predictor="ninv"), on the sample size'
)


def small_study_effects(effects: Any, *, level: float = 0.95) -> pd.DataFrame:
    """Which tests of small-study effects apply here, what do they say, and why do the others not apply?

    effects : as for ``pool``, or a PoolResult.  Returns a frame, one row a test: test, kind, k, applies, statistic, df,
    p_value, estimate and std_error (slope, or S of a rank test), note. A test that cannot be done has no numbers and
    its reason in ``note``. One test should be chosen beforehand; the smallest P of this table is not a result.
    Raises OptionError where the effects cannot be read.

    >>> frame = small_study_effects({"estimate": [0.2, 0.4, 0.5, 0.9], "std_error": [0.1, 0.2, 0.3, 0.4]})
    >>> frame[frame["applies"]]["kind"].tolist()
    ['egger', 'egger-mixed', 'thompson', 'begg']
    """
    import pandas as pd

    data = studies(effects, 1, "a table of tests")
    rows: list[dict[str, Any]] = []
    for kind, title in TITLES.items():
        row: dict[str, Any] = {"test": title, "kind": kind, "k": data.k, "applies": False}
        try:
            found = asymmetry_test(data, kind, level=level)
        except OptionError as error:
            rows.append({**row, **dict.fromkeys(_NUMBERS, NAN), "note": str(error)})
            continue
        line = isinstance(found, AsymmetryResult)
        rows.append(
            {
                **row,
                "k": found.k,
                "applies": True,
                "statistic": found.statistic,
                "df": found.df,
                "p_value": found.p_value,
                "estimate": found.slope if line else found.s,
                "std_error": found.slope_std_error if line else found.s_std_error,
                "note": "; ".join(_notes(data.measure, kind, found.k)),
            }
        )
    return pd.DataFrame(rows)


_NUMBERS = ("statistic", "df", "p_value", "estimate", "std_error")


def _notes(measure: str, kind: str, k: int) -> list[str]:
    plain_effect = kind in ("egger", "egger-mixed", "thompson", "begg")
    notes = few_notes(k)
    if plain_effect and measure in TIED:
        notes.append(TIED_NOTE)
    if plain_effect and measure in ONE_GROUP:
        notes.append(ONE_GROUP_NOTE)
    return notes
