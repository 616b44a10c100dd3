# Two commands do all the set-up on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?= ostealgia-demo

.PHONY: demo test lint slow bench growth audit-generator simulate-cohort lock clean help

help: ## what the targets do
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "ostealgia needs Python 3.11 or later as '$(PYTHON)'. On Debian 12: apt-get install python3 (or: make PYTHON=/path/to/python3.11)"; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "Python's venv module is missing. On Debian and Ubuntu the package python3-venv brings it: apt-get install python3-venv"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-build.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.core
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

demo: $(VENV)/.core ## the bundled reviews and cohort: published numbers beside recomputed ones
	$(BIN)/ostealgia demo --out $(OUT)
	@echo "Report: $(OUT)/index.html"

test: $(VENV)/.dev ## style, types, import direction, tests and doctests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/pyright
	$(BIN)/python -m pytest -n auto -m "not slow"

slow: $(VENV)/.dev ## the tests that take minutes (a million rows, long simulations)
	$(BIN)/python -m pytest -m slow

audit-generator: $(VENV)/.dev ## 1,000 made-up papers a rule and layout: what the audit finds, written to docs/guide/audit-rates.md (an hour or more)
	$(BIN)/python tests/audit/generator/rates.py --papers 1000 --seed 4 --out docs/guide/audit-rates.md

simulate-cohort: $(VENV)/.core ## 2,000 made-up cohorts a scenario: what the cohort methods find, written to docs/guide/cohort-simulation.md (half an hour on one core)
	$(BIN)/python bench/simulation_cohort.py --out docs/guide/cohort-simulation.md

.bench/venv/bin/python: requirements.lock bench/peers.txt | $(VENV)/bin/python
	$(PYTHON) -m venv .bench/venv
	.bench/venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	.bench/venv/bin/python -m pip install --quiet --disable-pip-version-check -r bench/peers.txt
	.bench/venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .

bench: .bench/venv/bin/python ## speed and size as ratios against peers in the same run
	.bench/venv/bin/python bench/run.py --size
	$(PYTHON) -m venv .bench/statcheck && .bench/statcheck/bin/python -m pip install --quiet --disable-pip-version-check -r bench/peers-statcheck.txt \
	  || echo "statcheck (PyPI) cannot be had here"
	.bench/venv/bin/python bench/audit.py
	.bench/venv/bin/python bench/cohort_speed.py
	.bench/venv/bin/python bench/cohort_speed.py --growth

growth: .bench/venv/bin/python ## time and memory by number of effects, with the picture in docs
	.bench/venv/bin/python bench/growth.py --draw docs/growth.svg

lock: $(VENV)/.dev ## renew the lock files (needs uv on the PATH)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements.lock
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -c requirements.lock -o requirements-dev.lock
	printf 'hatchling\neditables\n' | uv pip compile - --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements-build.lock

clean: ## remove what was built
	rm -rf $(VENV) $(OUT) build dist .bench .pytest_cache .ruff_cache .hypothesis
