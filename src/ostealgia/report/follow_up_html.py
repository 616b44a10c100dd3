"""The course of one patient as one page to print: what presses first, then the course, then the visits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ostealgia.decision.follow_up_course import FollowUp, Visit
from ostealgia.display import capital
from ostealgia.report import theme
from ostealgia.report.svg import inline_svg

if TYPE_CHECKING:
    from ostealgia.decision.follow_up_course import Alert

# tier -> (word, tone, symbol)
TIERS = {
    "now": ("Emergency", "bad", "cross"),
    "urgent": ("Urgent", "warn", "exclamation"),
    "look": ("Look", "quiet", "circle"),
}
RESPONSES = {
    "CR": "complete response", "PR": "partial response", "PP": "pain progression", "IR": "indeterminate response", "NE": "not evaluable",
}  # fmt: skip
CSS = """
.alert{border-left:3px solid var(--rule);padding:.1rem 0 .1rem .9rem;margin:1rem 0;break-inside:avoid}
.alert-now{border-color:var(--bad)}.alert-urgent{border-color:var(--warn)}
.alert p{margin:0 0 .25rem}
@media print{html{font-size:13px}.wide{padding:0}figure svg{max-height:7.5cm}}
"""


@dataclass(frozen=True, kw_only=True)
class VisitView:
    """A visit as texts."""

    day: str
    pain: str
    pain_change: str
    omed: str
    omed_change: str
    response: str


@dataclass(frozen=True, kw_only=True)
class AlertView:
    """An alert as texts, with tone and symbol."""

    tier: str
    word: str
    tone: str
    symbol: str
    when: str
    message: str
    source: str
    check_status: str


def follow_up_page(course: FollowUp, *, title: str = "", language: str = "en") -> str:
    """One HTML page that needs nothing else.

    course : of one patient, from ``oa.decision.follow_up``.  title : the heading; no identifier is written unless it is given here.

    >>> from ostealgia.decision.follow_up_course import follow_up
    >>> page = follow_up_page(follow_up([{"day": 0, "pain": 8, "omed_mg_per_day": 60}, {"day": 28, "pain": 3, "omed_mg_per_day": 40}]))
    >>> "partial response" in page, page.count("<script>")
    (True, 1)
    """
    from markupsafe import Markup

    from ostealgia.plot.canvas import root_figure
    from ostealgia.plot.export import figure_svg
    from ostealgia.plot.follow_up_plot import follow_up as draw

    figure, colours = inline_svg(
        figure_svg(root_figure(draw(course))), prefix="course-", label="Worst pain and opioid dose at each visit"
    )
    heading = title or "Course of pain and opioids"
    page = theme.environment().get_template("follow_up.html").render(
        theme.shell(language=language, page_title=heading, figure_colours=colours, more_css=CSS.strip()),
        title=heading,
        alerts=[_alert(one) for one in course.alerts],
        questions=course.questions,
        summary=course.summary_lines(),
        figure=Markup(figure),
        visits=[_visit(one, first=one is course.baseline) for one in course.visits],
        notes=course.notes,
    )  # fmt: skip
    return page.rstrip() + "\n"


def _alert(alert: Alert) -> AlertView:
    word, tone, symbol = TIERS[alert.tier]
    message = capital(alert.message.rstrip(".")) + "."
    return AlertView(
        tier=alert.tier, word=word, tone=tone, symbol=symbol, when=f"day {alert.day:g}", message=message, source=alert.source,
        check_status=alert.check_status,
    )  # fmt: skip


def _visit(visit: Visit, *, first: bool) -> VisitView:
    response = "before treatment" if first else RESPONSES[visit.pain_response]
    response += f" ({visit.reason.replace('_', ' ').replace('omed', 'OMED')})" if visit.reason else ""
    response += ", site treated again" if visit.retreated else ""
    return VisitView(
        day=f"{visit.day:g}", pain=_number(visit.pain), pain_change="" if first else _change(visit.pain_change),
        omed=_number(visit.omed_mg_per_day), omed_change="" if first else _change(visit.omed_change_percent, "%"), response=response,
    )  # fmt: skip


def _number(value: float) -> str:
    return "not known" if math.isnan(value) else f"{value:,.6g}"


def _change(value: float, unit: str = "") -> str:
    if math.isnan(value):
        return ""
    return ("0" if round(value) == 0 and unit else f"{value:+.0f}" if unit else f"{value:+g}").replace("-", "−") + unit
