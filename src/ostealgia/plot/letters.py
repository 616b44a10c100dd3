"""Letters that the bundled family lacks: which installed font has them, and what to do where none has.

The bundled family holds Latin letters, matplotlib's DejaVu Sans Greek, Cyrillic and many signs. Others (Chinese, Japanese, Korean, Thai)
are looked for among the fonts of the machine, for the texts that need them only, so that all other figures stay the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from ostealgia.plot import style

# looked at first, in this order; then every other installed font, by name
PREFERRED = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK KR", "Noto Sans SC", "Noto Sans JP", "Noto Sans KR", "Source Han Sans SC",
    "Source Han Sans", "Microsoft YaHei", "PingFang SC", "Hiragino Sans", "Yu Gothic", "Meiryo", "Malgun Gothic",
    "Apple SD Gothic Neo", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Droid Sans Fallback", "Arial Unicode MS", "Noto Sans",
)  # fmt: skip
_INVISIBLE = "\n\t\r\u200b\u200c\u200d\u200e\u200f\ufeff"


def lacking(text: str) -> str:
    """Letters of a text that the family of our figures and its fallback do not have, each once, in order.

    >>> lacking("Müller, Παπαδόπουλος"), lacking("王 2019")
    ('', '王')
    """
    if text.isascii():
        return ""
    return "".join(letter for letter in dict.fromkeys(text) if letter not in _INVISIBLE and ord(letter) not in _own())


def undrawable(text: str) -> str:
    """Letters of a text that no installed font has, each once."""
    return "".join(letter for letter in lacking(text) if _family_with(letter) is None)


def families(text: str) -> tuple[str, ...]:
    """The families a text is drawn in: ours, and installed ones for letters that ours lack."""
    found = dict.fromkeys(name for letter in lacking(text) if (name := _family_with(letter)) is not None)
    return (*style.FAMILIES, *found)


@lru_cache(maxsize=1)
def _own() -> frozenset[int]:
    """The letters of our families."""
    from matplotlib.font_manager import findfont, get_font

    style.register_fonts()
    return frozenset(code for name in style.FAMILIES for code in get_font(findfont(name)).get_charmap())


@lru_cache(maxsize=4096)
def _family_with(letter: str) -> str | None:
    """The first installed family that has a letter."""
    return next((name for name, path in _installed() if ord(letter) in _letters(path)), None)


@lru_cache(maxsize=1)
def _installed() -> tuple[tuple[str, str], ...]:
    """Upright regular faces of the machine: family and file, preferred ones first. A family whose name finds another file is left out."""
    from matplotlib.font_manager import FontProperties, findfont, fontManager

    files = {
        font.name: str(font.fname) for font in fontManager.ttflist if font.style == "normal" and _regular(font.weight)
    }
    names = [name for name in PREFERRED if name in files]
    others = (name for name in files if name not in PREFERRED and name not in style.FAMILIES)
    # plain sans first; the letters of Last Resort are boxes
    names += sorted(
        (name for name in others if not name.startswith("Last Resort")),
        key=lambda name: (not name.startswith("Noto Sans"), "Sans" not in name, "Mono" in name, name),
    )
    return tuple((name, files[name]) for name in names if findfont(FontProperties(family=[name])) == files[name])


def _regular(weight: Any) -> bool:
    return weight in (400, "normal", "regular", "book")


@lru_cache(maxsize=512)
def _letters(path: str) -> frozenset[int]:
    from matplotlib.font_manager import get_font

    try:
        return frozenset(get_font(path).get_charmap())
    except (OSError, RuntimeError, ValueError):  # a font file that cannot be read
        return frozenset()


def texts_of(figure: Any) -> list[Any]:
    """The visible texts of a figure that are not all plain letters."""
    from matplotlib.text import Text

    return [text for text in figure.findobj(Text) if text.get_visible() and not text.get_text().isascii()]


def missing_in(figure: Any) -> str:
    """Letters of a figure that no installed font has, each once."""
    return undrawable("".join(text.get_text() for text in texts_of(figure)))


@contextmanager
def drawn_with_fallback(figure: Any, *, as_text: bool) -> Iterator[None]:
    """Every text in families that have its letters, while the block runs; afterwards the figure is as it was.

    as_text : a text with letters that no font has is written into an SVG as text, so that the reader's machine can draw it.
    """
    texts = [text for text in texts_of(figure) if lacking(text.get_text())]
    before = [text.get_fontfamily() for text in texts]
    for text in texts:
        text.set_fontfamily(list(families(text.get_text())))
    changed = [text for text in texts if as_text and undrawable(text.get_text())]
    for text in changed:
        text.draw = _drawn_as_text(text.draw)
    try:
        yield
    finally:
        for text in changed:
            del text.draw
        for text, names in zip(texts, before, strict=True):
            text.set_fontfamily(names)


def _drawn_as_text(draw: Any) -> Any:
    import matplotlib as mpl

    def drawn(renderer: Any, *args: Any, **kwargs: Any) -> None:
        with mpl.rc_context({"svg.fonttype": "none"}):
            draw(renderer, *args, **kwargs)

    return drawn


def missing_note(letters: Iterable[str]) -> str:
    """What to say of letters that are boxes.

    >>> missing_note("王研")[:50]
    'no installed font has the letters 王 研: they are bo'
    """
    return (
        f"no installed font has the letters {' '.join(letters)}: they are boxes in the PNG (in the SVG they are text); "
        "install a font that has them, such as Noto Sans CJK"
    )
