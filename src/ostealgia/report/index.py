"""The first page of several reports: what each found, and one table of all claims."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ostealgia.report import content, theme
from ostealgia.report.page import claims_line


@dataclass(frozen=True, kw_only=True)
class EntryView:
    """One report on the index page."""

    report: content.Report
    href: str
    place: str
    short: str

    @property
    def claim_counts(self) -> dict[str, int]:
        """Number of claims by verdict."""
        return self.report.claim_counts()

    @property
    def finding_counts(self) -> dict[str, int]:
        """Number of findings by verdict."""
        return self.report.finding_counts()


def _filters(views: list[EntryView], verdicts: Iterable[str]) -> str:
    """Rules that hide the rows of the other projects and verdicts; where :has() is unknown all rows stay."""
    rules = [
        f"body:has(#show-{view.place}:checked) .claims tbody:not(.of-{view.place})" + "{display:none}"
        for view in views
        if view.report.claims
    ]
    for verdict in verdicts:
        key = theme.slug(verdict)
        chosen = f"body:has(#verdict-{key}:checked) .claims tbody"
        rules.append(f'{chosen} tr[data-verdict]:not([data-verdict="{key}"]){{display:none}}')
        rules.append(f'{chosen}:not(:has(tr[data-verdict="{key}"])){{display:none}}')
    return "@media screen{" + "".join(rules) + "}" if rules else ""


def render_index(
    entries: Iterable[content.IndexEntry],
    *,
    title: str = "Published results, recomputed",
    subtitle: str = "",
    footer: str = "",
    language: str = "en",
) -> str:
    """One self-contained HTML page over several reports: what each found, and all claims in one table.

    entries : in the order in which they are shown; ``href`` is relative.
    The table of claims is filtered by project and by verdict without a script.
    Raises OstealgiaError for a link that leaves the folder.

    >>> from ostealgia.report.content import IndexEntry, Report
    >>> page = render_index([IndexEntry(report=Report(id="x", title="Example"), href="x/report.html")])
    >>> 'href="x/report.html"' in page
    True
    """
    views: list[EntryView] = []
    taken: set[str] = set()
    for entry in entries:
        place = theme.slug(entry.report.id)
        while place in taken:
            place += "-2"
        taken.add(place)
        views.append(
            EntryView(report=entry.report, href=theme.relative(entry.href), place=place, short=entry.report.id)
        )
    claims = [claim for view in views for claim in view.report.claims]
    tally = content.counts((claim.verdict for claim in claims), content.CLAIM_VERDICTS)
    shell = theme.shell(
        language=language, page_title=title, figure_colours=set(), more_css=_filters(views, tally) if claims else ""
    )
    page = theme.environment().get_template("index.html").render(
        shell,
        title=title,
        subtitle=subtitle,
        footer=footer,
        entries=views,
        total=len(claims),
        verdict_counts=tally,
        claims_line=claims_line(tally),
        anchor=lambda target: "",
        claim_place=lambda claim: "",
        place_of=lambda table: "",
        unique=theme.slug,
    )  # fmt: skip
    return page.rstrip() + "\n"
