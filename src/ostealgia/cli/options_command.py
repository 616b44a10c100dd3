"""options: one patient's facts against published rules; emergencies and open questions first."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ostealgia.cli import progress
from ostealgia.cli.failures import BAD_INPUT, DONE
from ostealgia.cli.output import print_json, print_text
from ostealgia.errors import OptionError

MOST_LEFT = 40  # resources of a Bundle that are listed as not used


@dataclass(frozen=True, kw_only=True)
class Request:
    """What was asked for. file : of the patient, "-" for standard input.  site : bone of the index site of a Bundle.

    html, examples : where to write, "" for nowhere.
    """

    file: str = ""
    html: str = ""
    sort: str = ""
    site: str = ""
    examples: str = ""
    schema: bool = False
    as_json: bool = False
    show_values: bool = False
    quiet: bool = False


def request(asked: dict[str, Any]) -> Request:
    """The request of a call. Raises OptionError for what cannot be."""
    made = Request(
        file=asked["file"],
        html=asked["html"],
        sort=asked["sort"],
        site=asked["site"],
        examples=asked["examples"],
        schema=asked["schema"],
        as_json=asked["json"],
        show_values=asked["show_values"],
        quiet=asked["quiet"],
    )
    others = [name for name, on in (("--examples", made.examples), ("--schema", made.schema)) if on]
    if len(others) == 2 or (others and made.file):
        raise OptionError(f"{' and '.join(others)} stands alone: leave out the patient and the other.")
    if not others and not made.file:
        raise OptionError("a patient is missing: give a JSON file, or --examples DIR for invented ones, or --schema.")
    if made.sort:
        from ostealgia.decision.options_result import SORT_COLUMNS
        from ostealgia.options import one_of

        one_of("sort", made.sort, SORT_COLUMNS)
    if made.site:
        from ostealgia.decision.fact_fields import fields
        from ostealgia.options import one_of

        one_of("site", made.site, fields()["site.bone"].choices)
    if made.html:
        _check_target(made)
    return made


def _check_target(asked: Request) -> None:
    real = os.path.realpath(asked.html)
    if not asked.html.lower().endswith((".html", ".htm")):
        raise OptionError(f"--html {asked.html}: give a name that ends in .html.")
    if asked.file != "-" and real == os.path.realpath(asked.file):
        raise OptionError(f"--html {asked.html} is the patient's file; give another name.")


def execute(asked: Request) -> int:
    """Print or write the options. Returns the exit status: 0 done, 2 the record contradicts itself."""
    if asked.schema:
        from ostealgia.decision.json_schema import patient_schema

        print_json(patient_schema())
        return DONE
    if asked.examples:
        return _examples(asked)
    return _patient(asked)


def _examples(asked: Request) -> int:
    from ostealgia.decision.bundled_patients import example_files
    from ostealgia.decision.fact_fields import data_folder
    from ostealgia.io.writers import write_all

    folder = Path(asked.examples)
    folder.mkdir(parents=True, exist_ok=True)
    files = {folder / name: data for name, data in example_files().items()}
    files[folder / "patient.schema.json"] = data_folder().joinpath("patient.schema.json").read_bytes()
    write_all({str(path): data for path, data in files.items()})
    if asked.as_json:
        print_json({"written": [str(path) for path in files]})
    elif not asked.quiet:
        progress.line(f"written: {len(files) - 1} invented patients and patient.schema.json in {asked.examples}")
    return DONE


def _patient(asked: Request) -> int:
    from ostealgia.decision.candidacy import options
    from ostealgia.decision.patient_reading import PatientError

    name = "standard input" if asked.file == "-" else asked.file
    said: tuple[str, ...] = ()
    try:
        given, said = _facts(asked.file, asked.site)
        found = _with_notes(options(given), said)
    except PatientError as error:
        _show_emergencies(_with_notes(error.answer, said), as_json=asked.as_json)
        _say_problems(name, error, show=asked.show_values)
        return BAD_INPUT
    if asked.sort:
        found = found.sorted_by(asked.sort)
    if asked.html:
        from ostealgia.io.writers import write_text
        from ostealgia.report.options_page_html import options_page

        write_text(asked.html, options_page(found))
        if not asked.quiet:
            progress.line(f"written: {asked.html}")
    if asked.as_json:
        print_json(found.to_dict())
    elif not asked.html or found.now or found.refused:
        print_text(str(found))
    if not found.refused:
        return DONE
    sys.stdout.flush()
    contradictions = [one for one in found.questions if one.kind == "contradiction"]
    told = "\n  ".join(f"{' and '.join(one.fields[:2])}: {one.text}" for one in contradictions)
    print(f"ostealgia: error: {name}: the facts contradict one another\n  {told}", file=sys.stderr, flush=True)
    return BAD_INPUT


def _facts(file: str, site: str) -> tuple[Any, tuple[str, ...]]:
    """The patient's record, or what a FHIR Bundle says of the patient, and notes on what was left out of it."""
    from ostealgia.decision.patient_reading import PatientError
    from ostealgia.io.fhir import is_bundle, read_bundle
    from ostealgia.io.json_input import parse_json, read_json

    value = parse_json(sys.stdin.buffer.read()) if file == "-" else read_json(file)
    if isinstance(value, dict) and "resourceType" in value and not is_bundle(value):
        raise PatientError([("", "this is a FHIR resource. Expected: a Bundle with the resources of one patient")])
    if not is_bundle(value):
        if site:
            raise OptionError("--site is for a FHIR Bundle; our own record names its site itself.")
        return value, ()
    from datetime import date

    from ostealgia.decision.bundle_facts import facts_of_bundle

    found = read_bundle(value, today=date.today(), site=site)
    facts, notes = facts_of_bundle(found)
    left = [f"in the record, and not used: {one.resource}: {one.reason}" for one in found.not_used]
    more = [f"in the record, and not used: {len(left) - MOST_LEFT} more"] if len(left) > MOST_LEFT else []
    return facts, (*notes, *left[:MOST_LEFT], *more)


def _with_notes(found: Any, said: tuple[str, ...]) -> Any:
    return replace(found, notes=(*found.notes, *said)) if found is not None and said else found


def _show_emergencies(answer: Any, *, as_json: bool) -> None:
    """What the readable part of a record says, where it is an emergency."""
    if answer is None or not (answer.now or answer.urgent):
        return
    if as_json:
        print_json(answer.to_dict())
    else:
        print_text(str(answer))


def _say_problems(name: str, error: Any, *, show: bool) -> None:
    """One message; values of a patient only where they were asked for, and only on a terminal."""
    shown = show and sys.stderr.isatty()
    lines = []
    for field, text in error.problems[:8]:
        value = f" Found: {str(error.found[field])[:80]!r}." if shown and field in error.found else ""
        lines.append(f"{field}: {text}.{value}" if field else f"{text}.{value}")
    more = len(error.problems) - len(lines)
    if more:
        lines.append(f"and {more} more")
    if show and not shown:
        lines.append("--show-values shows values only on a terminal.")
    sys.stdout.flush()
    head = f"ostealgia: error: {name}: the record cannot be used"
    print("\n  ".join([head, *lines]), file=sys.stderr, flush=True)
