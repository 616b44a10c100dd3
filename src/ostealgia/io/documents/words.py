"""The words by which parts of a paper are known: its sections, captions, notes, front and back matter."""

from __future__ import annotations

import re

# heading words (lower case, without numbering and punctuation) by section
_SECTION_WORDS: dict[str, str] = {
    "abstract": """
        abstract; summary; structured abstract; synopsis; zusammenfassung; résumé; resumen; riassunto; plain
        language summary; lay summary; key points; abstract and keywords; article summary; highlights
    """,
    "introduction": """
        introduction; background; background and objectives; background and aims; background and purpose;
        einleitung; introducción; rationale; background and rationale; introduzione; aims and objectives;
        introduction and background
    """,
    "methods": """
        methods; method; methodology; materials and methods; material and methods; patients and methods;
        patients and method; materials & methods; methods and materials; subjects and methods; participants
        and methods; experimental section; study design and methods; statistical analysis; statistical
        analyses; statistical methods; methoden; material und methoden; méthodes; métodos; material y métodos;
        methods and analysis; research design and methods; patients/methods; design and methods; search
        methods; study population and methods; methods and patients
    """,
    "results": """
        results; result; findings; ergebnisse; résultats; resultados; risultati; main results; results and
        analysis
    """,
    "discussion": """
        discussion; comment; comments; diskussion; discusión; discussione; results and discussion; strengths
        and limitations; limitations; strengths and limitations of this study; discussion and conclusion;
        discussion and conclusions; study limitations
    """,
    "conclusion": """
        conclusion; conclusions; concluding remarks; schlussfolgerung; conclusiones; conclusioni; conclusion
        and perspectives; interpretation; conclusions and implications; summary and conclusion; summary and
        conclusions
    """,
    "references": """
        references; reference; bibliography; literature cited; literatur; referencias; références;
        bibliografia; works cited; cited literature; reference list; list of references; references and notes
    """,
    "back": """
        acknowledgments; acknowledgements; acknowledgment; acknowledgement; funding; funding statement;
        funding information; financial support; conflict of interest; conflicts of interest; competing
        interests; competing interest; declaration of competing interest; disclosure; disclosures;
        declarations; declaration of interests; declaration of interest; conflict of interest statement;
        disclosure statement; author contributions; authors contributions; authors' contributions;
        contributors; contributions; credit authorship contribution statement; data availability; data
        availability statement; data sharing; data sharing statement; availability of data and materials;
        supplementary material; supplementary materials; supplementary information; supplementary data;
        supporting information; appendix a supplementary data; ethics statement; ethical approval; ethics
        approval; ethics approval and consent to participate; informed consent; informed consent statement;
        ethics declarations; institutional review board statement; consent for publication; consent to
        participate; publisher's note; publishers note; orcid; author information; additional information;
        rights and permissions; about this article; disclosure of conflict of interest; disclaimer; open
        access; abbreviations; list of abbreviations; generative ai statement; author details; authors'
        information; provenance and peer review; patient consent for publication; sources of funding; role of
        the funding source; role of the funder; ethics; declaration of conflicting interests; article
        information; patient and public involvement; transparency statement; copyright; supplemental material;
        electronic supplementary material
    """,
    "front": """
        keywords; key words; keyword; authors; affiliations; author affiliations; authors affiliations;
        correspondence; citation; open access article; article history; mesh terms; index terms; article info;
        edited by; reviewed by; specialty section
    """,
}
SECTION_OF: dict[str, str] = {
    " ".join(word.split()): section for section, words in _SECTION_WORDS.items() for word in words.split(";")
}
# words that head a part of a structured abstract
ABSTRACT_PARTS: frozenset[str] = frozenset(
    " ".join(part.split())
    for part in [
        "\n        abstract",
        " aim",
        " aim of the study",
        " aims",
        " aims and objectives",
        " authors' conclusions",
        " background",
        "\n        background & aims",
        " background and aim",
        " background and aims",
        " background and objectives",
        " background and\n        purpose",
        " background/aim",
        " background/aims",
        " conclusion",
        " conclusions",
        " conclusions and relevance",
        " context",
        "\n        data collection and analysis",
        " data extraction",
        " data extraction and synthesis",
        " data sources",
        " data\n        synthesis",
        " design",
        " discussion",
        " eligibility criteria",
        " evidence",
        " exposures",
        " findings",
        " funding",
        "\n        hypothesis",
        " importance",
        " interpretation",
        " intervention",
        " interventions",
        " introduction",
        " level of evidence",
        "\n        limitations",
        " main outcome",
        " main outcome measure",
        " main outcome measures",
        " main outcomes and measures",
        "\n        main results",
        " material and methods",
        " materials and methods",
        " measurements",
        " method",
        " methods",
        " methods and\n        findings",
        " methods and materials",
        " methods and results",
        " objective",
        " objectives",
        " outcome measures",
        "\n        participants",
        " patients",
        " patients and methods",
        " patients/methods",
        " primary and secondary outcome\n        measures",
        " primary outcome",
        " purpose",
        " purpose of review",
        " question",
        " rationale",
        " recent findings",
        "\n        registration",
        " results",
        " search methods",
        " selection criteria",
        " setting",
        " significance",
        " study design",
        " study\n        objective",
        " study question",
        " study selection",
        " subjects and methods",
        " summary",
        " trial",
        " trial registration\n        number\n    ",
    ]
)

