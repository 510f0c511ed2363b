# Everything below needs only make and Python 3.11 or later; the rest goes into .venv.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test check bench lock clean

PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3)
BIN := .venv/bin
# Three processes on two cores: tests wait for disks and browsers.
PYTEST := $(BIN)/python -m pytest --numprocesses 3 --dist loadfile
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCK := .venv/lock/bin/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --extra build --extra telemetry

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-6s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/runtime ## Fill a marketplace on the first start, then serve it; Ctrl-C stops it.
	@$(BIN)/sourcing demo --if-empty && exec $(BIN)/sourcing serve

test: .venv/dev ## Run the tests, but for those that are slow by their nature.
	@$(PYTEST) -m "not slow"

check: .venv/dev ## Check format, lint, types and import rules, then run every test.
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(PYTEST)

bench: .venv/dev ## Measure the event store, the projector and the ingestion of activity.
	@$(BIN)/python -m benchmarks

lock: .venv/python ## Bring the lock files up to date with pyproject.toml.
	@rm -rf .venv/lock && "$(PYTHON)" -m venv .venv/lock
	@.venv/lock/bin/python -m pip --disable-pip-version-check --quiet install pip-tools
	@export CUSTOM_COMPILE_COMMAND="make lock" \
		&& $(LOCK) --output-file requirements.lock pyproject.toml \
		&& $(LOCK) --extra dev --constraint requirements.lock \
			--output-file requirements-dev.lock pyproject.toml

clean: ## Remove the virtual environment and what tools left behind, but no data.
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis \
		build *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One environment, in steps: Python itself, what the program needs, what its development needs.

.venv/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Python 3.11 or later is needed, and $(PYTHON) is not one:" \
			"install it, or name one with make PYTHON=/path/to/python3.11." >&2; exit 1; }
	@"$(PYTHON)" -m venv .venv
	@touch $@

.venv/runtime: requirements.lock pyproject.toml | .venv/python
	@echo "Installing what the program needs into .venv ..."
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev: requirements-dev.lock .venv/runtime
	@echo "Installing what its development needs into .venv ..."
	@$(PIP) install --require-hashes --requirement requirements-dev.lock
	@touch $@
