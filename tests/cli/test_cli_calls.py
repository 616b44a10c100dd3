"""The command line: calls, exit statuses, messages, streams."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import ostealgia
from ostealgia.cli import failures
from ostealgia.cli.app import app, main

COMMANDS = ("demo", "init", "run", "verify", "pool", "network", "audit", "follow-up", "hooks", "options", "cohort")


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"ostealgia {ostealgia.__version__}\n"


def test_commands_are_those_of_the_plan():
    assert tuple(failures.command_names(app)) == COMMANDS


@pytest.mark.parametrize("words", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_help_has_examples(words, capsys):
    assert main(words) == 0
    out, err = capsys.readouterr()
    assert "Examples:\n" in out
    assert f"ostealgia {words[0] if len(words) > 1 else 'pool'}" in out
    assert err == ""


def test_help_states_exit_statuses_and_defaults(capsys):
    main(["--help"])
    assert (
        "Exit status: 0 done; 1 done, with findings (audit, verify); 2 the input or the call is wrong"
        in capsys.readouterr().out
    )
    main(["pool", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    for default in ("random", "REML", "auto", "V", "0.95", "QP", "UM.FS", "0.5", "LS", "7"):
        assert f"[default: {default}" in text


WRONG_CALLS = {
    "no such command": (["pol", "t.csv"], ["there is no command 'pol'. Did you mean 'pool'?"]),
    "nothing like a command": (["xyzzy"], ["there is no command 'xyzzy'", "demo, init, run, verify, pool"]),
    "no such option": (
        ["pool", "t.csv", "--mesure", "OR"],
        ["there is no option '--mesure'. Did you mean '--measure'?"],
    ),
    "no such option of the program": (["--verison"], ["there is no option '--verison'. Did you mean '--version'?"]),
    "no file": (["pool", "--measure", "OR"], ["FILE", "Try 'ostealgia pool --help'"]),
    "no measure": (["pool", "t.csv"], ["--measure is missing", "OR, RR", "--measure OR"]),
    "measure of another name": (
        ["pool", "t.csv", "-m", "ORR"],
        ["--measure='ORR' is not one of OR, RR", "Did you mean"],
    ),
    "an option without its value": (
        ["pool", "t.csv", "--measure"],
        ["--measure", "argument", "'ostealgia pool"],
    ),
    "help misspelt": (["--hlep"], ["there is no option '--hlep'. Did you mean '--help'?"]),
    "text for a number": (["pool", "t.csv", "-m", "OR", "--level", "high"], ["--level='high' is not a number"]),
    "one file too many": (["pool", "a.csv", "b.csv", "-m", "OR"], ["b.csv"]),
    "common tau2 without subgroup": (
        ["pool", "t.csv", "-m", "OR", "--common-tau2"],
        ["--common-tau2 needs --subgroup"],
    ),
    "figure of another kind": (["pool", "t.csv", "-m", "OR", "--forest", "f.pdf"], ["--forest f.pdf", ".svg or .png"]),
    "figure into no folder": (["pool", "t.csv", "-m", "OR", "--funnel", "no/f.svg"], ["the folder no does not exist"]),
    "csv of another kind": (["pool", "t.csv", "-m", "OR", "--csv", "out.txt"], ["--csv out.txt", ".csv"]),
    "output over the input": (["pool", "t.csv", "-m", "OR", "--csv", "t.csv"], ["t.csv is the input"]),
    "two outputs in one": (
        ["pool", "t.csv", "-m", "OR", "--forest", "f.svg", "--funnel", "./f.svg"],
        ["the same file"],
    ),
    "missing file": (["pool", "t.csv", "-m", "OR"], ["t.csv: the file does not exist", "Check the name"]),
}


@pytest.mark.parametrize("case", WRONG_CALLS)
def test_wrong_calls(case, capsys, tmp_path, monkeypatch):
    words, parts = WRONG_CALLS[case]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "u.csv").write_text("study,events,n\nA,1,2\n")
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("ostealgia: error: ")
    assert "Traceback" not in err
    assert len(err.splitlines()) <= 4
    for part in parts:
        assert part in err
    assert [path.name for path in tmp_path.iterdir()] == ["u.csv"]


def test_no_arguments_shows_the_help(capsys):
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Commands:" in err
    assert "Exit status:" in err


def run_guarded(call, debug=False):
    return failures.guarded(call, app, [], debug=debug)


def test_stopped_by_the_user(capsys):
    def call():
        raise KeyboardInterrupt

    assert run_guarded(call) == 130
    assert capsys.readouterr().err == "ostealgia: stopped by you; no file was left half-written\n"


def test_a_fault_of_ours_is_told_apart(capsys):
    def call():
        raise RuntimeError("cannot be")

    assert run_guarded(call) == 3
    err = capsys.readouterr().err
    assert "internal error: RuntimeError: cannot be" in err
    assert "--debug" in err
    assert "Traceback" not in err
    with pytest.raises(RuntimeError):
        run_guarded(call, debug=True)


def test_errors_of_the_system_are_input_errors(capsys):
    def call():
        raise PermissionError(13, "Permission denied", "secret.csv")

    assert run_guarded(call) == 2
    assert capsys.readouterr().err == "ostealgia: error: secret.csv: Permission denied\n"


def test_debug_is_taken_wherever_it_stands():
    words = ["pool", "--debug", "t.csv"]
    assert failures.take_debug(words)
    assert words == ["pool", "t.csv"]
    assert not failures.take_debug(["pool", "--", "--debug"])


def call_process(*words, stdin=None, module="ostealgia.cli.app", **more):
    return subprocess.run([sys.executable, "-m", module, *words], input=stdin, capture_output=True, timeout=120, **more)


@pytest.mark.parametrize("module", ["ostealgia", "ostealgia.cli.app"])
def test_process_statuses(tmp_path, module):
    assert call_process("--version", module=module).returncode == 0
    wrong = call_process("pool", str(tmp_path / "none.csv"), "-m", "OR", module=module)
    assert wrong.returncode == 2
    assert wrong.stdout == b""
    assert wrong.stderr.count(b"ostealgia: error:") == 1


def test_a_reader_that_leaves_early_is_no_error():
    code = "import sys; from ostealgia.cli.app import main; sys.exit(main(['pool', '--help']))"
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run([sys.executable, "-c", code], stdout=writer, stderr=subprocess.PIPE, timeout=60)
    os.close(writer)
    assert process.stderr == b""
    assert process.returncode == 0


def test_help_needs_no_heavy_import():
    code = (
        "import sys; from ostealgia.cli.app import main; main(['--help']);"
        "heavy = 'numpy scipy pandas matplotlib jinja2 pydantic openpyxl rich'.split();"
        "heavy = set(heavy) & set(sys.modules);"
        "print(sorted(heavy), file=sys.stderr)"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert process.stderr.strip() == "[]"


def test_ctrl_c_inside_a_command(capsys):
    """typer answers Ctrl-C with a status of its own; the word for the reader is ours."""
    assert run_guarded(lambda: failures.STOPPED) == failures.STOPPED
    assert "stopped by you" in capsys.readouterr().err
