"""What a report says, as plain frozen data: no frames, no figures, no layout.

A project fills these; :func:`ostealgia.report.page.render_report` sets them as one HTML page. Every text is plain
text from the field or from a stranger's sheet and is escaped when it is set; only ``Figure.svg`` is markup, and it
comes from our own figures.

Numbers in sentences and in ``str`` cells are written by the caller (``ostealgia.display`` with ``typographic=True``);
number cells are written by the page with the column's ``digits``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

# verdict -> (symbol, tone, what it means); the order is the order of reading
CLAIM_VERDICTS: dict[str, tuple[str, str, str]] = {
    "reproduced": ("✓", "good", "rounds to every printed digit, limits included"),
    "rounding": ("≈", "quiet", "some value of the inputs inside their printed precision gives it"),
    "differs": ("!", "warn", "the recomputed value is another one"),
    "cannot be computed": ("○", "quiet", "the inputs that are public do not determine it"),
}
FINDING_VERDICTS: dict[str, tuple[str, str, str]] = {
    "consistent": ("✓", "good", "the numbers fit together"),
    "rounding": ("≈", "quiet", "inside what rounded inputs allow"),
    "inconsistent": ("!", "warn", "the numbers cannot all be true"),
    "impossible": ("✕", "bad", "no data can produce it"),
}
VERDICTS: dict[str, tuple[str, str, str]] = (
    CLAIM_VERDICTS | FINDING_VERDICTS | {"note": ("–", "quiet", "for information")}
)
SEVERITIES: tuple[str, ...] = ("conclusion-changing", "major", "minor", "information", "none")


@dataclass(frozen=True)
class Link:
    """A piece of a sentence that leads to the cell (or table, figure, section) it comes from. target : its id."""

    text: str
    target: str


class Said(str):
    """A sentence whose numbers are linked: text everywhere, with ``parts`` where links can be set.

    >>> said("HR ", Link("0.73", "hr"), ".")
    'HR 0.73.'
    >>> [part for part in said("HR ", Link("0.73", "hr")).parts if isinstance(part, Link)]
    [Link(text='0.73', target='hr')]
    """

    parts: tuple[str | Link, ...]


def said(*parts: str | Link) -> Said:
    """Text and links put together; a ``Said`` among them brings its own links."""
    flat: list[str | Link] = []
    for part in parts:
        if isinstance(part, Said):
            flat += part.parts
        elif part:
            flat.append(part)
    made = Said("".join(part if isinstance(part, str) else part.text for part in flat))
    made.parts = tuple(flat)
    return made


@dataclass(frozen=True, kw_only=True)
class Question:
    """What was asked. Each part is a phrase; an empty part is left out. ``outcomes`` one phrase an outcome."""

    text: str = ""
    population: str = ""
    intervention: str = ""
    comparator: str = ""
    outcomes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What was found, in one sentence with its interval and prediction interval.

    text : the sentence. outcome, estimate, ci, pi, k, n, heterogeneity : the same as short texts for the table under
    the sentences ("Pain response", "79%", "73 to 83", "61 to 90", "20", "636", "I² 39%"); empty ones show a dash.
    analysis : id of the Analysis it comes from, for the link.  certainty : a GRADE level, or "not rated"; empty where nothing is pooled.

    >>> Answer(text="79% responded (95% CI 73% to 83%).", outcome="Pain response", estimate="79%").ci
    ''
    """

    text: str
    outcome: str = ""
    estimate: str = ""
    ci: str = ""
    pi: str = ""
    k: str = ""
    n: str = ""
    heterogeneity: str = ""
    analysis: str = ""
    certainty: str = ""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One short line about what is wrong with the inputs.

    verdict : a key of VERDICTS.  target : id of a claim, finding, analysis or table of the same report, for the link.
    """

    text: str
    verdict: str = "inconsistent"
    target: str = ""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a Table.

    align : "left", "right", "center" or "decimal" (points under points, also where digits differ and in texts of one
    pattern such as "0.79 (0.73 to 0.83)").  digits : decimals of number cells; None writes a number as it comes (at
    most 6 significant digits).  unit : set in the header.  wide : text that may wrap.
    """

    key: str
    label: str
    unit: str = ""
    align: str = "left"
    digits: int | None = None
    wide: bool = False


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A cell with more than a value: a footnote letter, a verdict, a link in the page (``target``: an id), weight, an id of its own to
    which sentences lead."""

    value: str | int | float | None = None
    footnote: str = ""
    verdict: str = ""
    target: str = ""
    strong: bool = False
    id: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table: rows are mappings from ``Column.key`` to a str, a number, None (missing) or a Cell.

    footnotes : (letter, text).  group_by : key of a column whose value heads a group of rows instead of standing in
    each. total : key -> value of one last row set off by a rule.

    >>> dose = Column(key="gy", label="Dose", unit="Gy", digits=1)
    >>> table = Table(id="t", title="Doses", columns=(dose,), rows=({"gy": 8.0},))
    >>> table.columns[0].unit
    'Gy'
    """

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Mapping[str, Any], ...]
    caption: str = ""
    footnotes: tuple[tuple[str, str], ...] = ()
    group_by: str = ""
    total: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure: our own SVG, the same as PNG (base64, without prefix) and the data behind it as CSV text.

    alt : what the figure shows in one or two sentences.  filename : stem of the downloads, ``id`` where empty.
    """

    id: str
    title: str
    svg: str
    alt: str
    png_base64: str | None = None
    csv: str | None = None
    caption: str = ""
    filename: str = ""


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One line of a list of values: "tau²", "0.14 (0.00 to 0.59)", "logit scale; Q-profile"."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class ExclusionRow:
    """One study or row that was left out: where from, why, and its row in the file (header = row 1)."""

    study: str
    reason: str
    analysis: str = ""
    row: int | None = None
    file: str = ""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One further result of an analysis under a heading of its own: a regression, a network's league, influence.

    text : what it says, in a sentence or two.  facts, tables, figures, notes : as in Analysis.  open : shown at once, else folded.

    >>> Panel(id="p", title="Influence of single studies").open
    False
    """

    id: str
    title: str
    text: str = ""
    facts: tuple[Fact, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = ()
    open: bool = False


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """One analysis: its answer, figures, how sure, and the details that are folded.

    answer : one sentence.  how : one line under the figure, for instance "REML, Hartung-Knapp".  heterogeneity : Fact
    lines. estimates : the Table group, method, scale, estimate, CI, PI, k, n.  sensitivity : leave-one-out, estimator
    grid, assumptions. tables : further tables (what was entered, subgroups).  methods : the paragraph naming measure,
    model, estimators. problem : a sentence when the analysis could not be done; then it may have no figures.  panels : what was asked for
    beyond the estimates.
    """

    id: str
    title: str
    answer: str = ""
    how: str = ""
    figures: tuple[Figure, ...] = ()
    heterogeneity: tuple[Fact, ...] = ()
    estimates: Table | None = None
    sensitivity: tuple[Table, ...] = ()
    tables: tuple[Table, ...] = ()
    methods: str = ""
    notes: tuple[str, ...] = ()
    exclusions: tuple[ExclusionRow, ...] = ()
    problem: str = ""
    panels: tuple[Panel, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ClaimVariant:
    """The same claim recomputed under a named assumption ("SD at 1 month = SD at 3 months"). verdict may be empty."""

    assumption: str
    recomputed: str
    verdict: str = ""
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class ClaimRow:
    """A published number beside the recomputed one.

    published, recomputed : as text, "79% (73 to 83)".  verdict : a key of CLAIM_VERDICTS.  detail : what is missing,
    which methods match. source : where it is printed.  analysis : id of the Analysis that recomputes it.  project :
    title for grouping over projects.
    """

    id: str
    claim: str
    published: str
    recomputed: str
    verdict: str
    detail: str = ""
    source: str = ""
    analysis: str = ""
    project: str = ""
    variants: tuple[ClaimVariant, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FindingRow:
    """One check of a printed number: what stands there, what it should be, and whether the conclusion hangs on it.

    verdict : a key of FINDING_VERDICTS.  severity : one of SEVERITIES.  basis : "arithmetic" or "judgement".
    """

    id: str
    place: str
    quote: str
    reported: str
    recomputed: str
    rule: str
    verdict: str
    severity: str = "none"
    cause: str = ""
    repair: str = ""
    basis: str = "arithmetic"


@dataclass(frozen=True, kw_only=True)
class FileRecord:
    """A file by name with its SHA-256, so that a reader can tell whether it is the same one."""

    name: str
    sha256: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """What made the report: versions, files, the command, and the date only where it was passed in."""

    software: tuple[Fact, ...] = ()
    inputs: tuple[FileRecord, ...] = ()
    command: str = ""
    date: str = ""


@dataclass(frozen=True, kw_only=True)
class Download:
    """A file offered with the report: ``text`` is embedded; without it ``filename`` links to a file beside it."""

    filename: str
    label: str
    text: str | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """A whole report, in the order in which it is read.

    kind : "review" or "cohort".  subtitle : one line.  banner : what must be said on every page ("SIMULATED data").  glance : the main
    results as one table, instead of the columns of the answers.  citation : the published paper that is recomputed.  methods :
    paragraphs. notes : what must be said.  not_done : what was not done, one phrase each.

    >>> claim = ClaimRow(id="c", claim="response", published="79%", recomputed="79%", verdict="reproduced")
    >>> Report(id="x", title="Example", claims=(claim,)).claim_counts()
    {'reproduced': 1}
    """

    id: str
    title: str
    kind: str = "review"
    subtitle: str = ""
    banner: str = ""
    citation: str = ""
    glance: Table | None = None
    question: Question = field(default_factory=Question)
    answers: tuple[Answer, ...] = ()
    problems: tuple[Problem, ...] = ()
    analyses: tuple[Analysis, ...] = ()
    claims: tuple[ClaimRow, ...] = ()
    findings: tuple[FindingRow, ...] = ()
    tables: tuple[Table, ...] = ()
    exclusions: tuple[ExclusionRow, ...] = ()
    methods: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    not_done: tuple[str, ...] = ()
    provenance: Provenance = field(default_factory=Provenance)
    downloads: tuple[Download, ...] = ()
    ci_level: str = "95%"
    language: str = "en"

    def claim_counts(self) -> dict[str, int]:
        """Number of claims by verdict, in the order of CLAIM_VERDICTS, without the empty ones."""
        return counts((claim.verdict for claim in self.claims), CLAIM_VERDICTS)

    def finding_counts(self) -> dict[str, int]:
        """Number of findings by verdict, in the order of FINDING_VERDICTS, without the empty ones."""
        return counts((finding.verdict for finding in self.findings), FINDING_VERDICTS)


@dataclass(frozen=True, kw_only=True)
class IndexEntry:
    """One report on the index page. href : relative link to it ("mrgfus/report.html")."""

    report: Report
    href: str


def counts(values: Iterable[str], order: Iterable[str]) -> dict[str, int]:
    """How often each value occurs, in the given order, without zeros; others follow in order of appearance.

    >>> counts(["differs", "reproduced", "differs"], CLAIM_VERDICTS)
    {'reproduced': 1, 'differs': 2}
    """
    tally = Counter(values)
    known = list(order)
    return {name: tally[name] for name in [*known, *(name for name in tally if name not in known)] if tally[name]}
