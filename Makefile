# Every target sets up what it needs in .venv by itself, once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := runs/digits
EXPORT := saved_models/digits-demo

.PHONY: demo test test-all lint format notebooks docs bench clean help

help:
	@echo "make demo       train on the embedded digits, look at figures and ELBO, export a SavedModel"
	@echo "make test       the test suite, without what is marked slow"
	@echo "make test-all   the slow, notebook and data-bound tests as well (KERAS_VAE_DATA for the last)"
	@echo "make lint       ruff: check and format"
	@echo "make notebooks  execute every notebook in place"
	@echo "make docs       the documentation as a site in site/, every warning an error"
	@echo "make bench      quick benchmarks against their peers (installs torch, pythae and others)"
	@echo "make clean      remove .venv and what make demo made"

$(VENV)/bin/python:
	@$(PYTHON) -c "import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 10) <= v <= (3, 13) else 'keras_vae needs Python 3.10 to 3.13, this is %d.%d: make PYTHON=python3.12 ...' % v)"
	$(PYTHON) -m venv $(VENV)

# One stamp per set of extras; a change of setup.cfg installs anew. Files are compiled when they are first imported:
# most of them never are.
$(VENV)/.base: setup.cfg pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -e .
	@touch $@

$(VENV)/.%: setup.cfg pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -e ".[$*]"
	@touch $@ $(VENV)/.base

demo: $(VENV)/.base
	@$(BIN)/keras-vae train --data digits --out $(RUN) --resume
	@$(MAKE) --no-print-directory $(RUN)/exported

$(RUN)/exported: $(RUN)/model.keras
	@printf 'SavedModel  '
	@$(BIN)/keras-vae export $(RUN) $(EXPORT)
	@touch $@

test: $(VENV)/.test
	$(BIN)/python -m pytest -q -n 2 --dist loadscope

test-all: $(VENV)/.test
	$(BIN)/python -m pytest -q -n 2 --dist loadscope -m ""

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

notebooks: $(VENV)/.test
	$(BIN)/python notebooks/execute.py

# The reference pages are written from the package; the site reads its docstrings without importing it.
docs: $(VENV)/.docs
	$(BIN)/python docs/make_reference.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "open site/index.html, or: $(BIN)/mkdocs serve"

bench: $(VENV)/.peers
	$(BIN)/python benchmarks/throughput.py --quick
	$(BIN)/python benchmarks/mnist_elbo.py --quick
	$(BIN)/python benchmarks/bound_speed.py --quick
	$(BIN)/python benchmarks/disentangle.py --quick
	$(BIN)/python benchmarks/compression/lossless.py --quick
	$(BIN)/python benchmarks/ratings/speed.py --quick
	$(BIN)/python benchmarks/images/restoration.py --quick

clean:
	rm -rf $(VENV) $(RUN) $(EXPORT) site
