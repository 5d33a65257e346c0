# The two commands: `make demo` shows the product, `make test` proves it.
# Both make the virtual environment first; Python 3.11 or newer is all that they need.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/runtime.installed
DEVELOPMENT := $(VENV)/development.installed
CLUSTER := $(VENV)/cluster.installed
SBOM := exotrain.cdx.json
# mutmut, beside the packages that it shares with the development ones.
MUTANTS ?= $(VENV)/mutants

# What the steps of a test run skipped, for its last line.
export SKIPS_FILE := $(VENV)/skips.jsonl

# The locks cover what TensorFlow publishes wheels for and the server runs on.
LOCKED := import platform, sys; \
	sys.exit(not (sys.implementation.name == "cpython" \
	and (3, 11) <= sys.version_info[:2] <= (3, 13) \
	and (sys.platform, platform.machine()) in \
	{("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64")}))
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --quiet
COMPILE := $(BIN)/uv pip compile --quiet --no-config --upgrade --universal --python-version 3.11 \
	--fork-strategy fewest --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock"

# $(call install,NAME,OPTIONS): the exact files of NAME.lock, or where it does not apply, NAME.txt.
define install
	@if $(BIN)/python -c '$(LOCKED)'; then \
		$(PIP_INSTALL) $(2) --require-hashes -r $(1).lock; \
	else \
		echo "$(1).lock does not cover this Python or this machine: installing $(1).txt instead"; \
		$(PIP_INSTALL) $(2) -r $(1).txt; \
	fi
	@touch $@
endef

# $(call tests,OPTIONS OF PYTEST,OPTIONS OF THE SUMMARY): what was skipped is said of a red run too.
define tests
	@echo $(BIN)/python -m pytest $(1)
	@$(BIN)/python -m pytest $(1); status=$$?; \
	$(BIN)/python -m tests.skips $(2) $(SKIPS_FILE); exit $$status
endef

.PHONY: help demo demo-curves demo-cluster install-cluster run stop test test-all test-long soak mutants unit unit-frontend check lock sbom \
	benchmark benchmark-science benchmark-curves screenshots backup restore clean

help:
	@echo "make demo   train on the example catalogue, watch it, leave the server running"
	@echo "make demo-curves  what light curves are worth to a network, on simulated stars, in the browser"
	@echo "make demo-cluster  a study on a Ray cluster on this machine, a node killed on the way"
	@echo "make install-cluster  Ray besides, for a server or a node; see docs/CLUSTER.md"
	@echo "make run    start the server; Ctrl-C stops it"
	@echo "make stop   stop the server that make demo or make demo-curves left running"
	@echo "make backup DEST=folder   save the data while the server works"
	@echo "make restore FROM=folder  put a backup back; the server must be stopped"
	@echo "make test   every test but the slowest; make unit: those without TensorFlow, in minutes"
	@echo "make test-all  make test, then long ones, crowds, faults, and generated clients and requests"
	@echo "make test-long  what takes minutes each and has shorter kin in the others; before a release"
	@echo "make soak   kill server and workers 200 times under traffic, and check what is left"
	@echo "make mutants  change the code in small ways; each change must fail a test; up to an hour"
	@echo "make unit-frontend  the tests of the page's modules; needs node"
	@echo "make check  formatting, lint and types"
	@echo "make lock   renew the five files of locked versions, requirements*.lock"
	@echo "make sbom   the bill of materials of the server, $(SBOM) (CycloneDX)"
	@echo "make benchmark  measure on the real tables; see docs/BENCHMARKS.md"
	@echo "make screenshots  pictures of the page for the README, into docs/images/"
	@echo "make benchmark-science  the networks against boosted trees; takes an hour"
	@echo "make benchmark-curves  what real light curves are worth, on TESS's views; an hour"

demo: $(RUNTIME)
	@$(BIN)/python -m backend.demo

demo-curves: $(RUNTIME)
	@$(BIN)/python -m backend.demo.curves

# Installs Ray besides, 250 MB; ends everything that it starts.
demo-cluster: $(CLUSTER)
	@$(BIN)/python -m backend.demo.cluster

# What the server and each node of a Ray cluster need; once it is there, nothing happens.
install-cluster: $(CLUSTER)
	@echo "exotrain and Ray are installed in $(VENV)"

run: $(RUNTIME)
	@$(BIN)/python backend/app.py

stop: $(RUNTIME)
	@$(BIN)/python -m backend.demo --stop

