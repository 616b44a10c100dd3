"""The cells of a table on a PDF page: its columns, its header, and lines that are one row."""

from __future__ import annotations

import re
from itertools import pairwise

from ostealgia.io.documents.grids import looks_like_data
from ostealgia.io.documents.parts import RawCell
from ostealgia.io.documents.pdf_chars import Segment, Word
from ostealgia.io.documents.pdf_rows import Region, Row, rows_of
from ostealgia.io.documents.pdf_rules import Rule
from ostealgia.io.documents.words import caption_label

_TWO_VALUES = 0.22  # sizes of the font between two values that stand in two columns
_VALUE_ENDS = re.compile(r"\d%?[)\]]?[*†‡§ᵃᵇᶜᵈ]?\Z")
_VALUE_BEGINS = re.compile(r"[<>≤≥−-]?\d")
_NOTES_BEGIN = re.compile(
    r"(?:Abbreviations?\b|Notes?\s?[:.]|(?:Data|Values|Numbers|Figures|Results) (?:are|were|is|represent|in)\b"
    r"|[*†‡§¶‖#] ?[A-Z][a-z]|Plus[-–])"
)
_GOES_ON = re.compile(r"[(\[][<>≤≥−-]?\.?\d|±")
_OPEN_BRACKET = re.compile(r"[(\[][^)\]]*\Z")


def fill(region: Region, flat: list[Rule], upright: list[Rule]) -> None:
    """Gives a region its cells."""
    _without_notes(region)
    edges = _column_edges(region, upright)
    if len(edges) < 3:
        return
    full = [
        rule.y0
        for rule in flat
        if region.bottom + 2 < rule.y0 < region.top - 2 and rule.x0 < region.x0 + 10 and rule.x1 > region.x1 - 10
    ]
    region.rows = levelled(region.rows, full)
    head = _head_lines(region, full)
    region.head_words = tuple(sorted(words_of(region.rows[:head])))
    gap = _word_gap(region.rows)
    extents = _extents(region.rows[head:], edges)
    lines = [
        _line(row, edges, extents if at < head else None, gap, _spans(row, region, flat) if at < head else ())
        for at, row in enumerate(region.rows)
    ]
    header = _stacked(lines[:head]) if head else None
    body = _body(lines[head:], region.rows[head:], full)
    region.cells = [*([header] if header else []), *body]
    region.header_rows = 1 if header else None


def _without_notes(region: Region) -> None:
    """Takes the notes and the caption under a table, which a rule may enclose with it, from its rows."""
    rows, cut = region.rows, _first_note(region.rows)
    region.foot = region.bottom
    for at in range(cut - 1, 1, -1):
        row = rows[at]
        if caption_label(row.segments[0].text) or _is_sentence_row(row, region):
            cut = at
        elif len(row.segments) > 1 or cut - at > 1:
            break
    if cut < len(rows) and sum(len(row.segments) > 1 for row in rows[:cut]) >= 2:
        region.rows = rows[:cut]
        region.bottom = rows[cut].y + 0.9 * rows[cut].size


def _first_note(rows: list[Row]) -> int:
    """Where the notes under the values begin that say so: "Abbreviations: ...", "* P < 0.05 ..."; else the end."""
    for at in range(2, len(rows)):
        text = " ".join(one.text for one in rows[at].segments)
        if not _NOTES_BEGIN.match(text) or text.count(" ") < 4 or sum(map(has_values, rows[:at])) < 2:
            continue
        below = rows[at:]
        if sum(has_values(row) and len(row.segments) > 2 for row in below) <= 0.34 * len(below):
            return at
    return len(rows)


def _is_sentence_row(row: Row, region: Region) -> bool:
    """A line of running text across the table: words with even gaps."""
    words = [word for segment in row.segments for word in segment.words]
    letters = sum(word.text.strip("(),.;:*†‡").isalpha() for word in words)
    wide = words[-1].x1 - words[0].x0 > 0.55 * (region.x1 - region.x0) and words[0].x0 < region.x0 + 30
    return (
        len(words) >= 8
        and letters >= 0.5 * len(words)
        and wide
        and all(b.x0 - a.x1 < 1.3 * row.size for a, b in pairwise(words))
    )


