# The two commands: `make demo` shows the product, `make test` proves it.
# Both make the virtual environment first; Python 3.11 or newer is all that they need.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/runtime.installed
DEVELOPMENT := $(VENV)/development.installed

.PHONY: help demo run stop test unit check benchmark benchmark-science screenshots clean

help:
	@echo "make demo   train on the example catalogue, watch it, leave the server running"
	@echo "make run    start the server; Ctrl-C stops it"
	@echo "make stop   stop the server that make demo left running"
	@echo "make test   every test; make unit: those without TensorFlow, in seconds"
	@echo "make check  formatting, lint and types"
	@echo "make benchmark  measure on the real tables; see docs/BENCHMARKS.md"
	@echo "make screenshots  pictures of every page into docs/images/"
	@echo "make benchmark-science  the networks against boosted trees; takes an hour"

demo: $(RUNTIME)
	@$(BIN)/python -m backend.demo

run: $(RUNTIME)
	@$(BIN)/python backend/app.py

stop: $(RUNTIME)
	@$(BIN)/python -m backend.demo --stop

test: check
	$(BIN)/python -m pytest -n 2 --dist loadfile

unit: $(DEVELOPMENT)
	$(BIN)/python -m pytest -m "not tensorflow and not e2e and not archive"

check: $(DEVELOPMENT)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy backend benchmarks tests

benchmark: $(DEVELOPMENT)
	$(BIN)/python -m benchmarks.start
	$(BIN)/python -m benchmarks.catalog
	$(BIN)/python -m benchmarks.curves
	$(BIN)/python -m benchmarks.period
	$(BIN)/python -m benchmarks.training
	$(BIN)/python -m benchmarks.page

# An hour or so; what is done is kept in .benchmark/, and an interrupted one goes on from there.
benchmark-science: $(DEVELOPMENT)
	$(BIN)/python -m benchmarks.science --jobs 2

# Every page of the web page in a real browser, on real trainings; needs Chromium.
screenshots: $(DEVELOPMENT)
	$(BIN)/python -m tests.e2e.screenshots

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "exotrain needs Python 3.11 or newer, $(PYTHON) is older: make PYTHON=python3.11 …"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -r requirements.txt
	@touch $@

$(DEVELOPMENT): requirements-dev.txt $(RUNTIME)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -r requirements-dev.txt
	@touch $@
