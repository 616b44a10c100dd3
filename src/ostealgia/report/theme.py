"""What every page shares: the template environment, style, script, symbols and embedded files."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from ostealgia.errors import OstealgiaError
from ostealgia.options import one_of
from ostealgia.report import cells, palette
from ostealgia.report.content import VERDICTS, Link, Said

if TYPE_CHECKING:
    from jinja2 import Environment

# symbol of a verdict -> its path in a box of 16 by 16
SYMBOLS: dict[str, str] = {
    "check": "M2.8 8.6l3.4 3.4 7-7.6",
    "approximate": "M2.6 6.4c1.8-2 3.6-2 5.4-.2s3.6 1.8 5.4-.2M2.6 11c1.8-2 3.6-2 5.4-.2s3.6 1.8 5.4-.2",
    "exclamation": "M8 2.6v6.6M8 13.2v.1",
    "cross": "M3.6 3.6l8.8 8.8M12.4 3.6l-8.8 8.8",
    "circle": "M12.6 8a4.6 4.6 0 1 1-9.2 0a4.6 4.6 0 1 1 9.2 0",
    "dash": "M3.2 8h9.6",
}
_SYMBOL_OF = {"✓": "check", "≈": "approximate", "!": "exclamation", "✕": "cross", "○": "circle", "–": "dash"}

# opens what is folded before printing, and when a link leads into it
SCRIPT = (
    "addEventListener('beforeprint',function(){document.querySelectorAll('details').forEach(function(d){d.open=true})});"
    "function reveal(){var e=location.hash.length>1&&document.getElementById(location.hash.slice(1));"
    "for(var d=e&&e.closest('details');d;d=d.parentElement.closest('details'))d.open=true}"
    "addEventListener('hashchange',reveal);reveal()"
)


def tone(verdict: str) -> str:
    """The tone of a verdict: "good", "quiet", "warn" or "bad"."""
    return VERDICTS[one_of("verdict", verdict, VERDICTS)][1]


def symbol(verdict: str) -> str:
    """The name of the symbol of a verdict.

    >>> symbol("impossible")
    'cross'
    """
    return _SYMBOL_OF[VERDICTS[one_of("verdict", verdict, VERDICTS)][0]]


def slug(text: str) -> str:
    """A text as an id: small letters, digits and hyphens; a text without any gives "x".

    >>> slug("Adverse events, grade >= 3")
    'adverse-events-grade-3'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"


def data_uri(content: str | bytes, mime: str) -> str:
    """The content as a data: address (base64), so that a page carries its own downloads.

    >>> data_uri("a", "text/csv")
    'data:text/csv;base64,YQ=='
    """
    raw = content.encode() if isinstance(content, str) else content
    return f"data:{mime};base64,{base64.b64encode(raw).decode('ascii')}"


def joined(parts: Iterable[str]) -> str:
    """Words as a list: "a", "a and b", "a, b and c".

    >>> joined(["4 reproduced", "1 differs", "2 cannot be computed"])
    '4 reproduced, 1 differs and 2 cannot be computed'
    """
    *first, last = list(parts) or [""]
    return f"{', '.join(first)} and {last}" if first else last


def _finalize(value: Any) -> Any:
    """What is written into a page: control and direction marks taken out of plain text; escaping comes after."""
    from markupsafe import Markup

    if value is None:
        return ""
    return cells.clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _typeset(context: Any, text: Any) -> Any:
    """A text for the page; the numbers of a sentence lead to the cells they come from."""
    from markupsafe import Markup, escape

    if not isinstance(text, Said):
        return cells.typeset(str(text))
    anchor, made = context.get("anchor"), []
    for part in text.parts:
        shown = escape(cells.typeset(cells.clean(part if isinstance(part, str) else part.text)))
        place = anchor(part.target) if anchor and isinstance(part, Link) else ""
        made.append(Markup('<a class="cell" href="#{}">{}</a>').format(place, shown) if place else shown)
    return Markup("").join(made)


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates with escaping on."""
    from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context

    made = Environment(
        loader=PackageLoader("ostealgia.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    made.filters["typeset"] = pass_context(_typeset)
    made.globals.update(
        tone=tone, symbol=symbol, set_rows=cells.set_rows, shown_columns=cells.shown_columns, verdict_key=slug
    )
    return made


@lru_cache(maxsize=1)
def _style_sheet() -> str:
    return resources.files("ostealgia.report").joinpath("templates", "style.css").read_text(encoding="utf-8")


def shell(*, language: str, page_title: str, figure_colours: set[str], more_css: str = "") -> dict[str, Any]:
    """The values that the base template needs: style with fonts and colours, script with its hash, symbols."""
    from markupsafe import Markup

    from ostealgia.plot.style import font_css

    css = "\n".join(
        part
        for part in (
            font_css(italic=False),
            palette.variables(),
            palette.figure_variables(figure_colours),
            _style_sheet().rstrip(),
            more_css,
        )
        if part
    )
    return {
        "language": language,
        "page_title": page_title,
        "css": Markup(css),
        "script": Markup(SCRIPT),
        "script_hash": base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode("ascii"),
        "symbols": SYMBOLS,
    }


def relative(href: str) -> str:
    """The link, when it stays inside the folder of the page; else an OstealgiaError.

    >>> relative("mrgfus/report.html")
    'mrgfus/report.html'
    """
    if re.match(r"^(?:[a-z][a-z0-9+.-]*:|[/\\])", href, re.IGNORECASE) or ".." in re.split(r"[/\\]", href):
        raise OstealgiaError(f"The link {href!r} leaves the folder of the page. Use a relative path inside it.")
    return href
