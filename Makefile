# `make` or `make help` lists what there is. Everything runs in .venv, which is made when it is first needed.

PYTHON ?= python3
VENV ?= .venv
JOBS ?= 2
# more words for the command: `make demo ARGS=--quick`, `make test ARGS="-k solver"`
ARGS ?=

RUN := $(VENV)/bin/python
READY := $(VENV)/.installed

.PHONY: help setup demo gallery test check format bench grammar fuzz mutants clean
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

setup: $(READY) ## make .venv and install everything, pinned

demo: $(READY) ## train a Fourier neural operator on Darcy flow; pictures in out/
	$(RUN) -m examples.darcy.demo $(ARGS)

gallery: $(READY) ## draw every example; write examples/README.md
	$(RUN) -m examples.gallery

# each worker has one core: more threads than cores would only wait for each other
test: $(READY) ## run the tests
	OMP_NUM_THREADS=1 $(RUN) -m pytest -q -n $(JOBS) --dist worksteal $(ARGS)

check: $(READY) ## lint, format, types
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy
	$(RUN) -m diagrammar fmt --check examples std

format: $(READY) ## format the code
	$(RUN) -m ruff check --fix
	$(RUN) -m ruff format
	$(RUN) -m diagrammar fmt examples std

fuzz: $(READY) ## hostile texts in bulk: prefixes, mutants, generated programs; 20 minutes
	OMP_NUM_THREADS=1 $(RUN) -m tests.fuzz --jobs $(JOBS) $(ARGS)

mutants: $(READY) ## the torch backend wrong in 6,000 ways: do the laws of std notice?
	OMP_NUM_THREADS=1 $(RUN) -m tests.mutants --jobs $(JOBS) $(ARGS)

bench: $(READY) ## measure every number that the project promises
	$(RUN) benchmarks/run.py $(ARGS)

grammar: $(READY) ## rebuild grammar/tables.json from grammar/diagrammar.lark
	$(RUN) -m diagrammar.grammar.build

clean: ## remove .venv, caches and outputs
	rm -rf $(VENV) out build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# the constraints hold for what builds the package too, so that every set-up is the same one
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "diagrammar needs Python 3.11 or newer, and $(PYTHON) is older or absent:"; \
	  echo "name one with  make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "setting up $(VENV): a minute, once"
	$(PYTHON) -m venv $(VENV)
	PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt \
	  $(RUN) -m pip install --quiet --no-compile -e '.[demo,dev]'
	@touch $@
