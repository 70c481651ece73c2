# Every task of this repository. `make` lists them. Each one does its own set-up.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
PY := .venv/bin/python
SOURCES := pyproject.toml uv.lock tools/setup tools/uv tools/python

# Python keeps what it compiles, whatever the shell says; otherwise each start takes seconds longer.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo up test test-days test-nightly test-faults lint format docs bench walk pictures doctor lock clean

help:  ## List what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/complete  ## Install everything into .venv (each target installs what it needs)

demo: .venv/bin/milepost  ## Play the sample office on this machine; ONCE=1 stops at its end
	@.venv/bin/milepost demo $(if $(ONCE),--once) $(ARGS)

up: .venv/bin/milepost  ## Run Milepost on this machine: Temporal, worker and API, without sample data
	@.venv/bin/milepost up $(ARGS)

test: setup  ## Run every test; ARGS are for pytest: make test ARGS="-k ladder -x"
	@$(PY) -m pytest $(if $(ARGS),$(ARGS),-n auto --dist loadfile)

test-days: setup  ## Run the tests that read the clock on 36 days of three years; ARGS=--sample: on three
	@$(PY) -m tests.days $(ARGS)

test-nightly: setup  ## Run every test with ten times the garbage and every role; takes longer
	@$(PY) -m pytest --nightly --timeout 1800 $(if $(ARGS),$(ARGS),-n auto --dist loadfile)

test-faults: setup  ## Send 200 emails under each kind of fault, five times; print what happened to them
	@$(PY) -m tests.faults $(ARGS)

lint: setup  ## Check style, types, imports, Dockerfile and compose file
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) tools/check_rooms.py
	@.venv/bin/lint-imports --no-logo
	@$(PY) -m mypy
	@.venv/bin/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	@.venv/bin/hadolint Dockerfile
	@.venv/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml

format: setup  ## Fix the style where a tool can
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

docs: setup  ## Write the parts of docs/ that come from the code: keys, commands, settings, the schema
	@.venv/bin/milepost programme schema > programmes/definitions/programme.schema.json
	@$(PY) -m tools.docs

bench: setup  ## Count what an engagement costs against a naive version; time the reads
	@$(PY) -m bench $(ARGS)

walk: setup  ## Count the files that four everyday tasks pass through; ARGS=--list names them
	@$(PY) -m tools.walk $(ARGS)

pictures: setup  ## Retake every picture in docs/pictures (needs Chromium)
	@$(PY) -m tools.pictures

doctor: .venv/bin/milepost  ## Check each part and say how to fix it
	@.venv/bin/milepost doctor $(ARGS)

lock: setup  ## Update the dependencies in uv.lock
	@"$$(tools/uv)" lock --upgrade

clean:  ## Remove .venv and the files of tools; keeps data (var/) and the cache folder
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

# The installed command serves as the time stamp of the installation. The tools of tests and checks
# are half of the download, so only the targets that use them install them.
.venv/bin/milepost: $(SOURCES)
	@tools/setup --no-dev --inexact
	@touch $@

.venv/complete: $(SOURCES)
	@tools/setup
	@touch .venv/bin/milepost $@
