"""``ostealgia.toml``: what is refused, with which words."""

from __future__ import annotations

import pytest

from ostealgia.errors import ProjectError
from ostealgia.project.model import parse_config, read_config
from ostealgia.project.store import load

HEAD = '[project]\ntitle = "Example"\n'
ANALYSIS = '[[analysis]]\nid = "main"\noutcome = "response"\nmeasure = "PLO"\n'


def refused(text: str) -> str:
    with pytest.raises(ProjectError) as caught:
        parse_config(text)
    return str(caught.value)


def test_unknown_key_is_refused_with_the_key_that_was_meant():
    message = refused(HEAD + ANALYSIS + 'modle = "random"\n')
    assert "analysis 'main'" in message and "'modle'" in message and "Did you mean 'model'?" in message
    assert "Known keys: id, title, outcome" in message


def test_unknown_section_is_refused():
    message = refused(HEAD + '[[analyses]]\nid = "x"\n')
    assert "'analyses'" in message and "Did you mean 'analysis'?" in message


def test_unknown_key_inside_a_list_names_the_right_keys():
    message = refused(HEAD + ANALYSIS + 'exclude = [{ study = "A", because = "x" }]\n')
    assert "'because'" in message and "Known keys: study, reason" in message


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("level = 95", "Write 0.95 for 95%"),
        ('time = "three months"', "does not start with a number"),
        ('time = "3 moons"', "is not a number and a unit"),
        ('pick = "closest"', "nearest"),
        ('like = "other"', "names no analysis above it"),
    ],
)
def test_a_wrong_value_says_what_is_expected(line, words):
    assert words in refused(HEAD + ANALYSIS + line + "\n")


def test_an_unknown_measure_lists_the_choices():
    assert "Did you mean 'PLO'" in refused(HEAD + ANALYSIS.replace("PLO", "PLOO"))


def test_missing_key_and_broken_toml():
    assert "key 'title' is missing" in refused("[project]\n")
    assert "not valid TOML" in refused("[project\n")


def test_ids_are_unique_and_references_exist():
    assert "two entries of [[analysis]]" in refused(HEAD + ANALYSIS + ANALYSIS)
    claim = '[[claim]]\nid = "c"\nanalysis = "mian"\nestimate = 1\n'
    assert "Did you mean 'main'?" in refused(HEAD + ANALYSIS + claim)


def test_numbers_keep_their_printed_decimals():
    spec = parse_config(
        HEAD + ANALYSIS + '[[claim]]\nid = "c"\nanalysis = "main"\nestimate = -5.0\nci_low = 79\nci_high = "0.060"\n'
    )
    assert [item.decimals for item in spec.claim[0].printed] == [1, 0, 3]


def test_digits_overrule_the_typed_number():
    spec = parse_config(HEAD + ANALYSIS + '[[claim]]\nid = "c"\nanalysis = "main"\nestimate = 5\ndigits = 2\n')
    assert spec.claim[0].printed[0].decimals == 2


def test_like_takes_over_every_key_but_title_and_is_a_sensitivity_analysis():
    spec = parse_config(
        HEAD + ANALYSIS + 'title = "Main"\ntau2 = "DL"\n[[analysis]]\nid = "second"\nlike = "main"\nci = "z"\n'
    )
    second = spec.analysis[1]
    assert (second.tau2, second.ci, second.role, second.title) == ("DL", "z", "sensitivity", "")


def test_nothing_in_the_file_is_evaluated(make):
    folder = make("[project]\ntitle = \"{__import__('os').getcwd()}\"\n")
    assert read_config(folder).project.title == "{__import__('os').getcwd()}"


@pytest.mark.parametrize("path", ["../outside.csv", "/etc/passwd", "tables/../../outside.csv"])
def test_a_path_that_leaves_the_folder_is_refused(make, path):
    table = f'[[table]]\nid = "t"\nfile = "{path}"\ntitle = "T"\nkind = "groups"\n'
    folder = make(HEAD + table)
    with pytest.raises(ProjectError, match="leaves the project folder"):
        load(folder)


def test_a_link_that_leaves_the_folder_is_refused(make, tmp_path):
    (tmp_path / "secret.csv").write_text("variable\nx\n")
    folder = make(HEAD + '[[table]]\nid = "t"\nfile = "t.csv"\ntitle = "T"\nkind = "groups"\n')
    (folder / "t.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(ProjectError, match="leaves the project folder"):
        load(folder)


def test_a_folder_without_configuration_says_how_to_make_one(tmp_path):
    with pytest.raises(ProjectError, match="ostealgia init"):
        load(tmp_path)
    with pytest.raises(ProjectError, match="does not exist"):
        load(tmp_path / "nowhere")