_NUMBERING = re.compile(
    r"^(?:(?:section\s+)?(?:\d{1,2}(?:\.\d{1,2}){0,3}|[IVX]{1,4}|[A-H])[.):]?\s+(?:\|\s+)?"
    r"|\d{1,2}\.(?:\d{1,2}\.?)*\s*)(?=[A-Za-zÀ-ÿ])",
    re.IGNORECASE,
)
_NOT_WORDS = re.compile(r"[^\w\s'&/]+")
_WITHIN = re.compile(r"[^\w*#_]*(?:\(appendi|[a-z][^\n]{0,118}[.,;)]\s*\Z)")  # the end or the middle of a sentence
_SPACED_CAPITALS = re.compile(r"^(?:[A-Z] ){3,}[A-Z]$")


def heading_words(plain: str) -> str:
    """The words of a heading in lower case without numbering, mark-up and punctuation.

    >>> heading_words("3. **RESULTS:**"), heading_words("R E S U L T S")
    ('results', 'results')
    """
    words = plain.replace("*", "").strip().strip("#_ ").strip()
    if _SPACED_CAPITALS.match(words):
        words = words.replace(" ", "")
    words = _NUMBERING.sub("", words)
    return " ".join(_NOT_WORDS.sub(" ", words).lower().split())


def section_of(plain: str) -> str | None:
    """The section that a heading begins, or None where its words name none.

    >>> section_of("2. Materials and Methods"), section_of("Age and sex"), section_of("(appendix). We also saw")
    ('methods', None, None)
    """
    if len(plain) > 120 or _WITHIN.match(plain):
        return None
    words = heading_words(plain)
    found = SECTION_OF.get(words)
    if found is None and words.startswith("appendix"):
        return "back"
    return found


_CAPTION_LABEL = (
    r"(?:(?:supplement(?:ary|al)|online|extended data|appendix)\s+)?e?(?P<kind>table|tab\.|tabelle|tabla|figure"
    r"|fig\.?|abbildung|scheme|chart|plate|box|exhibit)"
    r"\s{0,3}(?P<number>[A-Z]?\d{1,3}[A-Za-z]?|[IVX]{1,5})(?![\w])"
)
CAPTION = re.compile(
    r"\s{0,4}(?:10\.\d{4,5}/\S{4,60}\s{1,3})?(?P<label>" + _CAPTION_LABEL + r")(?P<rest>[^\n]{0,200})", re.IGNORECASE
)
_AFTER_LABEL = re.compile(r"\s*(?:$|[.:|–—\]▸►>-]|[(\[]\s?(?i:cont)|\*\*|[A-Z\"“'])")
_VERBS = re.compile(
    r"\s*\(?\s?(?:and|to|shows?|showed|presents?|summari[sz]es?|lists?|displays?|depicts?|illustrates?|reports?"
    r"|describes?|provides?|gives?|contains?"
    r"|demonstrates?|details?|compares?|in|of|for|we|also|is|are|was|were|for\s+details|includes?|outlines?"
    r"|indicates?|,)\b|\s*[,;)]|\s*\](?!\s+[A-Z])",
    re.IGNORECASE,
)


