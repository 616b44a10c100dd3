"""A small project, and where the bundled ones are."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

DATA = Path(str(files("ostealgia"))) / "data" / "projects"

MINIMAL = """\
[project]
title = "Example"

[[analysis]]
id = "response"
title = "Response"
outcome = "response"
measure = "PLO"
tau2 = "DL"
ci = "z"
figure = false
"""
ROWS = """\
study,outcome,n,events,source
Alpha 2001,response,20,12,Table 1
Beta 2002,response,40,30,Table 1
Gamma 2003,response,31,19,Table 1
"""
