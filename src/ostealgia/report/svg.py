"""Our own SVG figures made fit to stand inside a page: one namespace of ids, page colours, no outside reference.

A figure is rebuilt from the elements it may have; anything else is refused, so a label in a figure can never become
markup or a request.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from xml.etree import ElementTree

from ostealgia.errors import OstealgiaError
from ostealgia.report.palette import full_hex

ALLOWED = frozenset(
    (
        "svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon",
        "text", "tspan", "defs", "clipPath", "use", "title", "desc", "linearGradient", "radialGradient",
        "stop", "pattern", "marker", "mask", "symbol", "image", "a", "style",
    )
)  # fmt: skip
DROPPED = frozenset(("metadata",))
BACKGROUND = "patch_1"  # matplotlib's paper behind the whole figure: the page is the paper
PAINT = ("fill", "stroke", "stop-color", "color")
_NAMED = {"black": "#000000", "white": "#ffffff"}
_HEX = re.compile(r"#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_REFERENCE = re.compile(r"""(?:url\(\s*['"]?|href\s*=\s*['"])#([^)'"]+)""")
_LENGTH = re.compile(r"^\s*([0-9.]+)\s*(px|pt|in|mm|cm)?\s*$")
_PIXELS = {None: 1.0, "px": 1.0, "pt": 4 / 3, "in": 96.0, "mm": 96 / 25.4, "cm": 96 / 2.54}


@dataclass(kw_only=True)
class _Rewriter:
    """What is being rewritten: prefix for ids, colours met on the way, and rules of <style> for every element."""

    prefix: str
    used: frozenset[str] = frozenset()  # ids that something in the figure refers to; the others go
    colours: set[str] = field(default_factory=set)
    root_style: str = ""

    def paint(self, text: str) -> str:
        def swap(match: re.Match[str]) -> str:
            colour = full_hex(match.group())
            self.colours.add(colour)
            return f"var(--x{colour[1:]})"

        return _HEX.sub(swap, text)

    def references(self, text: str) -> str:
        text = re.sub(r"url\(\s*['\"]?#([^)'\"]+)['\"]?\s*\)", rf"url(#{self.prefix}\1)", text)
        if re.search(r"url\((?!#)|expression|@import|javascript:", text, re.IGNORECASE):
            raise OstealgiaError(f"A figure refers to something outside itself: {text[:60]!r}. Use ids of the figure.")
        return text

    def style(self, text: str) -> str:
        parts = []
        for declaration in text.split(";"):
            name, _, value = declaration.partition(":")
            name, value = name.strip(), value.strip()
            if name and value:
                named = _NAMED.get(value.lower(), value) if name in PAINT else value
                parts.append(f"{name}:{self.references(named) if 'url(' in named else self.paint(named)}")
        return ";".join(parts)


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _pixels(text: str | None) -> float | None:
    match = _LENGTH.match(text or "")
    return float(match.group(1)) * _PIXELS[match.group(2)] if match else None


def _attributes(element: ElementTree.Element, rewriter: _Rewriter) -> dict[str, str]:
    kept: dict[str, str] = {}
    styles: list[str] = []
    for full_name, value in element.attrib.items():
        name = _local(full_name)
        if name.lower().startswith("on"):
            raise OstealgiaError(f"A figure carries a script in its attribute {name!r}. Use shapes and text only.")
        if full_name.startswith("{http://www.w3.org/XML/") or name in ("version", "space"):
            continue
        if name == "id":
            if value in rewriter.used:
                kept["id"] = rewriter.prefix + value
        elif name == "href":
            kept["href"] = _reference(_local(element.tag), value, rewriter)
        elif name == "style":
            styles.append(rewriter.style(value))
        elif name in PAINT:
            styles.insert(0, rewriter.style(f"{name}:{value}"))
        elif name == "d":
            kept["d"] = " ".join(value.split())
        else:
            kept[name] = rewriter.references(value) if "url(" in value else value
    if any(styles):
        kept["style"] = ";".join(style for style in styles if style)
    return kept


def _reference(tag: str, value: str, rewriter: _Rewriter) -> str:
    if value.startswith("#"):
        return value if tag == "a" else f"#{rewriter.prefix}{value[1:]}"
    if tag == "image" and value.startswith("data:image/png;base64,"):
        return value
    raise OstealgiaError(f"A figure refers to {value[:60]!r}. Only '#id' and embedded PNG images may be used.")


def _style_element(text: str, rewriter: _Rewriter) -> str:
    """Rules of a <style>: fonts are the page's, a rule for all goes to the root, others are scoped to the figure."""
    scoped = []
    for selector, body in _RULE.findall(re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)):
        if selector.strip().startswith("@"):
            continue
        if selector.strip() == "*":
            rewriter.root_style += rewriter.style(body) + ";"
        else:
            names = ",".join(f"#{rewriter.prefix}figure {name.strip()}" for name in selector.split(","))
            scoped.append(f"{names}{{{rewriter.style(body)}}}")
    return "".join(scoped)


