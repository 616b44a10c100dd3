"""Speed of the audit: pages of text a second, a 20-page PDF, and the same APA text beside statcheck (PyPI) and statcheck (R).

Run by ``make bench``. Prints one Markdown table; a peer that is not installed is named and left out. A page is 3,000 characters.
The APA text has t, F and z with their P (statcheck 0.0.7 stops at r under the current NumPy); ours reads
and checks everything it knows on it.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from clock import turns
from scipy import special

HERE = Path(__file__).parent
PAGE = 3000  # characters
PAGES = 20
GOALS = {"text": 50.0, "PDF seconds": 5.0}

FILLER = (
    "Patients were recruited from the outpatient clinic and gave written consent before any procedure of the study took place.",
    "The questionnaire was translated and back-translated, and discrepancies were resolved by discussion among the authors.",
    "Follow-up visits were planned after four, eight and twelve weeks, and telephone calls were made where visits were missed.",
    "These findings are in line with earlier reports, although populations and definitions differed between studies.",
)


def apa(rng: random.Random) -> str:
    """A sentence with one test in APA style; one P in twenty is wrong."""
    df, df1, value = rng.randint(12, 180), rng.randint(1, 4), round(rng.uniform(0.2, 3.5), 2)
    kind, p = rng.choice(
        (
            (f"t({df}) = {value:.2f}", 2 * special.stdtr(df, -value)),
            (f"F({df1}, {df}) = {value:.2f}", special.fdtrc(df1, df, value)),
            (f"z = {value:.2f}", 2 * special.ndtr(-value)),
        )
    )
    p = min(0.999, p + 0.2) if rng.random() < 0.05 else p
    return f"The groups were compared on the scale of interest, {kind}, p = {p:.3f}."


def medical(rng: random.Random) -> str:
    """A sentence of a medical paper: counts, a ratio with interval, means."""
    n = rng.randint(30, 200)
    count = rng.randint(3, n - 3)
    x = rng.uniform(0.4, 3)
    return rng.choice(
        (
            f"Pain improved in {count} of {n} patients ({100 * count / n:.1f}%).",
            f"The odds ratio was {x:.2f} (95% CI {x / 1.5:.2f}-{x * 1.5:.2f}; P = {rng.random():.3f}).",
            f"The mean score was {rng.uniform(2, 8):.1f} ± {rng.uniform(1, 3):.1f} at baseline.",
        )
    )


def pages(sentence: Callable[[random.Random], str], seed: int = 4) -> list[str]:
    """PAGES pages, one sentence with numbers after every two without."""
    rng = random.Random(seed)
    made = []
    for _ in range(PAGES):
        words = ""
        while len(words) < PAGE:
            words += " ".join((rng.choice(FILLER), rng.choice(FILLER), sentence(rng))) + rng.choice((" ", "\n\n"))
        made.append(words[: words.rfind(".", 0, PAGE) + 1])
    return made


def pdf(texts: list[str]) -> bytes:
    """A plain PDF, one page a text, lines of Helvetica."""
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    kids = []
    for text in texts:
        lines = "".join(f"({_escaped(line)}) Tj T*\n" for line in _wrapped(text, 95))
        stream = f"BT /F1 10 Tf 12 TL 50 790 Td\n{lines}ET".encode("cp1252", "replace")
        bodies.append(b"<< /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream))
        box = b"/MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >>"
        bodies.append(b"<< /Type /Page /Parent 2 0 R %b /Contents %d 0 R >>" % (box, len(bodies)))
        kids.append(b"%d 0 R" % len(bodies))
    bodies[1] = b"<< /Type /Pages /Kids [%b] /Count %d >>" % (b" ".join(kids), len(kids))
    out, places = b"%PDF-1.4\n", []
    for i, body in enumerate(bodies, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (i, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(bodies) + 1
    head, tail = (
        b"xref\n0 %d\n0000000000 65535 f \n" % size,
        b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n",
    )
    return out + head + table + tail % (size, len(out))


def _escaped(line: str) -> str:
    return line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def _wrapped(text: str, width: int) -> Iterator[str]:
    import textwrap

    for paragraph in text.split("\n"):
        yield from textwrap.wrap(paragraph, width) or [""]


def peer_in_python(text: str) -> float | str:
    """Seconds of the Python statcheck, or why it is not there; it needs pandas 2 and so an environment of its own."""
    python = HERE.parent / ".bench" / "statcheck" / "bin" / "python"
    if not python.exists():
        return "statcheck (PyPI) is not installed"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text.txt"
        path.write_text(text, encoding="utf-8")
        command = [str(python), "-W", "ignore", str(HERE / "peer_statcheck.py"), str(path)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, "TQDM_DISABLE": "1"}
        )
    if done.returncode:
        return f"statcheck (PyPI) stopped: {done.stderr.strip().splitlines()[-1][:80]}"
    return float(done.stdout.split()[-1])


def peer_in_r(text: str) -> float | str:
    """Seconds of the R statcheck, or why it is not there."""
    if shutil.which("Rscript") is None:
        return "R is not installed"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text.txt"
        path.write_text(text, encoding="utf-8")
        script = (
            "suppressMessages(library(statcheck)); x <- paste(readLines('%s'), collapse='\\n'); "
            "s <- replicate(5, system.time(suppressMessages(statcheck(x, messages=FALSE)))['user.self']); cat(median(s))"
        )
        done = subprocess.run(["Rscript", "-e", script % path], capture_output=True, text=True, check=False)
    last = (done.stdout.split() or [""])[-1]
    return float(last) if done.returncode == 0 and last else "statcheck (R) is not installed"


def ours(text: str) -> Callable[[], object]:
    """Reading and checking a text."""
    from ostealgia.audit.checking import check
    from ostealgia.io.documents.reading import from_text

    return lambda: check(from_text(text))


def lines() -> Iterator[tuple[str, str, str, str]]:
    """Task, ours, peer with its version, goal and whether it is met."""
    text = "\n\n".join(pages(medical))
    rate, seconds = PAGES / turns({"ours": ours(text)})["ours"], _pdf_seconds(text)
    goal = GOALS["text"]
    yield "medical text, reading and checking", f"{rate:.0f} pages/s", "", f"{goal:.0f} pages/s: {_met(rate >= goal)}"
    goal = GOALS["PDF seconds"]
    yield f"PDF of {PAGES} pages, all of it", f"{seconds:.2f} s", "", f"under {goal:.0f} s: {_met(seconds < goal)}"
    text = "\n\n".join(pages(apa))
    mine = turns({"ours": ours(text)})["ours"]
    yield _beside(mine, "statcheck 0.0.7 (PyPI)", peer_in_python(text))
    yield _beside(mine, "statcheck (R)", peer_in_r(text))


def _beside(mine: float, peer: str, theirs: float | str) -> tuple[str, str, str, str]:
    if isinstance(theirs, str):
        return "APA text", f"{mine * 1000:.0f} ms", theirs, ""
    times = theirs / mine
    return "APA text", f"{mine * 1000:.0f} ms", f"{peer} {theirs * 1000:.0f} ms", f"{times:.1f}x: {_met(times >= 1)}"


def _pdf_seconds(text: str) -> float:
    """Wall-clock seconds from the file to the audit, the child process that reads it included."""
    from ostealgia.audit.checking import check, read

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "paper.pdf"
        path.write_bytes(pdf([text[i : i + PAGE] for i in range(0, len(text), PAGE)][:PAGES]))
        start = time.perf_counter()
        check(read(path))
        return time.perf_counter() - start


def _met(goal: bool) -> str:
    return "met" if goal else "MISSED"


def main() -> None:
    """Print the table."""
    sys.stdout.write("| task | ostealgia | peer | goal |\n|---|--:|---|---|\n")
    for line in lines():
        sys.stdout.write(f"| {' | '.join(line)} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
