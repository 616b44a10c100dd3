"""Effect sizes from what studies report."""

from ostealgia.effects.result import EffectSizes

__all__ = ["EffectSizes"]