def caption_label(plain: str) -> tuple[str, str, int] | None:
    """(kind "table" or "figure", label such as "Table 2", length up to its end) where the words begin a caption.

    >>> caption_label("TABLE 2 Study characteristics")
    ('table', 'Table 2', 7)
    >>> caption_label("Table 2 shows the results.") is None
    True
    """
    if len(plain) < 4 or (match := CAPTION.match(plain)) is None:
        return None
    rest = match["rest"]
    if match["label"].islower():
        return None
    if _VERBS.match(rest) or not _AFTER_LABEL.match(rest):
        return None
    if match["number"].isalpha() and match["number"] != match["number"].upper():
        return None
    kind = "table" if match["kind"].lower().startswith("tab") else "figure"
    words = " ".join(match["label"].split())
    if words.isupper():
        words = words.title().replace(match["number"].title(), match["number"])
    return kind, words, match.end("label")


CONTINUED = re.compile(
    r"[(\[]?\s?(?:continued|cont(?:inued|['’]?d|\.)?)(?:\s(?:from|on)\b[^\n)]{0,40})?\s?[)\]]?[.:]?", re.IGNORECASE
)

NOTE = re.compile(
    r"\s*(?:[-*]\s+)?(?:notes?\b\s?[:.]|abbreviations?\b|data\s+(?:are|were|is|presented|shown|given|in)\b"
    r"|values?\s+(?:are|were|in|represent)|\\?[*†‡§¶#^|]|[a-i]\)?\s+[A-Z(]|[¹²³⁴⁵ᵃᵇᶜᵈᵉᶠ]|"
    r"(?:CI|SD|SE|OR|HR|RR|IQR|SEM|P)\s?[,=:]|p\s?(?:values?|<|>|≤|=)|n\s?=|footnotes?\b|legend\b|source\s?:"
    r"|bold\b|boldface\b|statistically significant\b|unless otherwise|"
    r"(?:all\s)?percentages\b|numbers (?:in|are)\b|calculated\b|continuous variables|categorical variables"
    r"|significant at|adjusted for\b|missing\b|results are\b|the (?:p|values|data)\b)",
    re.IGNORECASE,
)
# "PS, pain score; TR, treatment response" | "ECOG: Eastern Cooperative ..." | "CI = confidence interval"
DEFINITION = re.compile(r"\s*[A-Za-z0-9][A-Za-z0-9/&+-]{0,14}(?:\s?[:=]\s?|,\s)[A-Za-z][^\n]{2,}")
_ABBREVIATION = re.compile(r"(?:^|[,;.]\s)[A-Z][A-Za-z0-9/&+-]{1,11}(?:\s?[:=]\s?|,\s)[a-z]")


def is_note(plain: str) -> bool:
    """Whether a paragraph right below a table reads as its note.

    >>> is_note("Note: data are n (%)."), is_note("PS, pain score, TR, treatment response"), is_note("Patients improved.")
    (True, True, False)
    """
    if NOTE.match(plain):
        return True
    return bool(DEFINITION.match(plain) and _ABBREVIATION.search(plain[:80]))


