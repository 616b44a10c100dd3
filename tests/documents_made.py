"""One made-up paper written in every format that is read, and small builders of PDF and Word files."""

from __future__ import annotations

import html
import io
import zipfile
from dataclasses import dataclass

TITLE = "Single fraction radiotherapy for painful bone metastases in a cohort"
ABSTRACT = {
    "Background": "Pain is common in patients with bone metastases and is often treated late.",
    "Results": "Response was more frequent after treatment (OR 1.37, 95% CI 1.03–1.83; P = 0.03) in 205 patients.",
}
SECTIONS: dict[str, list[str]] = {
    "Introduction": [
        "Radiotherapy relieves pain in many patients, but the size of the effect is uncertain in routine care."
    ],
    "Methods": ["We included all patients who were treated between January 2015 and December 2022 at one centre."],
    "Results": [
        "A response was seen in 82 of 103 patients (79.6%) and in 80 of 102 patients (78.4%), with a mean difference of −3.8 points.",
        "Heterogeneity was high (I² = 98%), and the hazard of death was lower with treatment (HR 0.68; 95% CI 0.51–0.91).",
    ],
    "Discussion": [
        "The odds of a response were higher with treatment, which agrees with the trials that came before ours.",
        "Several limits of this work deserve mention, because patients were neither randomised nor blinded to what was given to them, "
        "and because many of them were too ill to fill in the questionnaires that were handed out after the last visit at our centre.",
        "Larger studies with a longer follow-up are needed before these findings can be taken over into the care of all patients.",
    ],
}
CAPTION = "Table 1. Characteristics of the patients"
TABLE = [
    ["Variable", "Control (n = 103)", "Treated (n = 102)", "P"],
    ["Age, mean ± SD", "62.02 ± 11.39", "62.25 ± 11.54", "0.883"],
    ["Male sex, n (%)", "63 (61.2)", "62 (60.8)", "0.955"],
    ["Breast", "31 (30.1)", "30 (29.4)", ""],
    ["Lung", "36 (35.0)", "35 (34.3)", "0.965"],
]
NOTE = "Note: SD: standard deviation."
REFERENCE = "1. Smith A, Jones B. Pain after treatment of bone metastases. J Pain 2010;12:34-56."


def as_text() -> str:
    """Plain text with a table by tabs."""
    parts = [TITLE, "Abstract", *[f"{name}: {words}" for name, words in ABSTRACT.items()]]
    for name, paragraphs in SECTIONS.items():
        parts += [name, *paragraphs]
        if name == "Results":
            parts += [CAPTION, "\n".join("\t".join(row) for row in TABLE), NOTE]
    return "\n\n".join([*parts, "References", REFERENCE]) + "\n"


def as_markdown() -> str:
    """Markdown with a pipe table and mark-up around numbers."""
    parts = [f"# {TITLE}", "## Abstract", *[f"**{name}:** {words}" for name, words in ABSTRACT.items()]]
    for name, paragraphs in SECTIONS.items():
        marked = [words.replace("I² = 98%", "$I^2 = 98\\%$").replace("HR 0.68", "**HR** 0.68") for words in paragraphs]
        parts += [f"## {name}", *marked]
        if name == "Results":
            rows = ["| " + " | ".join(row) + " |" for row in TABLE]
            rows.insert(1, "|---|---|---|---|")
            parts += [f"**{CAPTION}**", "\n".join(rows), NOTE]
    return "\n\n".join([*parts, "## References", REFERENCE]) + "\n"


def as_html() -> str:
    """A page with menus and scripts around the paper."""
    body = [
        f"<h1>{TITLE}</h1>",
        "<h2>Abstract</h2>",
        *[f"<p><b>{name}:</b> {_html(words)}</p>" for name, words in ABSTRACT.items()],
    ]
    for name, paragraphs in SECTIONS.items():
        body += [f"<h2>{name}</h2>", *[f"<p>{_html(words)}</p>" for words in paragraphs]]
        if name == "Results":
            body.append(
                f'<div class="table-wrap"><div class="caption">{CAPTION}</div>{_html_table()}<p class="table-wrap-foot">{NOTE}</p></div>'
            )
    body += ["<h2>References</h2>", f"<ol><li>{REFERENCE}</li></ol>"]
    inner = "\n".join(body)
    return (
        '<!DOCTYPE html><html><head><meta charset="utf-8"><title>x</title><script>var n = "OR 9.99";</script></head><body>'
        f"<nav><ul><li>Home 1</li></ul></nav><main>{inner}</main><footer>Copyright 2024</footer></body></html>"
    )


