"""What goes wrong, as one message on standard error and an exit status; never a traceback for bad input."""

from __future__ import annotations

import difflib
import io
import os
import re
import sys
from collections.abc import Callable
from typing import Any

import typer

from ostealgia.errors import OptionError, OstealgiaError, TableError, suggestion

DONE, FINDINGS, BAD_INPUT, INTERNAL, STOPPED = 0, 1, 2, 3, 130
# typer's own base of usage errors, in whatever module this version keeps it
_USAGE: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "UsageError")
_ABORT: Any = typer.Abort


def take_debug(words: list[str]) -> bool:
    """Remove --debug wherever it stands before a "--"; True where it was there."""
    end = words.index("--") if "--" in words else len(words)
    found = "--debug" in words[:end]
    words[:end] = [word for word in words[:end] if word != "--debug"]
    return found


def guarded(call: Callable[[], Any], app: typer.Typer, words: list[str], *, debug: bool) -> int:
    """Run the call and turn what it raises into a message and an exit status."""
    sys.stdout, sys.stderr = sys.stdout or io.StringIO(), sys.stderr or io.StringIO()  # None where closed: 2>&-
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    try:
        status = call()
        if status == STOPPED:  # typer turns Ctrl-C into this status
            raise KeyboardInterrupt
        sys.stdout.flush()
        return status if isinstance(status, int) else DONE
    except BrokenPipeError:
        silence_stdout()
        return DONE
    except SystemExit as stop:  # typer's own answer to a pipe that was closed
        if not isinstance(stop.__context__, BrokenPipeError):
            raise
        silence_stdout()
        return DONE
    except (KeyboardInterrupt, _ABORT):
        return _say("stopped by you; no file was left half-written", STOPPED)
    except _USAGE as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error.format_message(), file=sys.stderr)
            return BAD_INPUT
        return _say(usage_text(error, app, words), BAD_INPUT)
    except OstealgiaError as error:
        if debug:
            raise
        return _say(error_text(error), BAD_INPUT)
    except OSError as error:
        if debug:
            raise
        return _say(_os_text(error), BAD_INPUT)
    except MemoryError:
        return _say("error: the memory of this machine is not enough for this input", BAD_INPUT)
    except Exception as error:
        if debug:
            raise
        return _say(_internal_text(error), INTERNAL)


def _say(text: str, status: int) -> int:
    try:
        sys.stdout.flush()
        print(f"ostealgia: {text}", file=sys.stderr, flush=True)
    except BrokenPipeError:
        silence_stdout()
    return status


def silence_stdout() -> None:
    """The reader of our output has gone: let the interpreter flush into nothing."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):  # no file behind the stream
        sys.stdout = io.StringIO()


def error_text(error: OstealgiaError) -> str:
    """The message of an error of the input: place and problem, then found, expected and what to do, a line each.

    >>> print(error_text(TableError("it is below 0", file="t.csv", row=3, column="sd", found=-2, expected="0 or more")))
    error: t.csv, row 3, column sd: it is below 0
      Found: -2
      Expected: 0 or more
    """
    if isinstance(error, OptionError):
        return "error: " + as_flags(re.sub(r"^(\w+)(?=[=:])", lambda name: _flag(name[1]), str(error)))
    if not isinstance(error, TableError):
        return f"error: {error}"
    head = type(error)(as_flags(error.problem), file=error.file, row=error.row, column=error.column)
    lines = [f"error: {str(head).rstrip('.')}"]
    if error.found is not None:
        lines.append(f"  Found: {error.found}")
    if error.expected:
        lines.append(f"  Expected: {as_flags(error.expected)}")
    if error.action:
        action = as_flags(error.action)
        lines.append(f"  {action.rstrip('.')}." if not action.endswith("?") else f"  {action}")
    return "\n".join(lines)


# options of the Python calls that have another name here
_RENAMED = {"tau_prior": "bayes", "order": "cumulative", "by": "subgroup", "formula": "moderators"}
_OPTIONS = (
    "model|tau2|ci|pi|level|tau2_ci|glmm|glmm_method|quadrature|mh_increment|rd_variance|rate_weights|q_center|weights|tau2_value|"
    "increment|apply_increment|correlation|vtype|measure|component|small_values|reference|tau_prior"
)


def _flag(name: str) -> str:
    return f"--{_RENAMED.get(name, name).replace('_', '-')}"


def as_flags(text: str) -> str:
    """Options of Python inside a message, as they are given here.

    >>> as_flags("Give the counts, or use model='random' or tau2='DL'.")
    'Give the counts, or use --model random or --tau2 DL.'
    """
    text = text.replace("tau2_common", "--common-tau2")
    text = re.sub(rf"(?<![-\w])({_OPTIONS})='([^']*)'", lambda found: f"{_flag(found[1])} {found[2]}", text)
    listed = re.search(r"Further options of this model: (.*)\.", text)  # of PoolOptions.refuse_unknown
    if listed and listed[1] != "none":
        text = text.replace(listed[1], ", ".join(_flag(name) for name in listed[1].split(", ")))
    return text


def usage_text(error: Any, app: typer.Typer, words: list[str]) -> str:
    """What is wrong with the call, the nearest command or option, and where to read more."""
    message = str(error.format_message() if hasattr(error, "format_message") else error).strip().rstrip(".")
    context = getattr(error, "ctx", None)
    named = next((f"ostealgia {word}" for word in words if word in command_names(app)), "ostealgia")
    command = getattr(context, "command_path", None) or named
    group = getattr(context, "command", None)
    wrong = re.search(r"[Nn]o such (command|option):? '?([^'\s]+?)'?(?:\s|\.|$)", message)
    if wrong:
        of_group: Any = getattr(group, "list_commands", None)
        names = (
            (command_names(app) if of_group is None else of_group(context))
            if wrong[1] == "command"
            else option_names(error)
        )
        message = f"there is no {wrong[1]} {wrong[2]!r}.{_nearest(wrong[2], names)}".rstrip(".")
    ending = "" if message.endswith("?") else "."
    return f"error: {message}{ending}\n  Try '{command} --help'."


def _nearest(word: str, names: list[str]) -> str:
    if word.startswith("-"):
        close = difflib.get_close_matches(word.lstrip("-"), [name.lstrip("-") for name in names], n=1, cutoff=0.6)
        return f" Did you mean '--{close[0]}'?" if close else ""
    return suggestion(word, names) or f" The commands are {', '.join(names)}"


def command_names(app: typer.Typer) -> list[str]:
    """Names of the commands, and of the groups of commands behind them."""
    names = [command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands]
    return [
        *names,
        *(str(group.name or group.typer_instance.info.name) for group in app.registered_groups if group.typer_instance),
    ]


def option_names(error: Any) -> list[str]:
    """Options of the command whose call was wrong."""
    context = getattr(error, "ctx", None)
    parameters = context.command.get_params(context) if context is not None else []
    return [name for parameter in parameters for name in parameter.opts if name.startswith("-")]


def _os_text(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    return f"error: {where}{error.strerror or error}"


def _internal_text(error: Exception) -> str:
    return (
        f"internal error: {type(error).__name__}: {error}\n"
        "  This is a fault of ostealgia, not of your input. Please report it, with the command and what the same\n"
        "  command prints with --debug. Nothing was left half-written."
    )
