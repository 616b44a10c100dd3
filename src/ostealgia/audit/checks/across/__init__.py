"""Checks of two places of a paper against each other."""
