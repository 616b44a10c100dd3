"""follow-up: the visits of one patient, or of several, as course, response and alerts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ostealgia.cli.failures import DONE, FINDINGS
from ostealgia.cli.output import print_json, print_text
from ostealgia.errors import OptionError, TableError


def execute(file: str, *, sheet: str, table: str, html: str, as_json: bool) -> int:
    """The course in the terminal, as JSON, or as a page; status 1 where an alert is an emergency or urgent."""
    from ostealgia.clinical.opioids import DEFAULT
    from ostealgia.decision.follow_up_course import FollowUp, follow_up

    try:
        found = follow_up(_visits(file, sheet), table=table or DEFAULT)
    except TableError as error:
        raise error.at(file=file) from None
    courses = [found] if isinstance(found, FollowUp) else list(found)
    if html:
        _write_page(courses, html)
    if as_json:
        print_json(found.to_dict())
    else:
        print_text(found.text() + (f"\n\npage: {html}" if html else ""))
    pressing = any(alert.tier in ("now", "urgent") for course in courses for alert in course.alerts)
    return FINDINGS if pressing else DONE


def _visits(file: str, sheet: str) -> Any:
    if Path(file).suffix.lower() == ".json":
        from ostealgia.io.json_input import read_json

        value = read_json(file)
        visits = value.get("visits") if isinstance(value, dict) else value
        if not isinstance(visits, list):
            raise TableError("there are no visits in it", file=file, expected='a list of visits, or {"visits": [...]}')
        return visits
    from ostealgia.io.tables import read_table

    try:
        return read_table(file, sheet=sheet or None).frame
    except TableError as error:
        if "no rows" not in str(error):
            raise
        expected = "one row a visit, the baseline among them"
        raise TableError("there is a header and no visit below it", file=file, expected=expected) from None


def _write_page(courses: list[Any], html: str) -> None:
    if len(courses) != 1:
        raise OptionError(
            f"--html makes the page of one patient, and the file holds {len(courses)}. Give the visits of one."
        )
    from ostealgia.io.writers import write_text
    from ostealgia.report.follow_up_html import follow_up_page

    write_text(html, follow_up_page(courses[0]))
