"""A draft as text with tab-separated tables, as Markdown, or as HTML."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator

from generator.draft import Draft, Sheet


def as_text(draft: Draft) -> str:
    """Plain text; tables one row a line, cells between tabs."""
    lines = [draft.title, ""]
    for heading, items in draft.parts:
        lines += [heading, ""]
        for item in items:
            lines += [*_text_table(item), ""] if isinstance(item, Sheet) else [_no_marks(item), ""]
    return "\n".join(lines)


def _text_table(sheet: Sheet) -> Iterator[str]:
    yield _no_marks(sheet.caption)
    for row in (sheet.header, *sheet.rows):
        yield "\t".join(_no_marks(cell).strip() for cell in row)
    if sheet.note:
        yield sheet.note


def as_markdown(draft: Draft) -> str:
    """Markdown with pipe tables."""
    lines = [f"# {draft.title}", ""]
    for heading, items in draft.parts:
        lines += [f"## {heading}", ""]
        for item in items:
            lines += [*_pipe_table(item), ""] if isinstance(item, Sheet) else [item, ""]
    return "\n".join(lines)


def _pipe_table(sheet: Sheet) -> Iterator[str]:
    label, _, rest = sheet.caption.partition(".")
    yield f"**{label}.**{rest}"
    yield ""
    yield f"| {' | '.join(sheet.header)} |"
    yield f"|{'|'.join(' --- ' for _ in sheet.header)}|"
    for row in sheet.rows:
        first = row[0].replace("  ", "&nbsp;&nbsp;", 1) if row[0].startswith("  ") else row[0]
        yield f"| {' | '.join([first, *row[1:]])} |"
    if sheet.note:
        yield ""
        yield sheet.note


def as_html(draft: Draft) -> str:
    """HTML with captions, header cells and tables that span."""
    head = f"<!DOCTYPE html><html><head><meta charset='utf-8'><title>{_safe(draft.title)}</title></head><body>"
    lines = [head, f"<h1>{_safe(draft.title)}</h1>"]
    for heading, items in draft.parts:
        lines.append(f"<section><h2>{_safe(heading)}</h2>")
        for item in items:
            lines += _html_table(item) if isinstance(item, Sheet) else [f"<p>{_marked(item)}</p>"]
        lines.append("</section>")
    return "\n".join([*lines, "</body></html>"])


def _html_table(sheet: Sheet) -> Iterator[str]:
    yield f"<table><caption>{_marked(sheet.caption)}</caption><thead><tr>"
    yield "".join(f"<th>{_marked(cell)}</th>" for cell in sheet.header) + "</tr></thead><tbody>"
    for row in sheet.rows:
        indent = " style='padding-left:1em'" if row[0].startswith("  ") else ""
        first = f"<td{indent}>{_marked(row[0].strip())}</td>"
        yield f"<tr>{first}{''.join(f'<td>{_marked(cell)}</td>' for cell in row[1:])}</tr>"
    yield "</tbody>"
    if sheet.note:
        yield f"<tfoot><tr><td colspan='{len(sheet.header)}'>{_marked(sheet.note)}</td></tr></tfoot>"
    yield "</table>"


def _safe(text: str) -> str:
    return html.escape(text, quote=False)


def _marked(text: str) -> str:
    """Emphasis and exponents as tags."""
    parts = _safe(text).split("*")
    body = parts[0]
    for i, part in enumerate(parts[1:], start=1):
        body += f"{'<i>' if i % 2 else '</i>'}{part}"
    if len(parts) % 2 == 0:
        body = _safe(text)
    return body.replace("²", "<sup>2</sup>")


def _no_marks(text: str) -> str:
    return text.replace("*", "")


LAYOUTS: dict[str, tuple[str, Callable[[Draft], str]]] = {
    "text": (".txt", as_text),
    "markdown": (".md", as_markdown),
    "html": (".html", as_html),
}
