"""One sign for each meaning: the typographic variants of a text and its mark-up, rewritten at the same length.

``plain_of(text)`` keeps every character where it stands, so a span found in the plain text is a span of the text.
"""

from __future__ import annotations

import html
import re
import unicodedata

_DASHES = "‐‑‒–—―−﹘﹣－⁃˗➖"
_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\u2028\u2029\x0b\x0c\x85"
_GROUPING = "\u2009\u202f\u00a0\u2007\u2008\u200a"
_ONE_TO_ONE = {
    **dict.fromkeys(_DASHES, "-"),
    **dict.fromkeys(_SPACES, " "),
    **dict.fromkeys("‘’‚‛′ʹʼ", "'"),
    **dict.fromkeys("“”„‟″", '"'),
    **dict.fromkeys("⩽≦⪯≲", "≤"),
    **dict.fromkeys("⩾≧⪰≳", "≥"),
    **dict.fromkeys("˂﹤〈", "<"),
    **dict.fromkeys("˃﹥〉", ">"),
    **dict.fromkeys("∼～˜∽", "~"),
    **dict.fromkeys("⁄∕", "/"),
    **dict.fromkeys("✕✖⨯", "×"),
    **dict.fromkeys("ΧᵪꭓϞ", "χ"),
    **dict.fromkeys("ΙІⅠ", "I"),
    "⍺": "α",
    "µ": "μ",
    "﹪": "%",
    "٪": "%",
    "﹦": "=",
    "꞊": "=",
    "；": ";",
}
_ONE_TO_ONE.update({chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)})
_ONE_TO_ONE.update({chr(code): unicodedata.normalize("NFKC", chr(code)) for code in range(0x1D400, 0x1D800)})
_ONE_TO_ONE.update({"－": "-", "～": "~"})
_TABLE = str.maketrans({sign: plain for sign, plain in _ONE_TO_ONE.items() if len(plain) == 1 and sign != plain})
_TABLED = frozenset(map(chr, _TABLE))

# letters that are printed as one sign, and signs that are not printed
_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "Ĳ": "IJ", "ĳ": "ij"}
_UNSEEN = "\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff\u00ad\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_CLEAN = str.maketrans({**_LIGATURES, **dict.fromkeys(_UNSEEN, "")})
_TO_CLEAN = re.compile(f"[{''.join(_LIGATURES)}{_UNSEEN}]")

SUPERSCRIPTS = dict(zip("0123456789+-=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ", strict=True))
SUPERSCRIPTS.update(zip("abcdefghjklmoprstuvwxyz", "ᵃᵇᶜᵈᵉᶠᵍʰʲᵏˡᵐᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", strict=True))
_RAISED = "".join(SUPERSCRIPTS.values())
_RAISE = str.maketrans(SUPERSCRIPTS)

_ASCII_BLANKS = re.compile(r"[ \t\r\n\x0b\x0c\x00]+")
_TWICE_ESCAPED = re.compile(r"&(?:amp|lt|gt|le|ge|plusmn|minus|ndash|nbsp|thinsp|#x?[0-9A-Fa-f]{1,6});")
_MIDDLE_DOT = re.compile(r"(?<=\d)[·∙⋅‧・•](?=\d)")
_POINT_BEFORE = re.compile(r"(?<![\w·∙⋅])[·∙⋅](?=\d)")
_GROUPED = re.compile(f"(?<![\\d.,])(\\d{{1,3}})((?:[{_GROUPING}]\\d{{3}})+)(?![\\d])")
# what the patterns need: most paragraphs that are not ASCII hold none of it
_A_GROUPING, _A_DOT = re.compile(f"[{_GROUPING}]"), re.compile("[·∙⋅‧・•]")
_NOT_PLAIN = re.compile(r"[^\x00-\x0a\x0d-\x7f]")  # nor a page or line feed: all that the table may hold
_DASHES_OF_RANGE = re.compile(r"(?<![\w.,])(?P<minus>-?)\d[\d.,]{0,12} ?%? ?(?P<dashes>-{2,3})(?= ?-?[\d.])")
_CYRILLIC_P = re.compile(r"(?<![\w])[рР](?=\s?[<=>≤])")

