"""Checks of a review: its pooled results against its studies."""