FRONT = re.compile(
    r"\S@\S+\.\w|\b(?:department|division|faculty|university|hospital|institute|school of|college of"
    r"|laborator(?:y|ies)|centre for|center for|clinic)\b[^.\n]{0,200}(?:,|\n)"
    r"|^\s*(?:received|accepted|published|revised|submitted|epub|available online|correspond(?:ence|ing)"
    r"|\*?correspondence|address(?:\s+for)?\s+correspond|e-?mail|tel|fax|orcid|doi\b|https?:|copyright|©|\(c\)"
    r"|citation|open access"
    r"|edited by|reviewed by|key\s?words?|mesh|academic editor|original (?:article|research|investigation)"
    r"|research article|review article|systematic review$|meta-analysis$|article type|vol(?:ume|\.)|issn|isbn"
    r"|pmid|pmcid|prospero|trial registration|clinicaltrials"
    r"|funding:|conflicts? of interest:|competing interests:|how to cite|cite this|to cite|this is an open"
    r"|licensed? under|creative commons|handling editor|running (?:head|title)|short title|word count|author(?:s"
    r"|'s)?\s?:|affiliations?\s?:|these authors|check for updates|article history)"
    r"|creativecommons\.org|open-access article|all rights reserved|permissions?@|equal contribution"
    r"|contributed equally|\bet al\.?\s*\(?\d{4}\)?;?\s*\d+:",
    re.IGNORECASE | re.MULTILINE,
)
BACK = re.compile(
    r"\s*\**(?:funding(?: statement)?|conflicts? of interests?|competing interests?|acknowledge?ments?"
    r"|author contributions?|data availability(?: statement)?|ethics(?: statement| approval)?|publisher['’]s note"
    r"|disclosures?|open access|supplementary (?:information|materials?))"
    r"(?:\**\s?[:.]\**|\*\*)\s",
    re.IGNORECASE,
)
KEYWORDS = re.compile(r"\s*\**_?(?:key\s?-?words?|mesh terms|index terms)\b", re.IGNORECASE)
# "Results: ..." | "**Methods** ..." | "RESULTS—..." at the beginning of a paragraph
_RUN_IN = re.compile(r"\s*(?P<label>[A-Z][A-Za-z'&/]*(?:[ ,]+[A-Za-z'&/]+){0,5})\s{0,4}(?P<end>[:.|—–-]+)\s")


def run_in(text: str, plain: str) -> str | None:
    """The label of a structured abstract's part that begins a paragraph ("Results: ..."), else None.

    >>> run_in("Results: We saw 3.", "Results: We saw 3."), run_in("**Aim** To see.", "  Aim   To see.")
    ('Results', 'Aim')
    """
    stripped = text.lstrip()
    if stripped.startswith(("**", "__", "<b>", "<strong>")):
        mark = stripped[:2]
        close = {"<b": "</b>", "<s": "</strong>"}.get(mark, mark)
        at = stripped.find(close, 2, 90)
        if at > 0:
            label = stripped[stripped.index(">") + 1 if mark[0] == "<" else 2 : at].strip(" :.—–-")
            if label.lower() in ABSTRACT_PARTS:
                return label
    match = _RUN_IN.match(plain[:120])
    if match and match["label"].lower().strip() in ABSTRACT_PARTS:
        return match["label"].strip()
    return None


# a part of a structured abstract that is named within one paragraph
_LABEL_WITHIN = re.compile(
    r"(?:^|[.;?)] )\s{0,4}(Background|Introduction|Aims?|Objectives?|Purpose|Design|Setting|Patients|Participants"
    r"|(?:Materials|Patients|Subjects)(?: and |/)[Mm]ethods|Methods?(?: and [Rr]esults)?|Findings|Results"
    r"|Interpretation|Conclusions?)\s?[:.—–] ?(?=[A-Z\d])"
)


def labels_within(plain: str) -> list[str]:
    """The parts of a structured abstract that are named within one paragraph.

    >>> labels_within("Background: Pain is common. Methods: We asked 12 patients. It has no Results: see below.")
    ['background', 'methods']
    """
    return [heading_words(found[1]) for found in _LABEL_WITHIN.finditer(plain)]