def _html(words: str) -> str:
    return (
        html.escape(words, quote=False)
        .replace("I²", "<i>I</i><sup>2</sup>")
        .replace("–", "&ndash;")
        .replace("P = ", "<em>P</em>&thinsp;=&thinsp;")
    )


def _html_table() -> str:
    head, *rows = TABLE
    cells = "".join("<tr>" + "".join(f"<td>{_html(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        "<table><thead><tr>"
        + "".join(f"<th>{_html(cell)}</th>" for cell in head)
        + f"</tr></thead><tbody>{cells}</tbody></table>"
    )


def as_jats() -> str:
    """A JATS article."""
    abstract = "".join(f"<sec><title>{name}</title><p>{_xml(words)}</p></sec>" for name, words in ABSTRACT.items())
    sections = ""
    for name, paragraphs in SECTIONS.items():
        table = ""
        if name == "Results":
            label, _, words = CAPTION.partition(". ")
            grid = _html_table().replace("&ndash;", "–").replace("&thinsp;", " ")
            table = (
                f"<table-wrap><label>{label}</label><caption><title>{words}</title></caption>{grid}"
                f"<table-wrap-foot><p>{NOTE}</p></table-wrap-foot></table-wrap>"
            )
        sections += (
            f"<sec><title>{name}</title>" + "".join(f"<p>{_xml(words)}</p>" for words in paragraphs) + table + "</sec>"
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><article><front><article-meta><title-group>'
        f"<article-title>{TITLE}</article-title></title-group><abstract>{abstract}</abstract></article-meta></front>"
        f"<body>{sections}</body><back><ref-list><title>References</title><ref>"
        f"<mixed-citation>{REFERENCE}</mixed-citation></ref></ref-list></back></article>"
    )


def _xml(words: str) -> str:
    return (
        html.escape(words, quote=False)
        .replace("I²", "<italic>I</italic><sup>2</sup>")
        .replace("P = ", "<italic>P</italic> = ")
    )


# ---- Word

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
_STYLES = (
    f'<?xml version="1.0"?><w:styles {_W}><w:style w:styleId="T"><w:name w:val="Title"/></w:style>'
    '<w:style w:styleId="H1"><w:name w:val="heading 1"/></w:style></w:styles>'
)


def docx(body: str) -> bytes:
    """A Word file around the XML of its body."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("word/styles.xml", _STYLES)
        archive.writestr(
            "word/document.xml", f'<?xml version="1.0"?><w:document {_W}><w:body>{body}</w:body></w:document>'
        )
    return out.getvalue()


def word_paragraph(words: str, style: str = "") -> str:
    """A paragraph whose "²" are typed as raised figures."""
    runs = ""
    for at, piece in enumerate(words.split("²")):
        if at:
            runs += '<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:t>2</w:t></w:r>'
        runs += f'<w:r><w:t xml:space="preserve">{html.escape(piece, quote=False)}</w:t></w:r>'
    mark = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{mark}{runs}</w:p>"


def as_docx() -> bytes:
    """A Word file with styles and a table."""
    body = [
        word_paragraph(TITLE, "T"),
        word_paragraph("Abstract", "H1"),
        *[word_paragraph(f"{name}: {words}") for name, words in ABSTRACT.items()],
    ]
    for name, paragraphs in SECTIONS.items():
        body += [word_paragraph(name, "H1"), *map(word_paragraph, paragraphs)]
        if name == "Results":
            rows = "".join(
                "<w:tr>" + "".join(f"<w:tc>{word_paragraph(cell)}</w:tc>" for cell in row) + "</w:tr>" for row in TABLE
            )
            body += [word_paragraph(CAPTION), f"<w:tbl>{rows}</w:tbl>", word_paragraph(NOTE)]
    return docx("".join([*body, word_paragraph("References", "H1"), word_paragraph(REFERENCE)]))


# ---- PDF: Courier, whose letters are all 0.6 of the size wide


@dataclass
class PdfPage:
    """Drawing operators of one page of 595 x 842 points."""

    operators: str = ""

    def put(self, words: str, x: float, y: float, size: float = 8, font: str = "F1") -> None:
        """Words at a place; characters beyond Windows-1252 are left out."""
        data = words.replace("−", "-").encode("cp1252", "ignore").hex()
        self.operators += f"BT /{font} {size} Tf 1 0 0 1 {x} {y} Tm <{data}> Tj ET\n"

    def rule(self, x0: float, x1: float, y: float) -> None:
        """A horizontal line."""
        self.operators += f"0.5 w {x0} {y} m {x1} {y} l S\n"


def pdf(pages: list[PdfPage], *, trailer: str = "", padding: int = 0) -> bytes:
    """A PDF file of the pages. padding : bytes of an object that no page shows."""
    kids = " ".join(f"{5 + 2 * i} 0 R" for i in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Courier-Bold /Encoding /WinAnsiEncoding >>",
    ]
    for i, page in enumerate(pages):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {6 + 2 * i} 0 R /Resources << /Font << /F1 3 0 R /F2 4 0 R >"
            f"> >> >>"
        )
        objects.append(f"<< /Length {len(page.operators)} >>\nstream\n{page.operators}endstream")
    if padding:
        objects.append(f"<< /Length {padding} >>\nstream\n{'0' * padding}\nendstream")
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{content}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    start = len(out)
    out += (
        f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n"
        f"<< /Size {len(objects) + 1} /Root 1 0 R {trailer}>>\nstartxref\n{start}\n%%EOF\n"
    ).encode()
    return out


def wrapped(words: str, width: int, *, hyphens: bool = True) -> list[str]:
    """Words broken into lines of so many letters; a long word is divided with a hyphen."""
    lines: list[str] = [""]
    for word in words.split():
        line = lines[-1]
        if len(line) + len(word) + bool(line) <= width:
            lines[-1] = f"{line} {word}".strip()
            continue
        room = width - len(line) - 2
        if hyphens and word.isalpha() and len(word) > 8 and 3 < room < len(word) - 3:
            lines[-1] = f"{line} {word[:room]}-"
            lines.append(word[room:])
        else:
            lines.append(word)
    return lines


def as_pdf(*, columns: int = 2, ruled: bool = True) -> bytes:
    """The paper on pages with a running head and a page number, in one or two columns, its table across the page."""
    size, leading = 8.0, 10.0
    width = 240.0 if columns == 2 else 500.0
    letters = int(width / (0.6 * size))
    lefts = [48.0, 308.0] if columns == 2 else [48.0]
    flow: list[tuple[str, str]] = []
    for name, words in ABSTRACT.items():
        flow += [("text", line) for line in _indented(f"{name}: {words}", letters)]
    for name, paragraphs in SECTIONS.items():
        flow.append(("heading", name))
        for words in paragraphs:
            flow += [("text", line) for line in _indented(words, letters)]
    flow += [("heading", "References"), *[("text", line) for line in wrapped(REFERENCE, letters)]]
    pages = [PdfPage()]
    for at, line in enumerate(wrapped(TITLE, 60, hyphens=False)):
        pages[0].put(line, 48, 790 - 16 * at, 13, "F2")
    top = 740.0 if columns == 1 else 560.0
    table_top = _put_table(pages[0], ruled)
    place, column, y = 0, 0, top
    while place < len(flow):
        kind, line = flow[place]
        floor = table_top + 24 if len(pages) == 1 else 80
        if y < floor + (leading * 2 if kind == "heading" else 0):
            column += 1
            y = top if len(pages) == 1 else 780.0
            if column == len(lefts):
                pages.append(PdfPage())
                column, y = 0, 780.0
        if kind == "heading":
            y -= 6
        indent = 10 if line.startswith("  ") else 0
        pages[-1].put(line.strip(), lefts[column] + indent, y, size, "F2" if kind == "heading" else "F1")
        y -= leading + (4 if kind == "heading" else 0)
        place += 1
    while len(pages) < 3:
        pages.append(PdfPage())
    for number, page in enumerate(pages, start=1):
        page.put("A. Smith et al. Journal of Pain Tests", 48, 820, 7)
        page.put(str(100 + number), 290, 30, 7)
        if not page.operators.count("Tj") > 2:
            page.put("This page holds nothing but one more sentence about radiotherapy.", 48, 700, size)
    return pdf(pages)


def _indented(words: str, letters: int) -> list[str]:
    first, *rest = wrapped(words, letters - 3)
    again = wrapped(" ".join(rest), letters) if rest else []
    return [f"  {first}", *again] if not first.endswith("-") else [f"  {first}", *wrapped(" ".join(rest), letters)]


def _put_table(page: PdfPage, ruled: bool) -> float:
    """The table at the foot of the first page; returns where its caption stands."""
    size, lefts, y = 7.0, [48.0, 200.0, 320.0, 450.0], 300.0
    page.put(CAPTION, 48, y, size, "F2")
    y -= 6
    for at, row in enumerate(TABLE):
        if ruled and at < 2:
            page.rule(48, 540, y)
        y -= 10
        for x, cell in zip(lefts, row, strict=True):
            if cell:
                page.put(cell, x, y, size)
        y -= 3
    if ruled:
        page.rule(48, 540, y)
    page.put(NOTE, 48, y - 9, 6)
    return 300.0
