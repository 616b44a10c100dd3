"""Many papers in child processes: the limits hold while checking as well, and the order is that of the call."""

from __future__ import annotations

import pytest

from ostealgia.audit.checking import check, read
from ostealgia.audit.many import CHECKING, check_files
from ostealgia.audit.result import Audit
from ostealgia.errors import DocumentError, OptionError
from ostealgia.io.documents.children import Work, in_children

TEXT = "Results\n\nPain fell in 8 of 30 patients (2.7%), and in 12 of 40 (30%).\n"


def test_a_child_says_what_this_process_would_say(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(TEXT)
    ((_, found),) = check_files([path])
    assert isinstance(found, Audit)
    assert found.to_dict() == check(read(path)).to_dict()


def test_every_paper_is_answered_in_order_and_progress_counts_them(tmp_path):
    paths = []
    for number in range(5):
        paths.append(tmp_path / f"{number}.txt")
        paths[-1].write_text(TEXT * (5 - number))
    paths.insert(2, tmp_path / "missing.txt")
    seen = []
    answers = list(check_files(paths, processes=2, progress=seen.append))
    assert [path for path, _ in answers] == paths
    assert [isinstance(answer, DocumentError) for _, answer in answers] == [False, False, True, False, False, False]
    assert sorted(seen) == sorted(paths)


def test_an_unknown_rule_is_refused_before_a_paper_is_read(tmp_path):
    with pytest.raises(OptionError, match="Did you mean 'GRIM'"):
        check_files([tmp_path / "missing.txt"], rules="GRIMM")


def test_a_check_without_end_is_stopped_and_the_others_are_done(tmp_path):
    """The clock is that of the parent: a child that loops in a check is ended and named."""
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(TEXT)
    start = (
        "import time\nfrom ostealgia.io.documents.children import serve\nfrom ostealgia.audit.many import _check_one\n"
        "def slow(path, *rest):\n    time.sleep(60 if path.endswith('a.txt') else 0)\n    return _check_one(path, *rest)\n"
        "serve(slow)"
    )
    work = Work(start=start, answer=Audit, known=CHECKING.known)
    paths = [tmp_path / "a.txt", tmp_path / "b.txt"]
    # 3 s are 15 s by the clock: a child needs about 1 s to start, and much more where the machine is busy
    (_, first), (_, second) = in_children(paths, work, None, True, processes=1, seconds=3)
    assert isinstance(first, DocumentError) and "takes too long" in str(first)
    assert isinstance(second, Audit)


def test_an_answer_of_another_class_is_refused(tmp_path):
    """A file that takes over its reader could send anything: only the classes of an audit are read."""
    (tmp_path / "a.txt").write_text(TEXT)
    start = "import os\nfrom ostealgia.io.documents.children import serve\nserve(lambda *given: os.getcwd)"
    ((_, found),) = in_children([tmp_path / "a.txt"], Work(start=start, answer=Audit, known=CHECKING.known))
    assert isinstance(found, DocumentError)


def test_one_path_is_no_list_of_paths():
    with pytest.raises(OptionError, match=r"paths is one path, 'a\.pdf'; give a list"):
        check_files("a.pdf")
    with pytest.raises(OptionError, match=r"processes=0 is not a number from 1 on"):
        check_files(["a.pdf"], processes=0)


def test_findings_of_sums_and_flows_come_back_from_their_process(tmp_path):
    paper = tmp_path / "sums.md"
    paper.write_text(
        "# A trial\n\n## Results\n\nOf 251 patients screened, 57 were excluded. The remaining 204 patients were randomised.\n\n"
        "Table 1. Sex\n\n| Sex | Early | Late | All |\n|---|---|---|---|\n| Women | 40 | 52 | 92 |\n| Men | 61 | 48 | 119 |\n"
        "| Total | 101 | 100 | 201 |\n",
        encoding="utf-8",
    )
    ((path, audit),) = check_files([paper])
    assert path == paper and isinstance(audit, Audit)
    assert {one.rule for one in audit.flags} >= {"sample-flow", "total-vs-parts"}
