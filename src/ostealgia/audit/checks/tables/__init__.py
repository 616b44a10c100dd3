"""Checks of one table."""
