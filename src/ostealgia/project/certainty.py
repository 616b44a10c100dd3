"""How certain a result is: the GRADE judgements of ``appraisal.csv``, read and never computed."""

from __future__ import annotations

from collections.abc import Mapping

from ostealgia.errors import TableError
from ostealgia.meta.absolute_certainty import Certainty, read_certainty
from ostealgia.project.store import APPRAISAL, Project


def judged(project: Project) -> Mapping[str, Certainty]:
    """The certainty of each analysis by its id (the column ``item`` of rows with tool GRADE).

    Raises TableError with file and row for a judgement that is no GRADE level.
    """
    try:
        return read_certainty(project.appraisal)
    except TableError as error:
        raise error.at(file=APPRAISAL) from None


def certainty_of(project: Project, *names: str) -> Certainty:
    """The certainty of the first of these that somebody judged, else "not rated"."""
    found = judged(project)
    return next((found[name] for name in names if name in found), Certainty())


def level_of(project: Project, *names: str) -> str:
    """The level for a cell of a table: "low", "not rated"."""
    return certainty_of(project, *names).level


def reasons_of(project: Project, name: str) -> tuple[str, ...]:
    """Why an analysis was rated as it was, in a sentence; nothing where nobody rated it."""
    found = certainty_of(project, name)
    if not (found.reasons or found.support):
        return ()
    return (f"certainty {found}{f': {found.support}' if found.support else ''}",)


def unknown_items(project: Project) -> tuple[str, ...]:
    """Judgements that belong to no analysis of the project."""
    known = {spec.id for spec in project.spec.analysis}
    return tuple(name for name in judged(project) if name.split(": ")[0] not in known)
