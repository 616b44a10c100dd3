"""Shared test set-up: the folder of this file is importable, so tests can use reference_cases."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