backup: $(RUNTIME)
	@test -n "$(DEST)" || { echo "make backup DEST=folder: where the backup goes"; exit 2; }
	@$(BIN)/python -m backend.backup save "$(DEST)"

restore: $(RUNTIME)
	@test -n "$(FROM)" || { echo "make restore FROM=folder: the backup, or where backups are"; exit 2; }
	@$(BIN)/python -m backend.backup restore "$(FROM)"

test: check
	@rm -f $(SKIPS_FILE)
	$(call tests,-n 3 --dist loadfile -m "not client and not holds and not slow")

test-all: test
	$(call tests,-n 2 --dist loadfile -m "(client or holds or slow) and not long",--all)

test-long: $(DEVELOPMENT)
	@rm -f $(SKIPS_FILE)
	$(call tests,-n 3 --dist loadfile -m long,--all)

# An hour or two; a violation names the seed and the point, and keeps the data folder.
soak: $(DEVELOPMENT)
	$(BIN)/python -m tests.soak --points 200 --seed 1

# Works in a copy of the source; OPTIONS="--module backend/web/auth.py" tests all mutants of one.
mutants: $(DEVELOPMENT) $(MUTANTS)/installed
	@PYTHONPATH="$(abspath $(MUTANTS))" $(BIN)/python -m tests.mutants $(OPTIONS)

unit: $(DEVELOPMENT)
	$(BIN)/python -m pytest -m "not tensorflow and not e2e and not archive and not client"

# make test runs them too, and says so where node is missing.
unit-frontend:
	node --test tests/frontend/*.test.js

check: $(DEVELOPMENT)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy backend benchmarks tests

# The locks name the same version of what they share.
lock: $(DEVELOPMENT)
	$(COMPILE) requirements.txt --output-file requirements.lock
	$(COMPILE) requirements-parquet.txt --constraints requirements.lock \
		--output-file requirements-parquet.lock
	$(COMPILE) requirements-cluster.txt --constraints requirements.lock \
		--output-file requirements-cluster.lock
	$(COMPILE) requirements-dev.txt --constraints requirements.lock \
		--constraints requirements-parquet.lock --constraints requirements-cluster.lock \
		--output-file requirements-dev.lock
	$(COMPILE) requirements-mutants.txt --constraints requirements-dev.lock \
		--output-file requirements-mutants.lock

# The one warning that is silenced: a lock does not say which package needs which.
sbom: $(DEVELOPMENT)
	@PYTHONWARNINGS=ignore::UserWarning:cyclonedx.model.bom \
		$(BIN)/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml \
		--mc-type application --output-reproducible --validate --output-file $(SBOM)
	@echo "$(SBOM) lists what requirements.lock installs"

benchmark: $(DEVELOPMENT)
	$(BIN)/python -m benchmarks.start
	$(BIN)/python -m benchmarks.catalog
	$(BIN)/python -m benchmarks.curves
	$(BIN)/python -m benchmarks.light_curves
	$(BIN)/python -m benchmarks.period
	$(BIN)/python -m benchmarks.training
	$(BIN)/python -m benchmarks.page
	$(BIN)/python -m benchmarks.crowds

# An hour or so; what is done is kept in .benchmark/, and an interrupted one goes on from there.
benchmark-science: $(DEVELOPMENT)
	$(BIN)/python -m benchmarks.science --jobs 2

# As above. Two more comparisons are asked for by name: docs/BENCHMARKS.md.
benchmark-curves: $(DEVELOPMENT)
	$(BIN)/python -m benchmarks.curve_evidence
	$(BIN)/python -m benchmarks.curve_evidence.control

# The web page in a real browser, on real sessions; needs Chromium.
screenshots: $(DEVELOPMENT)
	$(BIN)/python -m tests.e2e.screenshots

clean:
	rm -rf $(VENV) $(SBOM) .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "exotrain needs Python 3.11 or newer, $(PYTHON) is older: make PYTHON=python3.11 …"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements.txt requirements.lock | $(BIN)/python
	$(call install,requirements)

$(CLUSTER): requirements-cluster.txt requirements-cluster.lock $(RUNTIME)
	$(call install,requirements-cluster)

$(DEVELOPMENT): requirements-dev.txt requirements-dev.lock $(RUNTIME)
	$(call install,requirements-dev)

$(MUTANTS)/installed: requirements-mutants.txt requirements-mutants.lock | $(DEVELOPMENT)
	@rm -rf "$(MUTANTS)"
	$(call install,requirements-mutants,--target "$(MUTANTS)")
