# A machine with Python 3.11 or later (with venv) and make needs nothing else: every target sets up what it uses.

PYTHON ?= python3
RUN_ARGS ?=
BENCH_ARGS ?=
PYTEST_ARGS ?=
WORKERS ?= auto
CORES = $$($(BIN)/python -c 'import joblib; print(joblib.cpu_count())')
# What make test shows to conform: the board, and one drive for all that have no return of their own.
TABLES := examples/table.toml examples/table-roboclaw.toml
TARGET ?= sim
SECONDS ?= 60
SESSIONS ?= 20000
SEED ?= 7
SINCE ?=
MINUTES ?=

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
EVIDENCE := $(VENV)/.evidence
STRICTDOC := $(VENV)/strictdoc
QUIET_PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check --no-input
PIP := $(QUIET_PIP) install
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
    --no-header --no-emit-index-url --no-strip-extras

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run test conformance cover prove trace strictdoc compiled campaign cluster fuzz mutants temporal bench steering screenshots texts lint docs lock wheel clean

help: ## Show the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{ printf "  make %-11s %s\n", $$1, $$2 }'

$(EVIDENCE): $(READY) requirements-evidence.txt
	@$(PIP) --no-build-isolation --require-hashes --requirement requirements-evidence.txt
	@touch $@

# An environment within the environment: StrictDoc's packages are older than some of ours. Bytecode only of what is
# imported, since most of it is not.
$(STRICTDOC)/.ready: $(READY) requirements-trace.txt
	@$(BIN)/python -m venv --without-pip $(STRICTDOC)
	@$(QUIET_PIP) --python $(STRICTDOC)/bin/python install --no-compile --only-binary :all: \
	    --require-hashes --requirement requirements-trace.txt
	@touch $@

setup: $(READY) ## Make .venv with the locked packages (once; again when they change)

$(READY): requirements-build.txt requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Righting needs Python 3.11 or later; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Setting up $(VENV): about a minute, once."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) --only-binary :all: --require-hashes --requirement requirements-build.txt
	@$(PIP) --no-build-isolation --require-hashes --requirement requirements.txt
	@$(PIP) --no-build-isolation --no-index --no-deps --editable .
	@touch $@

run: $(READY) ## Take a rider through a session on the simulated table (RUN_ARGS="--speed 20", --port, --help, ...)
	@$(BIN)/righting run $(RUN_ARGS)

test: $(READY) ## Run the tests; safety/ must be covered to the last branch (PYTEST_ARGS, WORKERS)
	@$(BIN)/python -m pytest --numprocesses=$(WORKERS) --cov=safety --cov-report= --junitxml=build/tests.xml \
	    $(addprefix --righting-table ,$(TABLES)) $(PYTEST_ARGS)
	@echo "Branch coverage of safety/, where nothing may be left out:"
	@$(BIN)/coverage report --fail-under=100
	@$(BIN)/coverage json --quiet -o build/coverage.json

conformance: $(READY) ## The conformance suite on the board and on every drive (TARGET=sim, pty or a port)
	@$(BIN)/python -m pytest tests/hil --righting-target $(TARGET) $(PYTEST_ARGS)

cover: $(READY) ## Measure the branch coverage of all packages by all tests (slow)
	@$(BIN)/python -m pytest --numprocesses=$(WORKERS) --cov --cov-report=term --trace-all $(PYTEST_ARGS)

prove: $(READY) ## Prove the envelope with z3 (a part of make test)
	@$(BIN)/python -m pytest tests/proofs -v -p no:randomly

trace: $(READY) ## Check the chain from hazards to requirements, code and tests (a part of make test)
	@$(BIN)/python -m docs.evidence

