"""What the numbers of a paper count: persons, records of a search, and things that a person has a whole number of."""

from __future__ import annotations

import re

_PERSONS = (
    r"patients?|participants?|subjects?|individuals?|women|men|children|adults|people|persons|volunteers|respondents|recruits|"
    r"caregivers"
)
PERSONS = rf"(?:{_PERSONS})"
PEOPLE = rf"(?:{_PERSONS}|cases|survivors|controls)"  # or one group of them
RECORDS = (
    r"(?:records?|articles?|studies|study|reports?|citations?|publications?|papers?|trials?|abstracts?|references?|titles?|"
    r"full[- ]?texts?|hits|texts?)"
)
# "number of" these is counted in quarters and tenths, or not once a person
_MEASURED = (
    r"cells?|copies|counts?|steps|mitos\w+|vessels|osteoclasts|fields|calories|studies|trials|person|patient-|points|units|percent|"
    r"publications|citations|hours|minutes|weeks|months|years|packs?|pack-years|drinks|litres|liters|servings|portions|cups|tablets|"
    r"pills|half|kilometres|miles"
)
COUNTED = re.compile(
    rf"\bnumbers? of (?!(?:[a-z-]+ ){{0,3}}?(?:{_MEASURED})\b)(?:[a-z-]+[ ,]){{0,6}}?[a-z-]+s\b|"
    r"\bwhole[ -](?:numbers?|points?)\b|\bintegers?\b",
    re.I,
)
