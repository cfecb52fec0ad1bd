# One line per intent; .ci/run calls the same targets as a person does.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN    := .venv/bin
HOME_DIR ?= data
SERVE  ?= 1
JOBS   ?= 2
export DO_NOT_TRACK = 1

.DEFAULT_GOAL := help
.PHONY: help setup setup-spark setup-oidc demo dev parity test test-fast lint format types imports docs docs-check validate check bench-intake bench-evaluation bench-persons bench-cohorts bench-metrics bench-dashboards screenshots lock clean

help: ## What can be done here
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: .venv/.installed ## Build .venv from the lock file

# --no-deps: the lock is complete; pip only has to fetch and check what it names.
.venv/.installed: requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info[:2] == (3, 11) else "Python 3.11 is needed; found " + sys.version.split()[0] + ". Say which one: make setup PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation -q -e .
	@touch $@

setup-spark: .venv-spark/.installed ## Build .venv-spark, the environment of the second engine

.venv-spark/.installed: requirements-spark.txt | .venv/.installed
	$(BIN)/python -m venv .venv-spark
	.venv-spark/bin/python -m pip install --disable-pip-version-check --no-deps --require-hashes -r requirements-spark.txt
	@touch $@

setup-oidc: .venv-oidc/.installed ## Build .venv-oidc, the OpenID provider that the test of sign-in starts

.venv-oidc/.installed: requirements-oidc.txt | .venv/.installed
	$(BIN)/python -m venv .venv-oidc
	.venv-oidc/bin/python -m pip install --disable-pip-version-check --no-deps --require-hashes -r requirements-oidc.txt
	@touch $@

demo: setup ## Synthetic nation, real history: from files to the dashboards (SERVE=0: do not serve)
	$(BIN)/niis --home $(HOME_DIR) demo $(if $(filter 0,$(SERVE)),--no-serve,)

dev: setup ## Dagster's user interface over workspace.yaml
	$(BIN)/niis --home $(HOME_DIR) doctor --quiet
	NIIS_HOME=$(abspath $(HOME_DIR)) DAGSTER_HOME=$(abspath $(HOME_DIR))/dagster $(BIN)/dagster dev -w workspace.yaml

test: setup ## All tests, in JOBS processes
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

parity: setup setup-spark ## A small programme on DuckDB and on Spark, every relation compared (needs Java)
	$(BIN)/python -m parity

lint: setup ## Style of the code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: setup ## Put the code into the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: setup ## Static types
	$(BIN)/mypy

imports: setup ## Import rules between the rooms
	$(BIN)/lint-imports

docs: setup ## Write the generated pages of docs/
	$(BIN)/python -m pipelines.docs

docs-check: setup ## Fail when a generated page is out of date
	$(BIN)/python -m pipelines.docs --check

validate: setup ## Load the Dagster definitions as the server does
	NIIS_HOME=$(abspath $(HOME_DIR)) $(BIN)/dagster definitions validate -w workspace.yaml

check: lint types imports docs-check validate ## Everything that is checked without running

bench-intake: setup ## One national month from 17,000 files to the published copy
	$(BIN)/python -m benchmarks.intake

bench-evaluation: setup ## Verdicts on the doses of a national birth cohort
	$(BIN)/python -m benchmarks.evaluation

bench-persons: setup ## Who is who in a national birth cohort, then a month more
	$(BIN)/python -m benchmarks.persons

bench-cohorts: setup ## Events, verdicts and counts of a national birth cohort, then a month more
	$(BIN)/python -m benchmarks.cohorts

bench-metrics: setup ## All marts of twelve national months, and the queries of the dashboards
	$(BIN)/python -m benchmarks.metrics

bench-dashboards: setup ## 50 and 100 readers of a served home, the weight of a view, and a slow line
	$(BIN)/python -m benchmarks.dashboards

screenshots: setup ## The pictures of the README, from the pages of HOME_DIR (needs Chromium)
	$(BIN)/python -m benchmarks.screenshots --home $(HOME_DIR)

lock: ## Resolve the dependencies again (needs uv)
	uv pip compile --python-version 3.11 --generate-hashes --no-header --no-strip-extras -q pyproject.toml -o requirements.txt
	uv pip compile --python-version 3.11 --generate-hashes --no-header --no-strip-extras -q --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	uv pip compile --python-version 3.11 --generate-hashes --no-header --no-strip-extras -q --group spark -c requirements.txt -o requirements-spark.txt
	uv pip compile --python-version 3.11 --generate-hashes --no-header --no-strip-extras -q --group oidc -o requirements-oidc.txt

clean: ## Remove the environments and the demo's data
	rm -rf .venv .venv-spark .venv-oidc data