# text taken out of PDF whose fonts say "¼" where "=" is printed, "," for "<" and "." for ">"
_QUARTER = re.compile(r"(?<=[A-Za-z)\]²] )¼(?= ?[-\d.])|(?<=[A-Za-z)\]²])¼(?=[-\d.])")
_COMMA_OF_P = re.compile(r"(?<![A-Za-z])([Pp](?:[- ]value)?s? ?),(?= ?0?\.\d)")
_POINT_OF_P = re.compile(r"(?<![A-Za-z])([Pp](?:[- ]value)?s? )\.(?= ?0?\.\d)")

_COMMANDS = {
    "pm": "±", "mp": "±", "leq": "≤", "le": "≤", "leqslant": "≤", "geq": "≥", "ge": "≥", "geqslant": "≥", "lt": "<", "gt": ">",
    "chi": "χ", "Chi": "χ", "tau": "τ", "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "Delta": "Δ", "kappa": "κ",
    "lambda": "λ", "mu": "μ", "rho": "ρ", "sigma": "σ", "eta": "η", "omega": "ω", "phi": "φ", "theta": "θ", "epsilon": "ε",
    "times": "×", "cdot": "×", "sim": "~", "approx": "≈", "simeq": "≈", "neq": "≠", "ne": "≠", "ll": "<", "gg": ">",
    "dagger": "†", "ddagger": "‡", "circ": "°", "degree": "°", "infty": "∞", "rightarrow": "→", "to": "→", "ast": "*", "star": "★",
    "bigstar": "★", "checkmark": "✓", "percnt": "%", "prime": "'", "textless": "<", "textgreater": ">", "ldots": "…", "dots": "…",
    "sqrt": "√", "sum": "∑", "in": "∈", "textpm": "±", "textendash": "-", "textemdash": "-", "minus": "-", "langle": "<", "rangle": ">",
}  # fmt: skip
_COMMAND = re.compile(r"\\([A-Za-z]{1,20})\*?")
_ESCAPE = re.compile(r"\\([%&$#_*~+.!<>=|\[\](){}\-])")
_TEX_FILE = re.compile(r"\\documentclass|\\begin\{document\}")
_TEX_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
_TIE = re.compile(r"(?<![\\\s])~(?=\S)")
_ROUND_MATH = re.compile(r"\\\(([^\n\\]{0,200}(?:\\[^)\n][^\n\\]{0,200}){0,40})\\\)")
_DOLLAR_MATH = re.compile(r"(?<![\\$])\$\$?([^$\n]{1,400}?)\$?\$(?!\d)")
_MATH_SPACE = re.compile(r"\\[,;:!> ]|~")
_EXPONENT = re.compile(r"\^(?:\{([^{}\n]{1,30})\}|([0-9A-Za-z*†‡]))")
_BRACED = re.compile(r"[{}_]")
_ENTITY = re.compile(r"&(#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_SUP = re.compile(r"<sup>([^<>\n]{0,40})</sup>", re.IGNORECASE)
_NESTED_SUP = re.compile(r"<sup>\s*<(i|b|em|strong|a)(?: [^<>\n]{0,200})?>([^<>\n]{0,40})</\1>\s*</sup>", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:sup|sub|i|b|em|strong|u|s|span|br|p|a|small|div|font|center|img|hr|code|tt|mark|tbody|thead|tr|td|th"
    r"|table|caption|col|colgroup|ins|del|sc|xref)"
    r"(?:\s[^<>\n]{0,300})?/?>|<!--[^\n]{0,400}?-->",
    re.IGNORECASE,
)
_IMAGE = re.compile(r"!\[[^\[\]\n]{0,400}\]\([^\s()]{0,800}(?: \"[^\"\n]{0,200}\")?\)")
_LINK = re.compile(
    r"\[((?:[^\[\]\n]|\\[\[\]]){1,400})\]\(<?(?:https?:|mailto:|ftp:|#|/|\.|www\."
    r"|doi:)[^\s()]{0,800}(?:\([^\s()]{0,200}\)[^\s()]{0,400})?>?\)"
)
_CITATION = re.compile(r"[\d,;\s–—-]+\Z")
_STARS = re.compile(r"(?<![\w*%)\]\\])(\*{1,3})(?=[^\s*])([^*\n\t]{1,400}?)(?<=[^\s*])\1(?![\w*])")
_STARS_BEFORE_WORD = re.compile(r"(?<![\w*%)\]\\])(\*{1,2})([A-Za-zχτ]{1,3})\1(?=[\w²])")
_UNDERSCORES = re.compile(r"(?<![\w_\\])(_{1,2})(?=[^\s_])([^_\n\t]{1,300}?)(?<=[^\s_])\1(?![\w_])")

# what a raised figure may be the exponent of: one letter of a statistic, a unit, or ten
_BASE = re.compile(
    r"(?:(?<![A-Za-z0-9])(?:[IχτXRHTηωσQr]|[Tt]au|[Cc]hi|[Ee]ta|[cdkmµμ]?m|ft|in|s|h|g|kg|mL|L|y|yr|year|day"
    r"|week)|(?<![\d.,])10)\Z"
)
_RAISED_RUN = re.compile(f"[{_RAISED}](?:[{_RAISED},–\\-*†‡§¶ ]{{0,60}}[{_RAISED}*†‡§¶])?")
_APART = re.compile(r"(?<=[IχτXHRQη])( {1,40})²")


def clean(text: str) -> tuple[str, int]:
    """The text without ligatures (spelled out) and invisible characters (left out), and how many there were.

    >>> clean("signiﬁcant treat\\u00adment")
    ('significant treatment', 2)
    """
    if text.isascii():
        return text, 0
    found = len(_TO_CLEAN.findall(text))
    return (text.translate(_CLEAN) if found else text), found


def one_line(words: str) -> str:
    """Words on one line, without ligatures and invisible characters; thin spaces within numbers stay.

    >>> one_line("a \\n b")
    'a b'
    """
    if "&" in words:  # escaped twice in the file
        words = _TWICE_ESCAPED.sub(lambda match: html.unescape(match[0]), words)
    return _ASCII_BLANKS.sub(" ", clean(words)[0]).strip(" \u00a0")


def raised(text: str) -> str:
    """A superscript in characters of its own, as far as they exist; spaces and others as they are.

    >>> raised("-5"), raised("a,b")
    ('⁻⁵', 'ᵃ,ᵇ')
    """
    return text.replace("−", "-").replace("–", "-").lower().translate(_RAISE) if not text.isupper() else text


def plain_of(text: str, *, markup: bool = True) -> str:
    """The text at the same length: one sign for each meaning, mark-up blank.

    markup : the text may hold Markdown (``**``, links); TeX, tags and entities are always rewritten.

    >>> plain_of("**OR** 0·68 (0·51–0·91), *I*² = 98\\\\%")
    '  OR   0.68 (0.51-0.91),  I²  = 98 %'
    >>> plain_of("$\\\\tau^2 = 2.7$, mean \\\\pm SD, <i>p</i> &lt; 0.05")
    ' τ²     = 2.7 , mean ±   SD,    p     <    0.05'
    """
    plain = text
    if "&" in plain:
        plain = _ENTITY.sub(_entity, plain)
    if "<" in plain:
        plain = _tags(plain)
    if markup and "](" in plain:
        plain = _LINK.sub(_link, _IMAGE.sub(_blank, plain))
    if "\\" in plain or "$" in plain or "^" in plain:
        plain = _tex(plain)
    if markup and "*" in plain:
        for pattern in (_STARS_BEFORE_WORD, _STARS, _STARS):
            plain = pattern.sub(_unwrapped, plain)
    if markup and "_" in plain:
        plain = _UNDERSCORES.sub(_unwrapped, plain)
    if not plain.isascii():
        plain = _typography(plain)
    if "--" in plain:
        tex = "\\begin{" in text
        plain = _DASHES_OF_RANGE.sub(lambda match: _one_dash(match, tex), plain)
    return plain


def _one_dash(match: re.Match[str], tex: bool) -> str:
    """Two or three hyphens between numbers as one dash; behind a negative number they are a dash and a minus, but in TeX."""
    if match["minus"] and not tex:
        return match[0]
    return match[0][: -len(match["dashes"])] + "-" + " " * (len(match["dashes"]) - 1)


def _typography(text: str) -> str:
    if _A_GROUPING.search(text):
        text = _GROUPED.sub(lambda match: match[1] + _A_GROUPING.sub(",", match[2]), text)
    if not _TABLED.isdisjoint(_NOT_PLAIN.findall(text)):
        text = text.translate(_TABLE)
    if _A_DOT.search(text):
        text = _POINT_BEFORE.sub(".", _MIDDLE_DOT.sub(".", text))
    if "р" in text or "Р" in text:  # Cyrillic
        text = _CYRILLIC_P.sub("p", text)
    if " ²" in text:
        text = _APART.sub(lambda match: "²" + match[1], text)
    if text.count("¼") >= 2 and len(_QUARTER.findall(text)) >= 2:
        text = _POINT_OF_P.sub(r"\1>", _COMMA_OF_P.sub(r"\1<", _QUARTER.sub("=", text)))
    return _RAISED_RUN.sub(lambda match: _exponent_or_mark(match, text), text)


def _exponent_or_mark(match: re.Match[str], text: str) -> str:
    """A raised run stays where it is an exponent; a mark (of a reference, a footnote) becomes blank."""
    words = match[0]
    before = text[max(0, match.start() - 12) : match.start()]
    if any(sign in "⁻²³" for sign in words) or before.endswith("10"):
        exponent = re.match("[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3}", words)
        if exponent and _BASE.search(before):
            rest = words[exponent.end() :]
            return exponent[0] + " " * len(rest)
    return " " * len(words)


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _unwrapped(match: re.Match[str]) -> str:
    gap = " " * len(match[1])
    return gap + match[2] + gap


def _padded(words: str, length: int) -> str:
    return (words + " " * length)[:length]


def _entity(match: re.Match[str]) -> str:
    sign = html.unescape(match[0])
    return _padded(sign, len(match[0])) if len(sign) <= 2 else match[0]


def _link(match: re.Match[str]) -> str:
    rest = len(match[0]) - len(match[1]) - 2
    if _CITATION.match(match[1]):
        return f"[{match[1]}]" + " " * rest
    return f" {match[1]} " + " " * rest


def _superscript(words: str, length: int, lead: int = 0) -> str:
    """A superscript at its place, raised and padded; a mark that has no raised form becomes blank."""
    up = raised(words.strip())
    known = all(sign in _RAISED or sign in ",*†‡§¶# " for sign in up)
    return (
        _padded(up if known else "", length) if not lead else " " * lead + _padded(up if known else "", length - lead)
    )


def _tags(text: str) -> str:
    text = _NESTED_SUP.sub(lambda match: _superscript(match[2], len(match[0])), text)
    text = _SUP.sub(lambda match: _superscript(match[1], len(match[0])), text)
    return _TAG.sub(_blank, text)


def _math(match: re.Match[str]) -> str:
    words = _MATH_SPACE.sub(_blank, match[1])
    at = match[0].index(match[1])
    words = words.replace("{,}", " , ")
    return " " * at + words + " " * (len(match[0]) - at - len(words))


def _tex(text: str) -> str:
    if _TEX_FILE.search(text):
        text = _TIE.sub(" ", _TEX_COMMENT.sub(_blank, text))
    if "\\(" in text:
        text = _ROUND_MATH.sub(lambda match: _math(match) if re.search(r"[=<>\\^]", match[1]) else match[0], text)
    text = _COMMAND.sub(_command, text)
    text = _EXPONENT.sub(lambda match: _superscript(match[1] or match[2], len(match[0])), text)
    if "$" in text:
        text = _DOLLAR_MATH.sub(lambda match: _BRACED.sub(" ", _math(match)), text)
    return _ESCAPE.sub(r" \1", text)


def _command(match: re.Match[str]) -> str:
    sign = _COMMANDS.get(match[1])
    if sign is not None:
        return _padded(sign, len(match[0]))
    return " " * len(match[0])