strictdoc: $(STRICTDOC)/.ready ## Let StrictDoc check the same chain; its browsable copy is in build/strictdoc
	@$(BIN)/python -m docs.evidence
	@$(STRICTDOC)/bin/strictdoc export docs/evidence build/evidence --config docs/evidence/strictdoc_config.py \
	    --output-dir build/strictdoc > build/strictdoc.log 2>&1 || { cat build/strictdoc.log >&2; exit 1; }
	@echo "StrictDoc finds the chain whole: open build/strictdoc/html/index.html"

compiled: $(READY) ## Compile the packages for campaigns, and see that the sessions stay the same to the last bit
	@$(BIN)/python -m compiling

campaign: $(READY) ## Random sessions with faults, judged on the truth; goes on where it was left (SESSIONS=20000, SEED=7, WORKERS)
	@mkdir -p build
	@compiled=$$($(BIN)/python -m compiling) || exit 1; PYTHONPATH=$$compiled \
	    $(BIN)/righting campaign --sessions $(SESSIONS) --seed $(SEED) --workers $(if $(filter auto,$(WORKERS)),$(CORES),$(WORKERS)) \
	    --resume build/campaign --json build/campaign.json --report build/campaign.html; code=$$?; $(BIN)/python -m docs.evidence.keep; exit $$code

cluster: $(EVIDENCE) ## See that a campaign's sessions are the same on a Dask cluster (PYTEST_ARGS)
	@$(BIN)/python -m pytest tests/end_to_end/on_a_cluster.py $(PYTEST_ARGS)

fuzz: $(EVIDENCE) ## Feed random bytes to decoders, drives, handshake and file loaders (SECONDS=60)
	@$(BIN)/python -m tests.fuzz --seconds $(SECONDS)

mutants: $(EVIDENCE) ## Try the tests of safety/ on code with small errors; writes build/mutants.json (SINCE=COMMIT: changed files; MINUTES)
	@$(BIN)/python -m tests.mutation $(if $(SINCE),--since $(SINCE)) $(if $(MINUTES),--minutes $(MINUTES)); \
	    code=$$?; $(BIN)/python -m docs.evidence.keep; exit $$code

temporal: $(EVIDENCE) ## Compare the oracle's margins with signal temporal logic (rtamt); writes build/temporal.json
	@$(BIN)/python -W ignore::DeprecationWarning -m tests.temporal
	@$(BIN)/python -m docs.evidence.keep

bench: $(READY) ## Measure the figures; writes build/bench.json (BENCH_ARGS=--short)
	@$(BIN)/python -m benchmarks $(BENCH_ARGS)

steering: $(READY) ## Compare the steered search with random drawing at equal cost; keeps the figures with the evidence
	@$(BIN)/python -m benchmarks --only steering --json build/steering.json $(BENCH_ARGS)
	@$(BIN)/python -m docs.evidence.keep

screenshots: $(READY) ## Take pictures of the panel at three sizes into build/screenshots
	@$(BIN)/python -m tests.panel.screenshots

texts: $(READY) ## Bring the panel's translations up to date with its sources; names what is not translated yet
	@$(BIN)/python -m firmware_host.panel.texts

lint: $(READY) ## Check style, types and the import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

docs: $(READY) ## Build the site into build/site
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "The site is in build/site: open build/site/index.html"

lock: $(READY) ## Pin the newest packages that pyproject.toml allows, with hashes
	@$(COMPILE) --upgrade --group build --output-file requirements-build.txt
	@$(COMPILE) --upgrade --constraint requirements-build.txt --extra dev --output-file requirements.txt pyproject.toml
	@$(COMPILE) --constraint requirements.txt --output-file requirements-host.txt pyproject.toml
	@$(COMPILE) --constraint requirements.txt --group evidence --output-file requirements-evidence.txt
	@$(COMPILE) --upgrade --group trace --output-file requirements-trace.txt

wheel: $(READY) ## Build the package for a host into dist
	@$(BIN)/python -m hatchling build --target wheel

clean: ## Remove everything that make made
	rm -rf $(VENV) build dist .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
