"""The course of one patient: worst pain on the whole scale, the response at each visit, the opioid dose below."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ostealgia.plot import style
from ostealgia.plot.canvas import house_style, new_sheet, size_of, text_width
from ostealgia.plot.scatter import plain_axes, say

if TYPE_CHECKING:
    from ostealgia.decision.follow_up_course import FollowUp, Visit

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BELOW = 560.0, 190.0, 104.0, 22.0, 34.0, 96.0
# class of a visit -> mark; colour and shape, so that it reads in grey as well
MARKS = {"": "o", "CR": "o", "PR": "o", "IR": "s", "PP": "^", "NE": "o"}
FILLED = ("CR", "PR", "PP")
MEANING = "CR complete, PR partial, IR indeterminate response, PP progression (triangle), NE not evaluable; dotted: pain at the start"


def follow_up(course: FollowUp, *, ax: Any = None) -> Any:
    """How did worst pain and the opioid dose go at each visit?

    course : of one patient, from ``oa.decision.follow_up``.  ax : Axes; None makes a figure.  Returns the Axes.

    >>> from ostealgia.decision.follow_up_course import follow_up as course_of
    >>> visits = [{"day": 0, "pain": 8, "omed_mg_per_day": 60}, {"day": 28, "pain": 3, "omed_mg_per_day": 40}]
    >>> [float(end) for end in follow_up(course_of(visits)).get_ylim()]
    [0.0, 10.0]
    """
    with house_style():
        if ax is None:
            whole = TOP + HEIGHT + BELOW
            rect = (LEFT / WIDTH, BELOW / whole, (WIDTH - LEFT - RIGHT) / WIDTH, HEIGHT / whole)
            ax = new_sheet(WIDTH, whole, rect)
        _axes(ax, course)
        _line(ax, course)
        _rows(ax, course)
    return ax


def _axes(ax: Any, course: FollowUp) -> None:
    weeks = [one.week for one in course.visits]
    first, last = min(weeks[0], 0.0), max(weeks[-1], 4.0)
    ax.set_xlim(first - 0.04 * (last - first), last + 0.04 * (last - first))
    ax.set_ylim(0.0, 10.0)
    ax.set_yticks(range(0, 11, 2))
    ax.xaxis.get_major_locator().set_params(integer=True)
    plain_axes(ax, "Weeks since treatment", "")
    say(ax, 0.0, 1.0, -30.0, 16.0, "Worst pain of 24 h, 0 to 10", style.SECONDARY)
    ax.spines["bottom"].set_position(("outward", 4.0))


def _line(ax: Any, course: FollowUp) -> None:
    known = [one for one in course.visits if not math.isnan(one.pain)]
    ax.plot([one.week for one in known], [one.pain for one in known], color=style.ACCENT, linewidth=1.3, zorder=3)
    for one in known:
        ax.plot(
            one.week, one.pain, marker=MARKS[one.pain_response], markersize=6.5, zorder=4, clip_on=False, markeredgewidth=1.3,
            markeredgecolor=style.ACCENT, markerfacecolor=style.ACCENT if one.pain_response in FILLED else style.PAPER,
        )  # fmt: skip
    if not math.isnan(course.baseline.pain):
        ax.axhline(course.baseline.pain, color=style.MARK, linewidth=0.75, linestyle=(0, (1.2, 2.0)), zorder=0.6)


def _shown(ax: Any, course: FollowUp) -> list[Visit]:
    """Visits with room for words under them: the last one, and as many others as do not touch."""
    width, _ = size_of(ax)
    low, high = ax.get_xlim()
    out: list[Visit] = []
    edge = math.inf
    for one in reversed(course.visits):
        half = max(text_width(words(one), style.SMALL) for words in (_response, _dose)) / 2
        at = (one.week - low) / (high - low) * width
        if at + half < edge - 6.0:
            out.append(one)
            edge = at - half
    return out


def _response(visit: Visit) -> str:
    return visit.pain_response or "start"


def _dose(visit: Visit) -> str:
    return "unknown" if math.isnan(visit.omed_mg_per_day) else f"{visit.omed_mg_per_day:,.0f}"


ROWS = (("Response", _response), ("Opioid, mg/day", _dose))


def _rows(ax: Any, course: FollowUp) -> None:
    """Response and opioid dose under the visits, and what the letters mean."""
    low, high = ax.get_xlim()
    shown = _shown(ax, course)
    y = -52.0
    for name, words in ROWS:
        say(ax, 0.0, 0.0, -LEFT + 8.0, y, name, style.SECONDARY)
        for visit in shown:
            say(ax, (visit.week - low) / (high - low), 0.0, 0.0, y, words(visit), style.INK, "center")
        y -= 14.0
    say(ax, 0.0, 0.0, -LEFT + 8.0, y - 6.0, MEANING, style.SECONDARY)
