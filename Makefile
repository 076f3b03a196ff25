# make install set up once what playing and training need, without the developers' tools; says how to start
# make train   set up once, then learn Connect Four for 15 minutes (Ctrl-C stops cleanly)
# make test    set up once, then lint, check types and run the tests

CONFIG ?= configs/connect_four_quick.toml
PYTHON ?= python3 python3.13 python3.12 python3.11
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
TORCH := torch>=2.8,<2.14
# Processes that the tests share.
JOBS ?= 2
# Options for installing torch: name the index of CPU builds here to save the CUDA download on a machine without a GPU.
TORCH_OPTIONS ?=
SUPPORTED := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))

.PHONY: install train test lint clean help

help:
	@sed -n 's/^# make/make/p' Makefile

install: .venv/installed
	@echo "Ready. Play:  $(BIN)/alphazero play connect_four"
	@echo "       Learn: $(BIN)/alphazero train connect_four_quick"
	@echo "       More:  $(BIN)/alphazero --help"

train: .venv/installed
	@trap : INT; $(BIN)/alphazero train $(CONFIG) $(OVERRIDES) || [ $$? -eq 130 ]

test: lint
	$(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal

lint: .venv/installed-dev
	$(BIN)/ruff format --check --quiet . || { echo "formatting differs: run .venv/bin/ruff format ." >&2; exit 1; }
	$(BIN)/ruff check --output-format concise .
	$(BIN)/mypy

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find alphazero games tests tools -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

.venv/installed: pyproject.toml
	@for python in $(PYTHON); do \
	    if $$python -c '$(SUPPORTED)' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$${found:-}" ]; then \
	    echo "alphazero needs Python 3.11, 3.12 or 3.13 with its venv module; tried: $(PYTHON)." >&2; \
	    echo "Install one (Debian, Ubuntu: apt install python3 python3-venv), or: make PYTHON=/path/to/python" >&2; \
	    exit 1; \
	fi; \
	$(PIP) --version >/dev/null 2>&1 || $$found -m venv --clear .venv
	@echo "Installing into .venv: a few minutes the first time."
	@$(PIP) install --quiet $(TORCH_OPTIONS) "$(TORCH)"
	@$(PIP) install --quiet --editable .
	@touch $@

.venv/installed-dev: .venv/installed
	@$(PIP) install --quiet --editable ".[dev]"
	@touch $@
