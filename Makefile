# Needs python3 (3.11 or newer) with its venv module, and nothing else.
#
#   make run     a demo region in the browser: http://localhost:8000
#   make test    all tests; journeys as well where Chromium is installed
#   make drills  backup, restore, upgrade and deployment, as an IT department does them
#   make lint    everything a reviewer's machine checks
#   make setup   the environment in .venv alone
#
# PORT=8100 make run     other ports (live updates use the next one)
# YILIAN_DATA=… make run another data folder

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
INSTALLED_DEV := $(VENV)/installed-dev
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard yilian/locale/*/LC_MESSAGES/*.po))
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate --no-emit-index-url

export UV_LINK_MODE = copy
# The machine's own certificates where it has some: it may stand behind a proxy.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt),)
export UV_SYSTEM_CERTS = 1
endif
export VIRTUAL_ENV = $(CURDIR)/$(VENV)

.DEFAULT_GOAL := run
.DELETE_ON_ERROR:
.PHONY: setup setup-dev run test drills locks
.PHONY: lint lint-style lint-imports lint-writes lint-migrations lint-types

setup: $(INSTALLED) $(CATALOGUES)

setup-dev: $(INSTALLED_DEV) $(CATALOGUES)

run: setup
	@$(BIN)/yilian up --demo

test: setup-dev
	@$(BIN)/pytest -n 2 --dist loadfile --ignore drills

drills: setup-dev
	@$(BIN)/pytest -n 2 --dist loadfile drills

# `make -k lint` goes on after the first complaint.
lint: lint-style lint-imports lint-writes lint-migrations lint-types

lint-style: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

lint-imports: setup-dev
	$(BIN)/lint-imports

lint-writes: setup-dev
	$(BIN)/python scripts/check_writes.py

lint-migrations: setup-dev
	YILIAN_TESTING=1 $(BIN)/python -W ignore -m django makemigrations \
		--check --dry-run --settings yilian.config.settings

lint-types: setup-dev
	$(BIN)/mypy yilian

# The lock files hold hashes and versions, and no address of any registry.
locks: setup
	$(LOCK) requirements.in -o requirements.lock
	$(LOCK) requirements-dev.in -c requirements.lock -o requirements-dev.lock

$(BIN)/uv: requirements.lock
	@$(PYTHON) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "需要 Python 3.11 或更高版本及其 venv 模块（Debian：apt install python3-venv）。"; \
		  echo "Python 3.11 or newer with its venv module is needed (Debian: apt install python3-venv)."; \
		  exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > $(VENV)/uv.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes --no-deps -r $(VENV)/uv.lock
	@touch $@

$(INSTALLED): requirements.lock pyproject.toml $(BIN)/uv
	@echo "正在安装… Installing…"
	@$(BIN)/uv pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(INSTALLED_DEV): requirements-dev.lock $(INSTALLED)
	@echo "正在安装开发工具… Installing the tools for development…"
	@$(BIN)/uv pip sync --quiet --require-hashes requirements-dev.lock
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

%.mo: %.po $(INSTALLED)
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@
