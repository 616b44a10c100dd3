"""The result of a network meta-analysis."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import OptionError
from ostealgia.network.contrast_data import Contrasts
from ostealgia.network.estimates import NetworkEstimates
from ostealgia.network.labels import known
from ostealgia.numerics import network as numerics
from ostealgia.options import one_of
from ostealgia.tables.measures import MEASURES, Measure
from ostealgia.tables.result import Result, plain

if TYPE_CHECKING:
    import pandas as pd

    from ostealgia.network.consistency import Decomposition
    from ostealgia.network.contributions import Contributions
    from ostealgia.network.league_table import League
    from ostealgia.network.net_heat_table import NetHeat
    from ostealgia.network.node_splitting import NodeSplit
    from ostealgia.network.ranks import Rankings, Scores

Array = NDArray[np.float64]
NAN = math.nan
SMALL_VALUES = ("desirable", "undesirable")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class NetworkResult(Result):
    """All treatments of a connected network compared at once.

    measure : name.  model : "random", "common" or "MH", the one that is shown.  treatments : labels (n,), in order.
    reference : the treatment others are shown against.  common, random : estimates under each model (random is None for "MH").
    k, n_arms, n_comparisons, n_designs : studies, arms, contrasts within studies, sets of treatments compared.  n : patients or NaN.
    tau2, tau : between-study variance (one for all comparisons) and its root; NaN where it cannot be estimated.
    q, q_df, q_p_value : Cochran's Q of the whole network; i2_q : 100 (Q - df) / Q, per cent.  q_heterogeneity (...) : its part within
    designs.  q_inconsistency (...) : its part between designs.  certificate : how tau2 was found.
    contrasts : the data, every contrast within a study.  options : every choice in force.
    """

    measure: str
    model: str
    tau2_method: str | None
    pi_method: str | None
    ci_level: float
    treatments: tuple[str, ...]
    reference: str
    common: NetworkEstimates
    random: NetworkEstimates | None
    k: int
    n_arms: int
    n_comparisons: int
    n_designs: int
    n: float
    tau2: float
    q: float
    q_df: int
    q_p_value: float
    i2_q: float
    q_heterogeneity: float
    q_heterogeneity_df: int
    q_heterogeneity_p_value: float
    q_inconsistency: float
    q_inconsistency_df: int
    q_inconsistency_p_value: float
    designs: tuple[tuple[str, ...], ...]
    study_design: tuple[int, ...]
    studies: tuple[str, ...]
    contrasts: Contrasts
    evidence: numerics.Evidence | None
    small_values: str | None = None
    certificate: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def definition(self) -> Measure:
        """The measure with its scales and back-transformation."""
        return MEASURES[self.measure]

    @property
    def tau(self) -> float:
        """Square root of tau2."""
        return math.sqrt(self.tau2) if self.tau2 >= 0 else NAN

    @property
    def shown(self) -> NetworkEstimates:
        """The estimates of the model that was asked for."""
        return self.random if self.model == "random" and self.random is not None else self.common

    @property
    def n_treatments(self) -> int:
        return len(self.treatments)

    def estimates(self, model: str | None = None) -> NetworkEstimates:
        """The estimates under "common" or "random" (for "MH" there is one set)."""
        if model is None:
            return self.shown
        one_of("model", model, ("common", "random", "MH") if self.model == "MH" else ("common", "random"))
        if model == "random":
            if self.random is None:
                raise OptionError("Mantel-Haenszel has no random effects; fit model='random' instead.")
            return self.random
        return self.common

    def compare(self, first: str, second: str, model: str | None = None) -> dict[str, float]:
        """first less second on the analysis scale, as a row of ``to_frame``.

        >>> from ostealgia.network import fit
        >>> data = {"study": ["A", "B"], "treat1": ["x", "y"], "treat2": ["y", "z"], "estimate": [1.0, 2.0], "std_error": [0.3, 0.4]}
        >>> round(fit(data).compare("x", "z")["estimate"], 6)
        3.0
        """
        chosen = self.estimates(model)
        i, j = chosen.place([known("treatment", name, self.treatments) for name in (first, second)])
        return {
            name: float(getattr(chosen, name)[i, j])
            for name in ("estimate", "std_error", "statistic", "p_value", "ci_low", "ci_high", "pi_low", "pi_high")
        }

    # --- what is asked of a network ----------------------------------------------------------------------------------

    def league(
        self, *, model: str | None = None, order: Sequence[str] | None = None, digits: int | None = None
    ) -> League:
        """Every treatment against every other as a table; see ``league_table.league_of``."""
        from ostealgia.network.league_table import league_of

        return league_of(self, model=model, order=order, digits=digits)

    def scores(self, *, small_values: str | None = None) -> Scores:
        """P-scores under both models; see ``ranks.scores_of``."""
        from ostealgia.network.ranks import scores_of

        return scores_of(self, small_values=small_values)

    def rankings(
        self, *, rng: Any = None, draws: int = 100_000, small_values: str | None = None, model: str | None = None
    ) -> Rankings:
        """Rank probabilities and SUCRA; see ``ranks.rankings_of``."""
        from ostealgia.network.ranks import rankings_of

        return rankings_of(self, rng=rng, draws=draws, small_values=small_values, model=model)

    def split(self) -> NodeSplit:
        """Direct against indirect evidence for every comparison; see ``node_splitting.split_of``."""
        from ostealgia.network.node_splitting import split_of

        return split_of(self)

    def decomposition(self) -> Decomposition:
        """Q within and between designs, design by design; see ``consistency.decomposition_of``."""
        from ostealgia.network.consistency import decomposition_of

        return decomposition_of(self)

    def net_heat(self, *, model: str = "common") -> NetHeat:
        """Which designs drive inconsistency, and against which; see ``net_heat_table.net_heat_of``."""
        from ostealgia.network.net_heat_table import net_heat_of

        return net_heat_of(self, model=model)

    def contributions(self, *, model: str | None = None) -> Contributions:
        """How much each direct comparison contributes to each estimate; see ``contributions.contributions_of``."""
        from ostealgia.network.contributions import contributions_of

        return contributions_of(self, model=model)

    def hat_matrix(self, *, model: str | None = None) -> Array:
        """(M, M): how each observed contrast (column) enters each fitted one (row), in the order of ``contrast_frame``."""
        chosen, data = self.estimates(model), self.with_evidence("the hat matrix")
        return numerics.hat_matrix(data, self.numeric_fit(chosen), self.weights[chosen.model])

    @cached_property
    def tau2_interval(self) -> tuple[float, float]:
        """Q-profile interval of tau2 at ``ci_level``."""
        if self.evidence is None or self.model == "MH":
            return NAN, NAN
        from ostealgia.numerics.network_tau2 import network_tau2_interval

        return network_tau2_interval(self.evidence, self.ci_level)

    @cached_property
    def weights(self) -> dict[str, Array]:
        """Weight of each contrast under each model, reduced in studies with more than two arms, (M,)."""
        data = self.with_evidence("weights")
        random = self.common if self.random is None else self.random
        return {
            "common": numerics.adjusted_weights(data),
            "random": numerics.adjusted_weights(data, random.tau2),
        }

    def with_evidence(self, what: str) -> numerics.Evidence:
        """The evidence as arrays; OptionError for Mantel-Haenszel, which has no contrasts with variances."""
        if self.evidence is None:
            raise OptionError(f"Mantel-Haenszel has no {what}; fit model='common' or 'random' instead.")
        return self.evidence

    def numeric_fit(self, chosen: NetworkEstimates) -> numerics.Fit:
        """The estimates in the form the numerics take."""
        return numerics.Fit(chosen.tau2, chosen.covariance, chosen.level, chosen.estimate, chosen.std_error, self.q)

    # --- tables ------------------------------------------------------------------------------------------------------

    def to_frame(self) -> pd.DataFrame:
        """One row a pair of treatments and model: treat1 less treat2, on both scales."""
        from ostealgia.network.tables import estimates_frame

        return estimates_frame(self)

    def against_reference(self, *, model: str | None = None, reference: str | None = None) -> pd.DataFrame:
        """One row a treatment, less the reference; k is the number of studies that compare the two directly."""
        from ostealgia.network.tables import reference_frame

        return reference_frame(self, model=model, reference=reference)

    def contrast_frame(self) -> pd.DataFrame:
        """One row a contrast within a study, treat1 before treat2 in the order of treatments: data, fitted values, weights, leverage."""
        from ostealgia.network.tables import contrast_frame

        return contrast_frame(self)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: matrices are rows of ``treatments``, row less column; NaN is None."""
        names = (
            "measure", "model", "tau2_method", "pi_method", "ci_level", "treatments", "reference", "k", "n_arms", "n_comparisons",
            "n_designs", "n", "tau2", "tau", "q", "q_df", "q_p_value", "i2_q", "q_heterogeneity", "q_heterogeneity_df",
            "q_heterogeneity_p_value", "q_inconsistency", "q_inconsistency_df", "q_inconsistency_p_value", "small_values",
        )  # fmt: skip
        body: dict[str, Any] = {name: plain(getattr(self, name)) for name in names}
        body["tau2_ci_low"], body["tau2_ci_high"] = plain(self.tau2_interval)
        body["common"] = self.common.to_dict()
        body["random"] = None if self.random is None else self.random.to_dict()
        body["p_scores"] = None if self.small_values is None else self.scores().to_dict()
        body["designs"] = [list(design) for design in self.designs]
        body["studies"] = list(self.studies)
        body["certificate"], body["options"] = plain(dict(self.certificate)), plain(dict(self.options))
        body["excluded"], body["notes"] = [row.to_dict() for row in self.excluded], list(self.notes)
        return body

    def __str__(self) -> str:
        from ostealgia.network.text import network_text

        return network_text(self)

    def direction(self, small_values: str | None) -> bool:
        """True where higher values are better; OptionError where nobody has said."""
        chosen = self.small_values if small_values is None else one_of("small_values", small_values, SMALL_VALUES)
        if chosen is None:
            raise OptionError(
                "ranks need a direction: small_values='undesirable' where a higher value is better (response), "
                "'desirable' where a lower one is (pain, harm)."
            )
        return chosen == "undesirable"
