"""The checks of a paper: each takes a Paper and yields findings, through the rules of ``ostealgia.audit.rules``."""