def levelled(rows: list[Row], full: list[float]) -> list[Row]:
    """Rows where words that stand between the lines of a cell with several (set to its middle) are on the row of that cell.

    full : heights of rules, across which no row goes.
    """
    groups: dict[int, list[Segment]] = {}
    for row in rows:
        groups.setdefault(sum(y > row.y for y in full), []).extend(row.segments)
    return [row for group in groups.values() for row in _beside(rows_of(group))]


def _beside(rows: list[Row]) -> list[Row]:
    """Rows joined that stand nearer together than two lines can and have no words above one another."""
    out: list[Row] = []
    low = 0.0
    for row in rows:
        last = out[-1] if out else None
        near = last is not None and low - row.y <= 0.72 * min(last.size, row.size)
        if (
            last
            and near
            and not any(a.x0 < b.x1 - 1.5 and b.x0 < a.x1 - 1.5 for a in last.segments for b in row.segments)
        ):
            segments = sorted([*last.segments, *row.segments], key=lambda one: one.x0)
            out[-1] = Row(last.y, max(last.size, row.size), segments)
        else:
            out.append(row)
        low = row.y
    return out


def _head_lines(region: Region, full: list[float]) -> int:
    """How many lines at the top are the header: those above the first rule within, or above the first value."""
    if full:
        above = sum(row.y > full[0] - 1 for row in region.rows)
        if (
            0 < above <= 8
            and above < len(region.rows)
            and not any(has_values(row) for row in region.rows[: max(0, above - 1)])
        ):
            return above
    first = next((at for at, row in enumerate(region.rows) if has_values(row)), 0)
    while first > 1 and len(region.rows[first - 1].segments) == 1 and len(region.rows[first - 2].segments) > 1:
        first -= 1  # the name of a group of rows right above its values
    return first if first <= 8 else 1


def words_of(rows: list[Row]) -> list[str]:
    """Every word of some rows, in small letters."""
    return [word.text.lower() for row in rows for one in row.segments for word in one.words]


def has_values(row: Row) -> bool:
    rest = [one.text for one in row.segments[1:]]
    return any(looks_like_data(text) for text in rest)


