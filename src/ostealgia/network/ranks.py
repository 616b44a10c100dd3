"""P-scores, rank probabilities and SUCRA."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import OptionError
from ostealgia.network.result import NetworkResult
from ostealgia.numerics import network_ranks as numerics
from ostealgia.numerics.random_streams import stream
from ostealgia.tables.result import Result, plain

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
SEED = 20120207  # of the stream that is used where none is given
CAUTION = "ranks say neither how large nor how certain a difference is, and nothing about harms: read them with the league table"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Scores(Result):
    """P-scores, 0 to 1.  p_score : model -> (n,), in the order of treatments.  small_values : which direction is better."""

    measure: str
    model: str
    small_values: str
    treatments: tuple[str, ...]
    p_score: Mapping[str, Array]

    def to_frame(self) -> pd.DataFrame:
        """One row a treatment: treatment, p_score_common, p_score_random."""
        import pandas as pd

        return pd.DataFrame(
            {
                "treatment": list(self.treatments),
                **{f"p_score_{model}": values for model, values in self.p_score.items()},
            }
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "treatments": list(self.treatments), "small_values": self.small_values,
            **{model: plain(values) for model, values in self.p_score.items()}, "notes": list(self.notes),
        }  # fmt: skip

    def __str__(self) -> str:
        values = self.p_score[self.model]
        width = max(len(name) for name in self.treatments)
        head = f"Scores: P-scores, {self.model}; {_direction(self.small_values)}"
        lines = [f"  {name.ljust(width)}  {value:.3f}" for name, value in zip(self.treatments, values, strict=True)]
        return "\n".join([head, *lines, *(f"  note: {note}" for note in self.notes)])


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Rankings(Result):
    """probability : (n, n), treatment (row) has rank 1, 2, ... (column).  sucra, mean_rank : (n,), exact whatever the draws.

    draws : 0 where the probabilities are exact (two or three treatments).  mc_error : largest Monte Carlo standard error of a probability.
    """

    measure: str
    model: str
    small_values: str
    treatments: tuple[str, ...]
    probability: Array
    sucra: Array
    mean_rank: Array
    draws: int
    mc_error: float

    def to_frame(self) -> pd.DataFrame:
        """One row a treatment: treatment, sucra, mean_rank, rank_1 ... rank_n."""
        import pandas as pd

        ranks = {f"rank_{j + 1}": self.probability[:, j] for j in range(len(self.treatments))}
        return pd.DataFrame(
            {"treatment": list(self.treatments), "sucra": self.sucra, "mean_rank": self.mean_rank, **ranks}
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "treatments": list(self.treatments), "model": self.model, "small_values": self.small_values,
            "probability": plain(self.probability),
            "sucra": plain(self.sucra), "mean_rank": plain(self.mean_rank), "draws": self.draws, "mc_error": self.mc_error,
            "notes": list(self.notes),
        }  # fmt: skip

    def __str__(self) -> str:
        head = f"Rankings: {self.model}; {_direction(self.small_values)}; "
        head += "exact" if self.draws == 0 else f"{self.draws:,} draws, Monte Carlo SE at most {self.mc_error:.4f}"
        frame = self.to_frame().set_index("treatment").round(3).to_string()
        return "\n".join([head, frame, *(f"  note: {note}" for note in self.notes)])


def _direction(small_values: str) -> str:
    return "higher values are better" if small_values == "undesirable" else "lower values are better"


def scores_of(found: NetworkResult, *, small_values: str | None = None) -> Scores:
    """P-scores: the mean, over the other treatments, of the one-sided certainty of being better than each.

    small_values : "undesirable" where higher values are better, "desirable" where lower ones are.
    Source: Ruecker & Schwarzer 2015, doi:10.1186/s12874-015-0060-8.

    >>> from ostealgia.network import fit
    >>> data = {"study": ["A", "B"], "treat1": ["x", "y"], "treat2": ["y", "z"], "estimate": [1.0, 2.0], "std_error": [0.5, 0.5]}
    >>> fit(data, small_values="undesirable").scores().p_score["common"].round(3).tolist()
    [0.989, 0.511, 0.0]
    """
    higher = found.direction(small_values)
    score = {
        chosen.model: numerics.p_scores(chosen.estimate, chosen.std_error, higher_is_better=higher)
        for chosen in (found.common, found.random)
        if chosen is not None
    }
    return Scores(
        measure=found.measure, model=found.shown.model, small_values="undesirable" if higher else "desirable",
        treatments=found.treatments, p_score=score, notes=(CAUTION,),
    )  # fmt: skip


def rankings_of(
    found: NetworkResult,
    *,
    rng: Any = None,
    draws: int = 100_000,
    small_values: str | None = None,
    model: str | None = None,
) -> Rankings:
    """Probability of each rank under the normal distribution of the estimates, and SUCRA.

    rng : a NumPy generator (a counter-based one where draws should not depend on how work is divided), a whole number as seed, or
    None for a fixed seed.  draws : for more than three treatments; two and three are exact.
    SUCRA is the P-score: its mean under that distribution is known without draws (Ruecker & Schwarzer 2015). Source: Salanti, Ades
    & Ioannidis 2011, doi:10.1016/j.jclinepi.2010.03.016.

    >>> from ostealgia.network import fit
    >>> data = {"study": ["A", "B"], "treat1": ["x", "y"], "treat2": ["y", "z"], "estimate": [1.0, 2.0], "std_error": [0.5, 0.5]}
    >>> fit(data, small_values="undesirable").rankings().probability.round(2).tolist()[0]
    [0.98, 0.02, 0.0]
    """
    higher = found.direction(small_values)
    if not isinstance(draws, int) or draws < 2:
        raise OptionError(f"draws={draws!r} is not a whole number of 2 or more.")
    chosen = found.estimates(model)
    found_ranks = numerics.rank_probabilities(
        chosen.level, chosen.covariance, higher_is_better=higher, rng=_generator(rng), draws=draws
    )
    sucra = numerics.p_scores(chosen.estimate, chosen.std_error, higher_is_better=higher)
    n, used = len(sucra), found_ranks.draws
    # an antithetic pair is one draw at worst
    worst = (
        float(np.sqrt(found_ranks.probability * (1 - found_ranks.probability)).max() / np.sqrt(used / 2))
        if used
        else 0.0
    )
    notes = (CAUTION,) if used == 0 or rng is not None else (CAUTION, f"simulated with the fixed seed {SEED}")
    return Rankings(
        measure=found.measure, model=chosen.model, small_values="undesirable" if higher else "desirable", treatments=found.treatments,
        probability=found_ranks.probability, sucra=sucra, mean_rank=1 + (n - 1) * (1 - sucra), draws=used, mc_error=worst, notes=notes,
    )  # fmt: skip


def _generator(rng: Any) -> np.random.Generator:
    if isinstance(rng, np.random.Generator):
        return rng
    if rng is None or (isinstance(rng, (int, np.integer)) and not isinstance(rng, bool)):
        return stream(SEED if rng is None else int(rng), 0, use="network ranks")
    raise OptionError(f"rng={rng!r} is neither a NumPy generator nor a whole number.")
