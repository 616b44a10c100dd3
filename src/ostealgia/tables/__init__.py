"""Names that every room shares: columns, measures, and the base of all results."""

from ostealgia.tables.columns import ALIASES, canonical_columns
from ostealgia.tables.measures import MEASURES, Measure, measure_of
from ostealgia.tables.result import Excluded, Result

__all__ = ["ALIASES", "MEASURES", "Excluded", "Measure", "Result", "canonical_columns", "measure_of"]
