# Everything one does here. People and CI call the same targets; nothing is written outside this
# folder but pip's own cache.

PYTHON ?= python3
WORKERS ?= 2
BIN := .venv/bin
CACHE := $(CURDIR)/.cache

# What runs after installation keeps its caches, and whatever it calls home, in .cache/.
INSIDE := mkdir -p "$(CACHE)/home" "$(CACHE)/tmp" && env HOME="$(CACHE)/home" \
	TMPDIR="$(CACHE)/tmp" XDG_CACHE_HOME="$(CACHE)" XDG_CONFIG_HOME="$(CACHE)/config" \
	XDG_DATA_HOME="$(CACHE)/share" HF_HOME="$(CACHE)/huggingface" MPLCONFIGDIR="$(CACHE)/matplotlib" \
	NUMBA_CACHE_DIR="$(CACHE)/numba" TORCHINDUCTOR_CACHE_DIR="$(CACHE)/inductor" \
	PYRIGHT_PYTHON_CACHE_DIR="$(CACHE)/pyright"
# Threads that spin while they wait cost more than they give where several processes share a core.
CALM := OMP_WAIT_POLICY=PASSIVE
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet -c constraints.txt

.PHONY: help setup demo test check web docs bench clean
.DEFAULT_GOAL := help

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' Makefile

setup: .venv/developer ## make the environment and install everything for development

demo: .venv/user ## the whole tour on bundled data, offline; prints where the report is
	@$(INSIDE) $(CALM) $(BIN)/latentscape demo --out demo

test: .venv/developer ## run every test
	@$(INSIDE) $(CALM) OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --basetemp "$(CACHE)/pytest"

check: .venv/developer ## format, lint, types and the arrows between the rooms
	@$(INSIDE) $(BIN)/ruff format --check .
	@$(INSIDE) $(BIN)/ruff check .
	@$(INSIDE) $(BIN)/pyright
	@$(INSIDE) $(BIN)/lint-imports

# Not `npm ci`, which refuses a lock that does not name every platform's packages.
web: ## check, test and build the explorer's page (needs Node 20 or newer)
	@$(INSIDE) sh -c 'cd web && export npm_config_cache="$(CACHE)/npm" \
		&& npm install --no-save --no-audit --no-fund && npm run check && npm test && npm run build'

docs: .venv/developer ## write the pages that are generated from the program
	@$(INSIDE) $(BIN)/python docs/generate.py

bench: .venv/developer ## measure training against its peers (downloads them; takes long)
	@$(INSIDE) $(BIN)/python benchmarks/train.py

clean: ## remove the environment and all caches
	rm -rf .venv .bootstrap .cache benchmarks/.envs

# A Python without ensurepip (Debian's, bare) cannot make an environment; virtualenv can.
.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "latentscape needs Python 3.11 or newer, e.g. make PYTHON=python3.12" >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv >/dev/null 2>&1 \
		|| { rm -rf .venv; $(PYTHON) -m pip install --quiet --root-user-action=ignore --target .bootstrap virtualenv \
		&& PYTHONPATH=.bootstrap $(PYTHON) -m virtualenv --quiet --app-data "$(CACHE)/virtualenv" .venv; }
	@touch $@

.venv/user: .venv/made pyproject.toml constraints.txt
	$(PIP) -e .
	@touch $@

.venv/developer: .venv/user
	$(PIP) -e '.[dev]'
	@touch $@
