# Courseline: `make run` serves a demo clinic, `make test` runs every test.
PYTHON ?= python3
PORT ?= 8000
# Tests wait for browsers and servers: half as many again as there are cores keep them busy.
WORKERS ?= $(shell echo $$(( ($$(getconf _NPROCESSORS_ONLN) * 3 + 1) / 2 )))
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
BENCH := $(VENV)/.bench
BENCHMARKS := why_panel lot_trace photo_derive photo_peers

.PHONY: run test lint types contracts check bench clean

run: $(RUNTIME)
	@"$(BIN)/python" manage.py demo 127.0.0.1:$(PORT)

test: $(DEV)
	@DEBUG=true "$(BIN)/python" -m pytest -n $(WORKERS) --maxprocesses 6 --dist worksteal $(ARGS)

check: lint types contracts

lint: $(DEV)
	@"$(BIN)/ruff" check . && "$(BIN)/ruff" format --check .

types: $(DEV)
	@DEBUG=true "$(BIN)/mypy" clinic patients treatments appointments desk

contracts: $(DEV)
	@"$(BIN)/lint-imports"

bench: $(BENCH)
	@status=0; for name in $(BENCHMARKS); do \
	  echo "== $$name"; "$(BIN)/python" benchmarks/$$name.py || status=1; done; exit $$status

clean:
	rm -rf "$(VENV)" var staticfiles

$(VENV)/.made:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Courseline needs Python 3.11 or newer. Name one with: make PYTHON=python3.12 ..."; exit 1; }
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "Python's venv module is missing. On Debian: apt install python3-venv"; exit 1; }
	@"$(PYTHON)" -m venv "$(VENV)"
	@touch "$@"

$(RUNTIME): $(VENV)/.made requirements.txt constraints.txt
	@"$(BIN)/pip" install --quiet --disable-pip-version-check -r requirements.txt -c constraints.txt
	@touch "$@"

$(DEV): $(VENV)/.made requirements.txt requirements-dev.txt constraints.txt
	@"$(BIN)/pip" install --quiet --disable-pip-version-check -r requirements-dev.txt -c constraints.txt
	@touch "$@" "$(RUNTIME)"

$(BENCH): $(VENV)/.made requirements.txt requirements-bench.txt constraints.txt
	@"$(BIN)/pip" install --quiet --disable-pip-version-check -r requirements-bench.txt -c constraints.txt
	@touch "$@" "$(RUNTIME)"
