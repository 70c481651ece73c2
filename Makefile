# Every way into Milepost. A bare `make` lists them; each does all of its own set-up.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
PY := .venv/bin/python
SOURCES := pyproject.toml uv.lock

.PHONY: help setup demo up test test-nightly test-faults lint format bench doctor lock clean

help:  ## List what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/bin/milepost  ## Install everything into .venv (each target does this by itself)

demo: setup temporal  ## Play the first office on this machine, with sample data; ONCE=1 plays it and ends
	@.venv/bin/milepost demo $(if $(ONCE),--once) $(ARGS)

up: setup temporal  ## Run Milepost on this machine: Temporal, worker, API; no sample data
	@.venv/bin/milepost up $(ARGS)

test: setup test-servers  ## Run every test; ARGS goes to pytest: make test ARGS="-k ladder -x"
	@$(PY) -m pytest $(if $(ARGS),$(ARGS),-n auto --dist loadfile)

test-nightly: setup test-servers  ## Run every test with ten times the garbage and every role; takes longer
	@$(PY) -m pytest --nightly --timeout 1800 $(if $(ARGS),$(ARGS),-n auto --dist loadfile)

test-faults: setup test-servers  ## Break everything around 200 emails, five times each way; print what became of them
	@$(PY) -m tests.faults $(ARGS)

lint: setup  ## Check style, types, rooms and the compose file; changes nothing
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) tools/check_rooms.py
	@.venv/bin/lint-imports --no-logo
	@$(PY) -m mypy
	@.venv/bin/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

format: setup  ## Put style right where a tool can
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

bench: setup test-servers  ## Count actions, events and bytes of an engagement against a naive version
	@$(PY) -m bench $(ARGS)

doctor: setup  ## Check each part and say how to mend it
	@.venv/bin/milepost doctor $(ARGS)

lock: setup  ## Resolve the dependencies anew into uv.lock
	@"$$(tools/uv)" lock --upgrade

clean:  ## Remove .venv and what tools left here; never data (var/) nor the cache folder
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

# The installed command is the stamp: it is there exactly if the project is installed.
.venv/bin/milepost: $(SOURCES) tools/setup tools/uv tools/python
	@tools/setup
	@touch $@

.PHONY: temporal test-servers
temporal:
	@$(PY) -m embedded.provision temporal >/dev/null

test-servers:
	@$(PY) -m embedded.provision temporal-cli >/dev/null
	@$(PY) -m embedded.provision test-server >/dev/null
