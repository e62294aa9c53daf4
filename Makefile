# Every command a contributor needs.  `make` alone lists them.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO ?= demo
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test dev lint types check cover bench crash fuzz build clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## Install, then run the main job on a SYNTHETIC market and show what it leaves
	NEMFLOW_STATE_DIR=$(DEMO)/state $(BIN)/nemflow run --sandbox --data-dir $(DEMO) --date 2014-01-01
	@echo; echo "What lies on disk:"; find $(DEMO)/SYNTHETIC -type f | sort
	@echo; echo "The first clean prices (interval ends, market time UTC+10, AUD/MWh):"
	@$(BIN)/python -c "import pandas as pd; print(pd.read_parquet('$(DEMO)/SYNTHETIC/clean/nem_prices', \
	  columns=['interval_end', 'region', 'rrp', 'raise6sec_rrp', 'source']).head(10).to_string(index=False))"

test: $(READY) ## Run the tests and doctests
	$(BIN)/python -m pytest -q --numprocesses auto --dist loadfile

dev: $(READY) ## Make the virtual environment, with nemflow in it, editable

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $@

lint: $(READY) ## Check style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY) ## Check types with mypy --strict
	$(BIN)/mypy

check: lint types test ## Everything CI runs

cover: $(READY) ## Show the lines and branches no test reaches
	$(BIN)/python -m pytest -q --cov

bench: $(READY) ## Run the benchmarks; each prints a table of ratios
	$(BIN)/python -m pip install --quiet --group bench
	$(BIN)/python tests/benchmarks/run_all.py

crash: $(READY) ## Kill 200 runs and 50 compactions at random moments and see each one heal
	$(BIN)/python tests/kill_and_heal.py --kills 200
	$(BIN)/python tests/compact_and_read.py --kills 50

fuzz: $(READY) ## Feed the readers of foreign files with spoilt ones for 20 minutes
	$(BIN)/python tests/fuzz_parsers.py --minutes 20

build: $(READY) ## Build the sdist and the wheel into dist/
	$(BIN)/python -m pip install --quiet build
	$(BIN)/python -m build --outdir dist .

clean: ## Remove what the targets above made
	rm -rf $(VENV) $(DEMO) build dist *.egg-info .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
