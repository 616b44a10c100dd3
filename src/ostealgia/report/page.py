"""A report as one HTML page that needs nothing else: no network, no font, no script file."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ostealgia.errors import OstealgiaError
from ostealgia.report import content, palette, theme
from ostealgia.report.svg import inline_svg

KINDS = {"review": "Systematic review, recomputed from its tables", "cohort": "Cohort, analysed from its tables"}
FIT = ("consistent", "rounding")
PARTS = ("summary", "methods", "provenance", "claims", "findings")  # of the page itself; a link to one leads there


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line of the contents."""

    place: str
    label: str
    children: tuple[Entry, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DownloadView:
    """A file offered for download, as a link."""

    label: str
    filename: str
    href: str


@dataclass(frozen=True, kw_only=True)
class FigureView:
    """A figure with its id in the page and its markup."""

    place: str
    title: str
    caption: str
    markup: Any
    downloads: tuple[DownloadView, ...]


@dataclass(frozen=True, kw_only=True)
class PanelView:
    """A panel with its figures."""

    panel: content.Panel
    figures: tuple[FigureView, ...]


@dataclass(frozen=True, kw_only=True)
class AnalysisView:
    """An analysis with its id in the page, its figures and its panels."""

    analysis: content.Analysis
    place: str
    figures: tuple[FigureView, ...]
    panels: tuple[PanelView, ...] = ()

    @property
    def opened(self) -> tuple[PanelView, ...]:
        """Panels that are shown at once."""
        return tuple(view for view in self.panels if view.panel.open)

    @property
    def closed(self) -> tuple[PanelView, ...]:
        """Panels under the fold."""
        return tuple(view for view in self.panels if not view.panel.open)

    @property
    def folded(self) -> bool:
        """Whether anything stands under the fold."""
        it = self.analysis
        return bool(self.figures[1:] or it.sensitivity or it.tables or it.exclusions or self.closed)


@dataclass(kw_only=True)
class Places:
    """One id for each thing of a report, and where a link to a thing leads."""

    taken: Counter[str] = field(default_factory=Counter)
    by_target: dict[str, str] = field(default_factory=dict)
    by_object: dict[int, str] = field(default_factory=dict)

    def unique(self, wanted: str) -> str:
        """An id like the wanted one that nothing in the page has yet."""
        name = theme.slug(wanted)
        self.taken[name] += 1
        return name if self.taken[name] == 1 else self.unique(f"{name}-{self.taken[name]}")

    def add(self, thing: Any, kind: str, within: str = "") -> str:
        """Give a thing its id; the first thing of a name is what links by that name lead to."""
        place = self.unique(f"{kind}-{within}-{thing.id}" if within else f"{kind}-{thing.id}")
        self.by_object[id(thing)] = place
        self.by_target.setdefault(thing.id, place)
        return place

    def add_cells(self, table: content.Table) -> None:
        """The cells of a table that sentences lead to."""
        for row in table.rows if table.total is None else (*table.rows, table.total):
            for value in row.values():
                if isinstance(value, content.Cell) and value.id and value.id not in self.by_target:
                    self.by_target[value.id] = self.unique(f"c-{value.id}")

    def of(self, thing: Any) -> str:
        """The id of a thing that was added."""
        return self.by_object[id(thing)]

    def anchor(self, target: str) -> str:
        """The id that a target (the id of an analysis, claim, finding or table) has in the page, or an empty text."""
        return self.by_target.get(target, "") if target else ""


def places_of(report: content.Report) -> Places:
    """Ids for all that can be linked; analyses first, so that they win where an id is used twice."""
    places = Places()
    for name in PARTS:
        places.by_target[name] = places.unique(name)
    for analysis in report.analyses:
        places.add(analysis, "analysis")
    for claim in report.claims:
        places.add(claim, "claim")
    for finding in report.findings:
        places.add(finding, "finding")
    for table in (*([report.glance] if report.glance else []), *report.tables):
        places.add(table, "table")
    for analysis in report.analyses:
        for table in (*([analysis.estimates] if analysis.estimates else []), *analysis.sensitivity, *analysis.tables):
            places.add(table, "table", analysis.id)
        for figure in analysis.figures:
            places.add(figure, "figure", analysis.id)
        for panel in analysis.panels:
            for table in panel.tables:
                places.add(table, "table", analysis.id)
            for figure in panel.figures:
                places.add(figure, "figure", analysis.id)
    for table in tables_of(report):
        places.add_cells(table)
    return places


def tables_of(report: content.Report) -> Iterator[content.Table]:
    """Every table of a report, in its order."""
    if report.glance is not None:
        yield report.glance
    for analysis in report.analyses:
        yield from ([analysis.estimates] if analysis.estimates else [])
        yield from (*analysis.sensitivity, *analysis.tables)
        for panel in analysis.panels:
            yield from panel.tables
    yield from report.tables


def _figure_downloads(figure: content.Figure) -> tuple[DownloadView, ...]:
    stem = theme.slug(figure.filename or figure.id)
    offers: list[DownloadView] = []
    if figure.csv is not None:
        offers.append(
            DownloadView(
                label="data", filename=f"{stem}.csv", href=theme.data_uri(figure.csv, "text/csv;charset=utf-8")
            )
        )
    offers.append(DownloadView(label="SVG", filename=f"{stem}.svg", href=theme.data_uri(figure.svg, "image/svg+xml")))
    if figure.png_base64 is not None:
        try:
            picture = base64.b64decode(figure.png_base64, validate=True)
        except binascii.Error as problem:
            raise OstealgiaError(f"figure {figure.id!r}: png_base64 is not base64 ({problem}).") from None
        offers.append(DownloadView(label="PNG", filename=f"{stem}.png", href=theme.data_uri(picture, "image/png")))
    return tuple(offers)


def _figure_view(figure: content.Figure, place: str, prefix: str) -> tuple[FigureView, set[str]]:
    from markupsafe import Markup

    markup, colours = inline_svg(figure.svg, prefix=prefix, label=figure.alt)
    view = FigureView(
        place=place,
        title=figure.title,
        caption=figure.caption,
        markup=Markup(markup),
        downloads=_figure_downloads(figure),
    )
    return view, colours


def _figure_views(
    figures: Sequence[content.Figure], places: Places, head: str
) -> tuple[tuple[FigureView, ...], set[str]]:
    views: list[FigureView] = []
    colours: set[str] = set()
    for figure in figures:
        prefix = places.unique(f"{head}-{len(views)}") + "-"  # short: it stands before each id of the figure
        view, used = _figure_view(figure, places.of(figure), prefix)
        views.append(view)
        colours |= used
    return tuple(views), colours


def _analysis_views(report: content.Report, places: Places) -> tuple[list[AnalysisView], set[str]]:
    views: list[AnalysisView] = []
    colours: set[str] = set()
    for analysis in report.analyses:
        figures, used = _figure_views(analysis.figures, places, f"f{len(views)}")
        colours |= used
        panels: list[PanelView] = []
        for panel in analysis.panels:
            own, used = _figure_views(panel.figures, places, f"f{len(views)}-p{len(panels)}")
            colours |= used
            panels.append(PanelView(panel=panel, figures=own))
        views.append(AnalysisView(analysis=analysis, place=places.of(analysis), figures=figures, panels=tuple(panels)))
    return views, colours


def _left_out(report: content.Report) -> tuple[content.ExclusionRow, ...]:
    """The exclusions of the report; where it lists none, those of its analyses under the analysis' title."""
    if report.exclusions:
        return report.exclusions
    return tuple(
        dataclasses.replace(row, analysis=row.analysis or analysis.title)
        for analysis in report.analyses
        for row in analysis.exclusions
    )


def _pico(question: content.Question) -> list[tuple[str, str]]:
    parts = [
        ("Population", question.population),
        ("Intervention", question.intervention),
        ("Comparator", question.comparator),
        ("Outcomes", "; ".join(question.outcomes)),
    ]
    return [(label, value) for label, value in parts if value]


def _in_prose(verdict: str, number: int) -> str:
    if verdict == "differs" and number != 1:
        return "differ"
    return "within rounding" if verdict == "rounding" else verdict


def claims_line(counts: dict[str, int]) -> str:
    """One sentence on how many claims have which verdict.

    >>> claims_line({"reproduced": 4, "differs": 2})
    '6 published numbers: 4 reproduced and 2 differ.'
    """
    total = sum(counts.values())
    words = theme.joined(f"{number} {_in_prose(verdict, number)}" for verdict, number in counts.items())
    return f"{total} published number{'' if total == 1 else 's'}: {words}."


def _findings_line(report: content.Report) -> str:
    tally = report.finding_counts()
    words = theme.joined(f"{number} {_in_prose(verdict, number)}" for verdict, number in tally.items())
    total = sum(tally.values())
    severe = content.counts((row.severity for row in report.findings if row.verdict not in FIT), content.SEVERITIES)
    severe.pop("none", None)
    weights = theme.joined(f"{number} {severity}" for severity, number in severe.items())
    line = f"{total} check{'' if total == 1 else 's'}: {words}."
    return f"{line} By weight: {weights}." if weights else line


def _by_severity(findings: list[content.FindingRow]) -> list[content.FindingRow]:
    order = {severity: rank for rank, severity in enumerate(content.SEVERITIES)}
    return sorted(findings, key=lambda row: order.get(row.severity, len(order)))


def _contents(report: content.Report, views: list[AnalysisView], left_out: bool) -> list[Entry]:
    source = report.provenance
    offered = [
        ("claims", "Published and recomputed", report.claims),
        ("findings", "Checks of the printed numbers", report.findings),
        ("tables", "What was entered", report.tables),
        ("left-out", "Left out, and notes", left_out or report.notes),
        ("methods", "Methods", report.methods or report.not_done),
        (
            "provenance",
            "Where the numbers come from",
            source.software or source.inputs or source.command or report.downloads,
        ),
    ]
    entries = [Entry(place="summary", label="Summary")]
    entries += [Entry(place=view.place, label=view.analysis.title) for view in views]
    return entries + [Entry(place=place, label=label) for place, label, there in offered if there]


def _downloads(report: content.Report) -> list[DownloadView]:
    mimes = {"csv": "text/csv;charset=utf-8", "json": "application/json", "svg": "image/svg+xml"}
    views: list[DownloadView] = []
    for item in report.downloads:
        mime = mimes.get(item.filename.rpartition(".")[2].lower(), "text/plain;charset=utf-8")
        href = theme.relative(item.filename) if item.text is None else theme.data_uri(item.text, mime)
        views.append(DownloadView(label=item.label, filename=item.filename.rpartition("/")[2], href=href))
    return views


def _running_head(banner: str) -> str:
    """What must be said on every page, at the top of each when printed."""
    if not banner:
        return ""
    text = re.sub(r"[^\w .,;:()-]", " ", banner)
    look = f'font:600 8pt "Ostealgia Sans",sans-serif;color:{palette.COLOURS["warn"][0]}'
    return f'@media print{{@page{{@top-center{{content:"{text}";{look}}}}}}}'


def render_report(report: content.Report) -> str:
    """The report as one self-contained HTML page; the same report gives the same bytes.

    report : plain data; every text in it is escaped, figures are rebuilt from shapes and text alone.
    Raises OptionError for a verdict that is not offered, OstealgiaError for a figure that is not plain SVG.

    >>> from ostealgia.report.content import Answer, Report
    >>> page = render_report(Report(id="x", title="<b>Example</b>", answers=(Answer(text="79% responded."),)))
    >>> "&lt;b&gt;Example" in page, "<b>Example" in page
    (True, False)
    """
    places = places_of(report)
    views, colours = _analysis_views(report, places)
    left_out = _left_out(report)
    wrong = _by_severity([row for row in report.findings if row.verdict not in FIT])
    shell = theme.shell(
        language=report.language, page_title=report.title, figure_colours=colours, more_css=_running_head(report.banner)
    )
    template = theme.environment().get_template("report.html")
    page = template.render(
        shell,
        report=report,
        kind_label=KINDS.get(report.kind, report.kind),
        toc=_contents(report, views, bool(left_out)),
        pico=_pico(report.question),
        at_a_glance=[answer for answer in report.answers if answer.outcome or answer.estimate],
        analyses=views,
        claims_line=claims_line(report.claim_counts()),
        meanings=[(verdict, entry[2]) for verdict, entry in content.CLAIM_VERDICTS.items()],
        findings_line=_findings_line(report),
        wrong=wrong,
        fitting=[row for row in report.findings if row.verdict in FIT],
        left_out=left_out,
        downloads=_downloads(report),
        anchor=places.anchor,
        place_of=places.of,
        finding_place=places.of,
        claim_place=places.of,
        unique=places.unique,
    )
    return page.rstrip() + "\n"
