"""Median processor seconds of the Python statcheck on a text: run by bench/audit.py in an environment of its own (it needs pandas 2)."""

import statistics
import sys
import time
from pathlib import Path

from statcheck.st import statcheck

text = Path(sys.argv[1]).read_text(encoding="utf-8")
times = []
for _ in range(6):
    start = time.process_time()
    statcheck([text], messages=False)
    times.append(time.process_time() - start)
print(statistics.median(times[1:]))
