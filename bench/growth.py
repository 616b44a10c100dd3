"""Time and memory by number of effects, 100 to 10 million, each size in a process of its own; a table, and with ``--draw FILE`` a picture.

Batch: analyses of 10 to 30 studies, REML + HK, compiled, one thread. Single: one pool of k studies, REML + HK. Memory is the highest that
arrays reach besides the data.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

from clock import Call, turns

SIZES = tuple(10**i for i in range(2, 8))
KINDS = ("batch", "single")
LABELS = {"batch": "batch of analyses of 10 to 30 studies", "single": "one analysis of k studies"}


def call_of(kind: str, effects: int) -> tuple[Call, int]:
    """What is timed, and its number of effects."""
    import numpy as np
    from batch import batch
    from tasks import studies

    from ostealgia.meta import pool, pool_many

    if kind == "single":
        y, v = studies(effects)
        data = {"estimate": y, "std_error": np.sqrt(v)}
        return lambda: pool(data, ci="HK"), effects
    pool_many(batch(5), engine="numba")  # loads the kernel
    many = batch(max(1, effects // 20))
    return lambda: pool_many(many, tau2="REML", ci="HK", pi="none", engine="numba", threads=1).ci_low, len(many.y)


def one_size(kind: str, effects: int) -> None:
    """Print one point as JSON: kind, effects, seconds, megabytes."""
    call, size = call_of(kind, effects)
    seconds = turns({"": call}, rounds=9)[""]
    tracemalloc.start()  # NumPy reports its arrays to it; the tables of the kernel are 0.3 MB
    call()
    print(
        json.dumps(
            {"kind": kind, "effects": size, "seconds": seconds, "megabytes": tracemalloc.get_traced_memory()[1] / 1e6}
        )
    )


def measured() -> list[dict[str, Any]]:
    points: list[dict[str, Any]] = []
    for kind in KINDS:
        for effects in SIZES:
            code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import growth; growth.one_size({kind!r}, {effects})"
            done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
            points.append(json.loads(done.stdout))
    return points


def draw(points: list[dict[str, Any]], file: str) -> None:
    """Two panels, log-log: time and memory, with the slope of proportion as a thin line."""
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, NullLocator

    from ostealgia.plot import style

    style.register_fonts()
    with mpl.rc_context(style.rc()):
        figure = Figure(figsize=(8.8, 3.6), layout="constrained")
        axes = figure.subplots(1, 2)
        panels = (("seconds", "Processor time", 1e3, "ms"), ("megabytes", "Memory besides the data", 1.0, "MB"))
        for ax, (name, title, unit, symbol) in zip(axes, panels, strict=True):
            for kind, colour, marker in zip(KINDS, (style.ACCENT, style.SECONDARY), ("o", "s"), strict=True):
                rows = [row for row in points if row["kind"] == kind]
                x, y = [row["effects"] for row in rows], [row[name] * unit for row in rows]
                ax.plot(x, y, marker=marker, color=colour, linewidth=1.5, markersize=4.5, label=LABELS[kind])
            last = max(row[name] * unit for row in points if row["kind"] == "batch")
            ax.plot([1e2, 1e7], [last * 1.0e-5, last], color=style.RULE, linewidth=1.0, zorder=0, label="in proportion")
            ax.set(xscale="log", yscale="log", xlabel="effects")
            ax.set_title(f"{title}, {symbol}", loc="left", fontsize=style.BODY, fontweight="bold")
            ax.spines[["top", "right"]].set_visible(False)
            ax.tick_params(labelsize=style.SMALL)
            ax.xaxis.set_minor_locator(NullLocator())
            ax.yaxis.set_minor_locator(NullLocator())
            ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
            ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes[0].legend(frameon=False, loc="upper left")
        figure.savefig(file, metadata={"Date": None} if file.endswith(".svg") else None)


def _short(value: float) -> str:
    return f"{value / 1e6:g} million" if value >= 1e6 else f"{value:,.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draw", metavar="FILE", help="write the picture to this file")
    options = parser.parse_args()
    points = measured()
    print("| effects | " + " | ".join(f"{kind}: time, ms | memory, MB" for kind in KINDS) + " |\n" + "|---" * 5 + "|")
    for a, b in zip(points[: len(SIZES)], points[len(SIZES) :], strict=True):
        cells = " | ".join(f"{row['seconds'] * 1e3:.3g} | {row['megabytes']:.2g}" for row in (a, b))
        print(f"| {b['effects']:,} | {cells} |")
    if options.draw:
        draw(points, options.draw)


if __name__ == "__main__":
    main()
