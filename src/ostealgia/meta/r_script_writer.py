"""Any analysis as a script for R that runs, holds its data, and checks our numbers."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from ostealgia.errors import OptionError
from ostealgia.meta.r_script_text import Script

# class of the result -> "module:function", or the function itself; others add theirs with register_r_script
WRITERS: dict[str, str | Callable[[Any], Script | str]] = {
    "PoolResult": "ostealgia.meta.r_script_pool:write_pool",
    "SubgroupResult": "ostealgia.meta.r_script_sets:write_subgroups",
    "SensitivityResult": "ostealgia.meta.r_script_sets:write_sensitivity",
    "BayesResult": "ostealgia.meta.r_script_bayes:write_bayes",
    "RegressionResult": "ostealgia.meta.r_script_models:write_regression",
    "MultilevelResult": "ostealgia.meta.r_script_models:write_multilevel",
    "NetworkResult": "ostealgia.meta.r_script_network:write_network",
}


def register_r_script(result_type: type, writer: Callable[[Any], Script | str]) -> None:
    """Make r_script write results of a further class.

    writer : takes the result, returns a Script (see ``meta.r_script_text``) or its text.

    >>> class Count:
    ...     n = 3
    >>> register_r_script(Count, lambda result: f"stopifnot(1 + 2 == {result.n})")
    >>> r_script(Count())
    'stopifnot(1 + 2 == 3)'
    """
    WRITERS[result_type.__name__] = writer


def r_script(fit: Any, path: str | Path | None = None) -> str:
    """How does R compute the same numbers?

    fit : what ``pool``, ``subgroup``, ``leave_one_out``, ``cumulative`` or ``bayes`` gave (other results that are registered, too).
    path : where to write the script; None writes nothing.  Returns the script.
    It holds the data (raw columns and effects), the call of metafor (bayesmeta for ``bayes``) with tight convergence control, the
    expected numbers, and stopifnot() checks of them; a difference stops it with the name of the number. Labels are quoted, so that
    nothing in a table is run as code. Raises OptionError for an analysis without a counterpart in R.

    >>> from ostealgia.meta.pooling import pool
    >>> text = r_script(pool({"study": ["A", "B", "C"], "estimate": [0.1, 0.5, 0.9], "std_error": [0.1, 0.2, 0.1]}, model="common"))
    >>> print([line for line in text.splitlines() if line.startswith("fit <-")][0])
    fit <- rma(yi = yi, sei = sei, data = dat, method = "EE", test = "z", level = 95)
    """
    text = _text(_writer(fit)(fit))
    if path is not None:
        from ostealgia.io import write_text

        write_text(path, text)
    return text


def _text(written: Script | str) -> str:
    return written if isinstance(written, str) else written.text()


def _writer(fit: Any) -> Callable[[Any], Script | str]:
    for kind in type(fit).__mro__:
        found = WRITERS.get(kind.__name__)
        if isinstance(found, str):
            module, _, name = found.partition(":")
            return getattr(import_module(module), name)
        if found is not None:
            return found
    offered = ", ".join(WRITERS)
    raise OptionError(
        f"r_script writes {offered}; found {type(fit).__name__}. Register a writer with register_r_script."
    )
