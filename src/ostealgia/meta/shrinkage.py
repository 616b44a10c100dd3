"""What the fit says of each study, and fit statistics."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ostealgia.errors import OptionError
from ostealgia.meta.coerce import as_effects
from ostealgia.meta.result import PoolResult
from ostealgia.numerics.likelihood import log_likelihood
from ostealgia.numerics.pooling import quantile
from ostealgia.numerics.tau2 import estimate_tau2

if TYPE_CHECKING:
    import pandas as pd


def shrunken(fit: PoolResult) -> pd.DataFrame:
    """Best linear unbiased predictions: the true effect of each study, drawn towards the pooled effect.

    fit : random effects.  Returns study, estimate, std_error, ci_low, ci_high on the analysis scale, one row a study; the interval is at
    ``fit.ci_level`` with the degrees of freedom of the pool, and the uncertainty of tau2 is not in it. Raises OptionError for another
    model.  Source: Raudenbush & Bryk 1985, doi:10.3102/10769986010002075.

    >>> from ostealgia.meta.pooling import pool
    >>> fit = pool({"estimate": [0.0, 0.5, 1.0], "std_error": [0.2, 0.2, 0.2]}, tau2="DL", ci="z")
    >>> shrunken(fit)["estimate"].round(2).tolist()
    [0.08, 0.5, 0.92]
    """
    import pandas as pd

    if fit.model != "random" or math.isnan(fit.tau2):
        raise OptionError(f"shrunken effects need model='random' with a tau2; found model={fit.model!r}.")
    y, v = fit.effects.estimate, fit.effects.variance
    share = fit.tau2 / (fit.tau2 + v)
    estimate = share * y + (1 - share) * fit.estimate
    std_error = np.sqrt(share * v + (1 - share) ** 2 * fit.std_error**2)
    half = quantile(fit.ci_level, fit.df) * std_error
    return pd.DataFrame(
        {
            "study": list(fit.effects.study),
            "estimate": estimate,
            "std_error": std_error,
            "ci_low": estimate - half,
            "ci_high": estimate + half,
        }
    )


def fit_statistics(effects: Any) -> dict[str, float]:
    """Log-likelihoods of the REML and ML fits, and AIC, BIC, AICc and deviance of the ML fit.

    effects : as for ``pool``. Parameters are the mean and tau2. The deviance is twice the distance to the saturated model of known
    variances; AICc counts at least four studies.  Source: Hurvich & Tsai 1989, doi:10.1093/biomet/76.2.297.

    >>> round(fit_statistics({"estimate": [0.0, 0.5, 1.0], "std_error": [0.2, 0.2, 0.2]})["loglik_ml"], 2)
    -1.57
    """
    data = as_effects(effects)
    y, v, k = data.estimate, data.variance, data.k
    strata = [(y, v)]
    reml = log_likelihood(estimate_tau2(y, v, "REML").value, strata, restricted=True)
    ml = log_likelihood(estimate_tau2(y, v, "ML").value, strata, restricted=False)
    saturated = -0.5 * float(np.log(2 * math.pi * v).sum())
    return {
        "loglik_reml": reml,
        "loglik_ml": ml,
        "aic_ml": -2 * ml + 4,
        "bic_ml": -2 * ml + 2 * math.log(k),
        "aicc_ml": -2 * ml + 4 * max(k, 4) / (max(k, 4) - 3),
        "deviance_ml": -2 * (ml - saturated),
    }