def _word_gap(rows: list[Row]) -> float:
    """The gap that parts two phrases, in sizes of the font: half, or more where the font's own blank is wide."""
    pairs = [(a, b, one.size) for row in rows for one in row.segments for a, b in pairwise(one.words)]
    within = [
        (a, b, size) for a, b, size in pairs if a.text[-1].isalpha() and b.text[0].islower()
    ]  # a phrase, no columns
    gaps = sorted((b.x0 - a.x1) / size for a, b, size in (within if len(within) >= 6 else pairs))
    return min(0.9, max(0.5, 1.35 * gaps[len(gaps) // 2])) if len(gaps) >= 4 else 0.5


def _phrases(row: Row, gap: float) -> list[tuple[float, float]]:
    """Words of a row joined over narrow gaps."""
    out: list[tuple[float, float]] = []
    last = ""
    for segment in row.segments:
        for word in segment.words:
            apart = _apart(last, word.text, gap) * row.size
            if out and word.x0 - out[-1][1] < apart:
                out[-1] = (out[-1][0], max(out[-1][1], word.x1))
                last = word.text if not _OPEN_BRACKET.search(last) else f"{last} {word.text}"
            else:
                out.append((word.x0, word.x1))
                last = word.text
    return out


def _apart(last: str, word: str, gap: float) -> float:
    """The gap, in sizes of the font, from which on a word stands in another column than the one before it."""
    if _two_values(last, word):
        return _TWO_VALUES
    goes_on = _GOES_ON.match(word) and _VALUE_ENDS.search(last)  # "20 (57.1%)"
    return max(gap, 1.0) if goes_on else gap


def _two_values(last: str, word: str) -> bool:
    """Whether a value ends and another begins: "0.280" and "0.82", "(62.9)" and "58", not "12" and "345"."""
    if not _VALUE_ENDS.search(last) or not _VALUE_BEGINS.match(word) or _OPEN_BRACKET.search(last):
        return False
    return not (last.isdecimal() and len(last) <= 3 and re.match(r"\d{3}(?!\d)", word))


def _column_edges(region: Region, upright: list[Rule]) -> list[float]:
    """Left and right ends of the columns: by vertical rules where they are drawn, else by stretches without words."""
    drawn = sorted(
        {
            round(rule.x0, 0)
            for rule in upright
            if region.x0 - 4 < rule.x0 < region.x1 + 4
            and rule.y1 - rule.y0 > 0.5 * (region.top - region.bottom)
            and rule.y0 < region.top
            and rule.y1 > region.bottom
        }
    )
    drawn = [x for i, x in enumerate(drawn) if not i or x - drawn[i - 1] > 6]
    if len(drawn) >= 3:
        ends = [region.x0 - 12, *[x for x in drawn if region.x0 + 6 < x < region.x1 - 6], region.x1 + 12]
        return ends
    gap = _word_gap(region.rows)
    valued = [has_values(row) for row in region.rows]
    wide = (0.45 if sum(valued) >= 4 else 1.0) * (region.x1 - region.x0)
    phrases = [_phrases(row, gap) for row in region.rows]
    phrases = [
        line if holds or not any(b - a > wide for a, b in line) else []
        for line, holds in zip(phrases, valued, strict=True)
    ]
    counts = sorted(len(line) for line, holds in zip(phrases, valued, strict=True) if holds and line)
    many = counts[(4 * len(counts)) // 5] if len(counts) >= 4 else max(map(len, phrases), default=0)
    first = valued.index(True) if any(valued) else 0
    inner, short = region.x0 + 0.15 * (region.x1 - region.x0), 0.3 * (region.x1 - region.x0)
    body = [
        line
        for line in phrases[first:]
        if len(line) >= max(2, 0.5 * many) or (line and line[0][0] > inner and all(b - a < short for a, b in line))
    ]
    if len(body) < 4:
        body = [line for line in phrases if len(line) >= max(2, 0.5 * many)]
    if not body:
        return []
    size = min(row.size for row in region.rows)
    allowed = int(0.07 * len(body))
    gaps = _free(body, region.x0 - 12, allowed, 0.22 * size)
    return [region.x0 - 12, *[(a + b) / 2 for a, b in gaps], region.x1 + 12]


def _free(
    lines: list[list[tuple[float, float]]], left: float, allowed: int, narrow: float
) -> list[tuple[float, float]]:
    """Stretches that at most so many lines cover, with words on both sides."""
    steps: list[tuple[float, int]] = []
    for line in lines:
        for x0, x1 in line:
            steps += [(x0, 1), (x1, -1)]
    steps.sort()
    depth, begin, out = 0, left, []
    was_open = True
    for x, step in steps:
        depth += step
        is_open = depth <= allowed
        if was_open and not is_open:
            if x - begin >= narrow and begin > left:
                out.append((begin, x))
        elif is_open and not was_open:
            begin = x
        was_open = is_open
    return out


def _extents(rows: list[Row], edges: list[float]) -> list[tuple[float, float]]:
    """Left and right ends of the words in each column of the body."""
    out = [(edges[c + 1], edges[c]) for c in range(len(edges) - 1)]
    for row in rows:
        for segment in row.segments:
            for word in segment.words:
                c = _column((word.x0 + word.x1) / 2, edges)
                out[c] = (min(out[c][0], word.x0), max(out[c][1], word.x1))
    return [pair if pair[0] < pair[1] else (edges[c] + 1, edges[c + 1] - 1) for c, pair in enumerate(out)]


def _spans(row: Row, region: Region, flat: list[Rule]) -> tuple[Rule, ...]:
    """The short rules right under a line of the header: each holds the columns that the words above it name."""
    return tuple(
        rule
        for rule in flat
        if row.y - 1.3 * row.size < rule.y0 < row.y + 0.1 * row.size
        and rule.width < 0.9 * (region.x1 - region.x0)
        and rule.x0 > region.x0 - 6
        and rule.x1 < region.x1 + 6
    )


def _under(
    phrase: list[Word], phrases: list[list[Word]], spans: tuple[Rule, ...], extents: list[tuple[float, float]]
) -> list[int]:
    """The columns over the rule that stands under a phrase; of one rule under several phrases, an equal share each."""
    left, right = phrase[0].x0, phrase[-1].x1
    rules = [rule for rule in spans if rule.x0 - 8 < left and right < rule.x1 + 8]
    if len(rules) != 1:
        return []
    columns = [c for c, (a, b) in enumerate(extents) if rules[0].x0 - 3 < (a + b) / 2 < rules[0].x1 + 3]
    beside = [one for one in phrases if one[0].x0 < rules[0].x1 and one[-1].x1 > rules[0].x0]
    if len(beside) < 2:
        return columns
    share, rest = divmod(len(columns), len(beside))
    if rest or share < 2:
        return []
    at = beside.index(phrase) * share
    mine = columns[at : at + share]
    return mine if extents[mine[0]][0] - 12 < left and right < extents[mine[-1]][1] + 12 else []


def _line(
    row: Row, edges: list[float], extents: list[tuple[float, float]] | None, gap: float, spans: tuple[Rule, ...] = ()
) -> list[RawCell]:
    """One printed line by column; in a header (extents given), words across several columns name each of them."""
    count = len(edges) - 1
    words: list[list[str]] = [[] for _ in range(count)]
    if extents is not None:
        phrases = _phrase_words(row, gap)
        for phrase in phrases:
            left, right = phrase[0].x0, phrase[-1].x1
            hit = [
                c
                for c, (a, b) in enumerate(extents)
                if left < (a + b) / 2 < right or min(right, b) - max(left, a) > 0.6 * (b - a)
            ]
            centre = (left + right) / 2
            ruled = _under(phrase, phrases, spans, extents)
            if len(ruled) > 1:
                for c in ruled:
                    words[c].append(" ".join(word.text for word in phrase))
                continue
            pieces = _pieces(phrase, extents, hit, row.size)
            if pieces:
                for c, piece in zip(hit, pieces, strict=True):
                    words[c].append(" ".join(word.text for word in piece))
                continue
            if len(hit) > 1 and len(phrase) > 1 and _splits(phrase, edges, row.size):
                for word in phrase:
                    words[_column((word.x0 + word.x1) / 2, edges)].append(word.text)
                continue
            for c in hit if len(hit) > 1 else [_column(centre, edges)]:
                words[c].append(" ".join(word.text for word in phrase))
    else:
        last: Word | None = None
        place = 0
        for segment in row.segments:
            for word in segment.words:
                if last is None or word.x0 - last.x1 >= 0.7 * gap * row.size or word.x0 >= edges[place + 1]:
                    place = (
                        max(place, _column((word.x0 + word.x1) / 2, edges))
                        if last
                        else _column((word.x0 + word.x1) / 2, edges)
                    )
                words[place].append(word.text)
                last = word
    return [RawCell(" ".join(one)) for one in words]


def _pieces(phrase: list[Word], extents: list[tuple[float, float]], hit: list[int], size: float) -> list[list[Word]]:
    """A phrase over several columns as one name for each, where its widest gaps part names that stand over their columns."""
    if not 1 < len(hit) < len(phrase) + 1:
        return []
    gaps = sorted(((b.x0 - a.x1, at) for at, (a, b) in enumerate(pairwise(phrase), start=1)), reverse=True)
    cuts, rest = gaps[: len(hit) - 1], gaps[len(hit) - 1 :]
    if cuts[-1][0] < (1.12 * rest[0][0] if rest else max(2.5, 0.36 * size)):  # one name over several columns
        return []
    places = [0, *sorted(at for _, at in cuts), len(phrase)]
    pieces = [phrase[a:b] for a, b in pairwise(places)]
    for c, piece in zip(hit, pieces, strict=True):
        left, right = extents[c]
        if not piece[0].x0 - 4 < (left + right) / 2 < piece[-1].x1 + 4:
            return []
    return pieces


def _splits(phrase: list[Word], edges: list[float], size: float) -> bool:
    """Whether every column's edge within a phrase falls into a gap that is wider than a blank."""
    inner = [edge for edge in edges if phrase[0].x0 < edge < phrase[-1].x1]
    gaps = [b.x0 - a.x1 for a, b in pairwise(phrase)]
    wide = max(2.5, min(0.36 * size, 1.3 * min(gaps)))
    return all(
        any(a.x1 < edge + 1 and b.x0 > edge - 1 and b.x0 - a.x1 >= wide for a, b in pairwise(phrase)) for edge in inner
    )


def _phrase_words(row: Row, gap: float) -> list[list[Word]]:
    out: list[list[Word]] = []
    for segment in row.segments:
        for word in segment.words:
            if out and word.x0 - out[-1][-1].x1 < gap * row.size:
                out[-1].append(word)
            else:
                out.append([word])
    return out


def _column(x: float, edges: list[float]) -> int:
    for c in range(len(edges) - 1):
        if x < edges[c + 1]:
            return c
    return len(edges) - 2


def _stacked(lines: list[list[RawCell]]) -> list[RawCell]:
    """Several printed lines as one row, the words of each column joined."""
    out: list[RawCell] = []
    for cells in zip(*lines, strict=True):
        pieces: list[str] = []
        for cell in cells:
            if cell.text and (not pieces or pieces[-1] != cell.text):
                pieces.append(cell.text)
        out.append(RawCell(_rejoined(pieces), header=True))
    return out


def _rejoined(pieces: list[str]) -> str:
    text = ""
    for piece in pieces:
        if text.endswith("-") and piece[:1].islower() and len(text) > 2 and text[-2].isalpha():
            text = text[:-1] + piece
        else:
            text = f"{text} {piece}" if text else piece
    return text


def _body(lines: list[list[RawCell]], rows: list[Row], full: list[float]) -> list[list[RawCell]]:
    """Printed lines to rows: those between two rules are one row where every row is ruled; else wrapped lines are joined."""
    if len(full) >= 0.4 * len(rows) and len(full) >= 3:
        groups: dict[int, list[list[RawCell]]] = {}
        for line, row in zip(lines, rows, strict=True):
            groups.setdefault(sum(y > row.y for y in full), []).append(line)
        return [row for group in groups.values() for row in ([_one_row(group)] if _one_cell(group) else group)]
    out: list[list[RawCell]] = []
    for group in _close_lines(lines, rows):
        first = True
        for line in group:
            same_cell = not first and _one_value(group) and not (_complete(out[-1]) and _complete(line))
            if out and (same_cell or _wraps(out[-1], line)):
                out[-1] = _one_row([out[-1], line])
            else:
                out.append(line)
            first = False
    return out


def _one_row(lines: list[list[RawCell]]) -> list[RawCell]:
    return [RawCell(_rejoined([cell.text for cell in cells if cell.text])) for cells in zip(*lines, strict=True)]


def _one_cell(group: list[list[RawCell]]) -> bool:
    """Whether the lines between two rules are one row: not where two of them have complete values in the same columns."""
    for above, line in pairwise(group):
        both = [
            (a.text, b.text) for a, b in zip(above[1:], line[1:], strict=True) if looks_like_data(b.text) and a.text
        ]
        whole = [b for a, b in both if looks_like_data(a) and b[0] not in "([–-±" and not _OPEN_VALUE.search(a)]
        if len(whole) >= 2 and len(whole) >= 0.6 * len(both):
            return False
    return True


def _complete(line: list[RawCell]) -> bool:
    """Whether a line has a name and a value."""
    return bool(line[0].text) and any(looks_like_data(cell.text) for cell in line[1:] if cell.text)


def _one_value(group: list[list[RawCell]]) -> bool:
    """Whether the values of a group of lines all stand on one line."""
    return sum(any(looks_like_data(cell.text) for cell in line[1:] if cell.text) for line in group) == 1


def _close_lines(lines: list[list[RawCell]], rows: list[Row]) -> list[list[list[RawCell]]]:
    """Lines grouped by their distance, where some stand closer together than others: those of one cell."""
    gaps = [a.y - b.y for a, b in pairwise(rows)]
    if not gaps:
        return [[line] for line in lines]
    least = min(gaps)
    if max(gaps) < least + 0.8:
        return [[line] for line in lines]
    groups = [[lines[0]]]
    for gap, line in zip(gaps, lines[1:], strict=True):
        if gap <= least + 0.6:
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


_OPEN_END = re.compile(r"(?:[,(/–-]|\b(?:of|and|or|the|in|with|for|to|by|at|per|from))\Z", re.IGNORECASE)


def _wraps(above: list[RawCell], line: list[RawCell]) -> bool:
    """Whether a printed line goes on with the cells of the line above."""
    if _open_values(above, line) or _below_one_another(above, line):
        return True
    label, rest = line[0].text, [cell.text for cell in line[1:] if cell.text]
    label_above, rest_above = above[0].text, [cell.text for cell in above[1:] if cell.text]
    unclosed = label_above.count("(") > label_above.count(")")
    if not label:
        if not rest_above or not rest:
            return False
        starts = all(text[0] in "([–-±" or text[0].islower() or not any(map(str.isdigit, text)) for text in rest)
        return starts or (bool(label_above) and all(not looks_like_data(text) for text in rest))
    if _dates_a_name(above, line):
        return True
    goes_on = label[0].islower() or (label[0] in "([" and not rest) or unclosed or bool(_OPEN_END.search(label_above))
    if not rest:
        return goes_on and bool(label_above)
    return goes_on and bool(label_above) and not rest_above


_YEAR = re.compile(r"(?:[(\[]\d{1,3}[)\]],?\s?)?[(\[]?(?:19|20)\d\d[a-z]?[)\]]?[ᵃ-ᵿ⁰¹²³⁴-⁹*†‡]*\Z")
_AUTHORS = re.compile(r"(?:,|\bal\.?|\band|&)\Z")


def _dates_a_name(above: list[RawCell], line: list[RawCell]) -> bool:
    """Whether a line begins with the year of the study that the line above names, and no cell has a value on both."""
    if not _YEAR.match(line[0].text) or not _AUTHORS.search(above[0].text):
        return False
    return not any(
        looks_like_data(a.text) and looks_like_data(b.text) for a, b in zip(above[1:], line[1:], strict=True)
    )


_OPEN_VALUE = re.compile(r"\d\s?(?:±|[-–]|\+/-|to)\Z|[<>≤≥=±(]\Z|\([^)]*\Z|\[[^\]]*\Z")


def _below_one_another(above: list[RawCell], line: list[RawCell]) -> bool:
    """Whether the cells that both lines have go on ("1.67" and "(0.96-"), and a name stands on one of them or is broken."""
    both = [(a.text, b.text) for a, b in zip(above[1:], line[1:], strict=True) if a.text and b.text]
    named = bool(above[0].text), bool(line[0].text)
    broken = all(named) and line[0].text[0].islower()
    lone = named == (False, True) and sum(bool(cell.text) for cell in above) == len(both)
    return bool(both) and (broken or lone) and all(b[0] in "([" or _OPEN_VALUE.search(a) for a, b in both)


def _open_values(above: list[RawCell], line: list[RawCell]) -> bool:
    """Whether every value of a line goes on with one above that breaks off: "62.02 ±" and "11.39"."""
    pairs = [(a.text, b.text) for a, b in zip(above[1:], line[1:], strict=True) if b.text]
    return bool(pairs) and all(_OPEN_VALUE.search(a) for a, _ in pairs)
