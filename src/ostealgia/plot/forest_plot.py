"""The forest plot: a table of studies with their effects drawn beside the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ostealgia.errors import OptionError
from ostealgia.plot.canvas import Pen, house_style, new_sheet, root_figure, size_of
from ostealgia.plot.forest_draw import draw
from ostealgia.plot.forest_layout import Plan, plan
from ostealgia.plot.forest_paging import Page, page_height, pages
from ostealgia.plot.forest_table import ForestOptions, ForestTable, forest_table

MOST_ROWS = 1000  # on one figure


def forest(
    fit: Any,
    *,
    ax: Any = None,
    title: str | None = None,
    arms: Sequence[str] = ("Treated", "Control"),
    event_label: str = "events",
    effect_label: str | None = None,
    favours: Sequence[str] | None = None,
    digits: int | None = None,
    xlim: tuple[float, float] | None = None,
    common: Any = None,
    prediction: bool = True,
    methods: bool = True,
    sort: str | None = None,
    columns: Mapping[str, str] | None = None,
    risk_of_bias: Mapping[str, Any] | None = None,
    audit: Mapping[str, Any] | None = None,
) -> Any:
    """Which studies say what, how much does each count, and what do they say together?

    fit : PoolResult; SubgroupResult (headings, subtotals, test between subgroups); or MultilevelResult with one mean (effects under their
    study, with the mean of each study).
    ax : Axes to draw in, everything alike smaller where they are too small; None makes a figure of the right
    size for its rows. The effect axis is ``ax.child_axes[0]``, in reported units, so more can be drawn there.
    title : a line above.  arms : names of the treated and the control group.  event_label : an event ("responders").
    effect_label : instead of the name of the measure.  favours : (left, right) under the axis.
    digits : decimals of the effects, otherwise as many as the data carry.  xlim : ends of the axis, reported scale.
    common : the pool of the same studies with model="common", for a second pooled row and a second column of weights.
    prediction, methods : show the prediction interval, the line of methods.
    sort : "estimate", "weight", "precision" or "study"; None keeps the order of the table.
    columns : column of ``fit.study_frame()`` -> heading, shown next to the study (year, country).
    risk_of_bias : study -> judgement ("low", "some concerns", "high", ...), or study -> {domain: judgement}.
    audit : study -> verdict ("consistent", "rounding", "inconsistent", "impossible"), or (verdict, address).
    Returns the Axes. An interval beyond the axis ends in an arrowhead, its limits are in the text. Raises OptionError.
    Layout after the forest plots of the BMJ and JAMA; Lewis & Clarke 2001, doi:10.1136/bmj.322.7300.1479.

    >>> import ostealgia as oa
    >>> data = {"study": list("ABC"), "estimate": [-0.5, -0.2, -0.4], "std_error": [0.2, 0.1, 0.3]}
    >>> fit = oa.meta.pool(data, measure="OR")
    >>> ax = forest(fit, favours=("Favours treatment", "Favours control"))
    >>> ax.child_axes[0].get_xscale()
    'log'
    """
    options = ForestOptions(
        title=title,
        arms=arms,
        event_label=event_label,
        effect_label=effect_label,
        favours=favours,
        digits=digits,
        xlim=xlim,
        common=common,
        prediction=prediction,
        methods=methods,
        sort=sort,
        columns=columns or {},
        risk_of_bias=risk_of_bias,
        audit=audit,
    )
    with house_style():
        return draw_table(forest_table(fit, options), ax)


def forest_pages(fit: Any, *, rows_per_page: int = 42, **options: Any) -> list[Any]:
    """A forest plot of many studies on several figures of one width, with one axis; the pooled effect is on the last.

    rows_per_page : at most this many rows a page, 10 or more.  options : those of ``forest`` without ``ax``.
    Returns a list of Figures. Raises OptionError.

    >>> import ostealgia as oa
    >>> data = {"study": [f"S{i}" for i in range(60)], "estimate": [0.1] * 60, "std_error": [0.2] * 60}
    >>> len(forest_pages(oa.meta.pool(data), rows_per_page=40))
    2
    """
    if not isinstance(rows_per_page, int) or rows_per_page < 10:
        raise OptionError(f"rows_per_page={rows_per_page!r} is not a whole number of 10 or more.")
    columns = options.pop("columns", None) or {}
    with house_style():
        layout = plan(forest_table(fit, ForestOptions(columns=columns, **options)))
        return [root_figure(_new(layout, page)) for page in pages(layout, rows_per_page)]


def _new(layout: Plan, page: Page) -> Any:
    """One page on a figure of the size it needs."""
    height = page_height(layout, page)
    sheet = new_sheet(layout.width, height)
    draw(Pen(sheet), layout, page, layout.width, height)
    return sheet


def draw_table(table: ForestTable, ax: Any = None) -> Any:
    """A table of rows on a new figure of its own size, or inside ``ax``."""
    if len(table.rows) > MOST_ROWS:
        raise OptionError(
            f"{len(table.rows):,} rows are too many for one figure (at most {MOST_ROWS:,}). Use forest_pages."
        )
    if ax is not None:
        return _draw_inside(ax, table)
    layout = plan(table)
    return _new(layout, Page(rows=tuple(range(len(table.rows)))))


def _draw_inside(ax: Any, table: ForestTable) -> Any:
    """Draw on the user's Axes: natural size where there is room, else everything smaller alike."""
    width, height = size_of(ax)
    layout = plan(table)
    page = Page(rows=tuple(range(len(table.rows))))
    scale = min(1.0, width / layout.width, height / page_height(layout, page))
    if width / scale > layout.width + 1:
        layout = plan(table, width / scale)
        scale = min(scale, height / page_height(layout, page))
    draw(Pen(ax, scale), layout, page, width / scale, height / scale)
    return ax