def _serialise(element: ElementTree.Element, rewriter: _Rewriter) -> str:
    tag = _local(element.tag) if isinstance(element.tag, str) else ""
    tail = escape(element.tail or "", quote=False) if (element.tail or "").strip() else ""
    if tag in DROPPED or not tag or element.get("id") == BACKGROUND:
        return tail
    if tag not in ALLOWED:
        raise OstealgiaError(f"A figure holds <{tag}>, which is not among {', '.join(sorted(ALLOWED))}.")
    if tag == "style":
        rules = _style_element(element.text or "", rewriter).replace("<", "")
        return (f"<style>{rules}</style>" if rules else "") + tail
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in _attributes(element, rewriter).items())
    text = escape(element.text or "", quote=False) if (element.text or "").strip() else ""
    inner = text + "".join(_serialise(child, rewriter) for child in element)
    if tag == "g" and not attributes:
        return inner + tail
    return (f"<{tag}{attributes}>{inner}</{tag}>" if inner else f"<{tag}{attributes}/>") + tail


def inline_svg(svg: str, *, prefix: str, label: str) -> tuple[str, set[str]]:
    """The figure as markup for a page, and the colours it uses (each now a custom property ``--xRRGGBB``).

    svg : a whole SVG document.  prefix : put before each id, so that figures do not share ids.
    label : text for readers who do not see the figure.
    Raises OstealgiaError where the text is not SVG or holds scripts, outside references or foreign elements.

    >>> square = '<svg width="20" height="10"><rect id="r" fill="#1b1f24"/><use href="#r"/></svg>'
    >>> markup, colours = inline_svg(square, prefix="f1-", label="A square")
    >>> print(markup.replace("><", ">" + chr(10) + "<"))
    <svg id="f1-figure" role="img" aria-label="A square" viewBox="0 0 20 10" style="width:20px;fill:var(--x000000)">
    <rect id="f1-r" style="fill:var(--x1b1f24)"/>
    <use href="#f1-r"/>
    </svg>
    >>> sorted(colours)
    ['#000000', '#1b1f24']
    """
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as problem:
        raise OstealgiaError(f"A figure is not well-formed SVG: {problem}.") from None
    if _local(root.tag) != "svg":
        raise OstealgiaError(f"A figure starts with <{_local(root.tag)}>; it should start with <svg>.")
    rewriter = _Rewriter(prefix=prefix, used=frozenset(_REFERENCE.findall(svg)), colours={"#000000"})
    width, height = _pixels(root.get("width")), _pixels(root.get("height"))
    inner = "".join(_serialise(child, rewriter) for child in root)
    view_box = root.get("viewBox") or f"0 0 {width or 100:g} {height or 100:g}"
    if width is None:
        width = float(view_box.split()[2])
    own = rewriter.style(root.get("style") or "")
    style = f"width:{width:g}px;fill:var(--x000000);{rewriter.root_style}{own}".rstrip(";")
    named = f'id="{escape(prefix)}figure" role="img" aria-label="{escape(label)}"'
    return f'<svg {named} viewBox="{escape(view_box)}" style="{escape(style)}">{inner}</svg>', rewriter.colours
