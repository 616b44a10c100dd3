"""What ``pool`` does beside the pool, when it is asked: one line an analysis."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ostealgia.errors import ConvergenceError, OptionError, TableError, suggestion

if TYPE_CHECKING:
    from ostealgia.effects.result import EffectSizes
    from ostealgia.io.tables import Table
    from ostealgia.meta.result import PoolResult
    from ostealgia.tables.formula import Formula

# names of values that every table of effects has, whether or not they are columns of the file
_OF_EFFECTS = ("study", "n", "estimate", "std_error", "variance")


@dataclass(frozen=True, kw_only=True)
class Question:
    """One further analysis of these effects. formula : of --moderators, with our names of columns.  options : of the pool."""

    effects: EffectSizes
    fit: PoolResult
    value: Any
    formula: Formula | None
    options: Mapping[str, Any]
    common_tau2: bool


def column(option: str, name: str, table: Table) -> str:
    """Our name of the column that an option names. Raises TableError that says which option."""
    from ostealgia.tables.columns import fold

    try:
        return table.find(name)
    except TableError as error:
        if fold(name) in _OF_EFFECTS or fold(name) in table.frame.columns:
            return fold(name)
        offered = [*table.mapping, *_OF_EFFECTS]
        raise TableError(
            f"--{option.replace('_', '-')}: there is no such column",
            file=error.file,
            column=name,
            found=", ".join(table.mapping),
            expected=f"one of them, or {', '.join(_OF_EFFECTS)}",
            action=suggestion(name, offered).strip() or "Check the spelling",
        ) from None


def further(
    effects: EffectSizes,
    fit: PoolResult,
    asked: Mapping[str, Any],
    *,
    table: Table,
    options: Mapping[str, Any],
    common_tau2: bool,
) -> dict[str, Any]:
    """The results by their key in the JSON. asked : option -> value."""
    more: dict[str, Any] = {}
    formula = _formula(asked.get("moderators"), table)
    told = set(effects.notes)
    for name, value in asked.items():
        question = Question(
            effects=effects, fit=fit, value=value, formula=formula, options=options, common_tau2=common_tau2
        )
        try:
            found = ANALYSES[name].run(question)
        except TableError as error:
            raise error.about(_said(name, value)) from error
        except (OptionError, ConvergenceError) as error:
            raise type(error)(f"{table.file}: {_said(name, value)}: {error}") from error
        for key, result in found.items():
            more[key] = _told_once(result, told, fit)
            told |= set(result.notes) if name == "cluster" else set()
    return more


def _said(name: str, value: Any) -> str:
    """An option as it was given: "--egger", "--cluster centre"."""
    flag = f"--{name.replace('_', '-')}"
    return flag if value is True else f'{flag} "{value}"' if " " in str(value) else f"{flag} {value}"


def _told_once(result: Any, told: set[str], fit: PoolResult) -> Any:
    """A result beside the pool without the notes and exclusions on the data that stand before it."""
    return replace(
        result,
        notes=tuple(note for note in result.notes if note not in told),
        excluded=tuple(row for row in result.excluded if row not in fit.excluded),
    )


def _formula(text: str | None, table: Table) -> Formula | None:
    if text is None:
        return None
    try:
        return formula_of(text, table)
    except OptionError as error:
        raise OptionError(f"--moderators: {error}") from None


def formula_of(text: str, table: Table) -> Formula:
    """A formula with our names of the columns, where it has those of the file."""
    from ostealgia.tables.formula import parse_formula

    read = parse_formula(text)
    terms = tuple(
        tuple(replace(variable, column=table.mapping.get(variable.column, variable.column)) for variable in term)
        for term in read.terms
    )
    return replace(read, terms=terms)


def _subgroup(asked: Question) -> dict[str, Any]:
    from ostealgia import meta

    found = meta.subgroup(asked.effects, by=asked.value, tau2_common=asked.common_tau2, **asked.options)
    return {"subgroups": found}


def _moderators(asked: Question) -> dict[str, Any]:
    from ostealgia import meta

    options = {
        name: asked.options[name]
        for name in ("model", "tau2", "ci", "pi", "level", "tau2_value")
        if name in asked.options
    }
    if options.get("model", "random") not in ("random", "common"):
        raise OptionError(
            f"a regression needs effects with standard errors: --model random or common; found --model {options['model']}."
        )
    return {"regression": meta.regress(asked.effects, asked.formula or asked.value, **options)}


def _cluster(asked: Question) -> dict[str, Any]:
    """The three-level model and its robust standard errors; robust ones of the pool where every cluster gives one effect."""
    from ostealgia import meta

    options, formula = asked.options, asked.formula
    model = options.get("model", "random")
    if model != "random":
        raise OptionError(
            f"this fits a random-effects model of three levels; found --model {model}. Leave out --model."
        )
    shared: dict[str, Any] = {"level": options["level"]} if "level" in options else {}
    labels = [str(value) for value in asked.effects.column(asked.value)]
    if len(set(labels)) == len(labels):
        fit = meta.regress(asked.effects, formula, **shared) if formula else asked.fit
        found = meta.robust(fit, cluster=asked.value)
        note = f"every value of {asked.value!r} stands once, so that there is no third level: robust standard errors of the pool"
        return {"robust": replace(found, notes=(*found.notes, note))}
    how = {"method": "ML" if options.get("tau2") == "ML" else "REML", "ci": "z" if options.get("ci") == "z" else "t"}
    fit = meta.multilevel(
        asked.effects, random=f"{asked.value}/effect", moderators=str(formula) if formula else (), **how, **shared
    )
    return {"three_level": fit, "robust": meta.robust(fit, cluster=asked.value)}


def _bayes(asked: Question) -> dict[str, Any]:
    from ostealgia import meta

    shared = {"level": asked.options["level"]} if "level" in asked.options else {}
    return {"bayes": meta.bayes(asked.effects, tau_prior=asked.value, **shared)}


def _leave_one_out(asked: Question) -> dict[str, Any]:
    from ostealgia import meta

    return {"leave_one_out": meta.leave_one_out(asked.fit)}


def _cumulative(asked: Question) -> dict[str, Any]:
    from ostealgia import meta

    return {"cumulative": meta.cumulative(asked.fit, order=asked.value)}


def _egger(asked: Question) -> dict[str, Any]:
    from ostealgia import meta

    return {"egger": meta.egger(asked.fit)}


@dataclass(frozen=True)
class Analysis:
    """run : from the question to results by key.  by_column : the value of the option is the name of a column."""

    run: Callable[[Question], dict[str, Any]]
    by_column: bool = False


ANALYSES: dict[str, Analysis] = {
    "subgroup": Analysis(_subgroup, by_column=True),
    "leave_one_out": Analysis(_leave_one_out),
    "cumulative": Analysis(_cumulative, by_column=True),
    "egger": Analysis(_egger),
    "moderators": Analysis(_moderators),
    "cluster": Analysis(_cluster, by_column=True),
    "bayes": Analysis(_bayes),
}
