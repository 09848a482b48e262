# Every target sets itself up: only git, make and Python 3.10 or newer are needed.

PYTHON ?= python3
PYTHON313 ?= python3.13
MINUTES ?= 60
BENCH_SIZES ?= 10000,100000,1000000
BENCH_ROUNDS ?= 3
BENCH_SECONDS ?= 300
BENCH_GIGABYTES ?= 8
VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.run
TEST := $(VENV)/.test
DEV := $(VENV)/.dev
AIRFLOW := .venv-airflow/.made
DAGSTER := .venv-dagster/.made
OF_DAGSTER := pipelines/dagster_defs.py $(wildcard contentstack_source/dagster/*.py tests/orchestrators/dagster/*.py)
PYTEST := $(BIN)/pytest -n 2 --dist worksteal
TEST_AIRFLOW := .venv-airflow/bin/pytest --confcutdir tests/orchestrators/airflow tests/orchestrators/airflow
TEST_DAGSTER := .venv-dagster/bin/pytest -n 2 --confcutdir tests/orchestrators/dagster tests/orchestrators/dagster
OPTIONAL := .venv-spark/.made .venv-sail/.made .venv-snowflake/.made .venv-bigquery/.made .venv-dbt/.made

# Without compiled modules every command would take seconds longer to start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo airflow dagster notebooks ipynb pictures test test-integration test-all lint format soak bench clean \
	make-spark make-sail make-dbt make-snowflake make-bigquery

demo: $(RUN)  ## A stack, its tables, editors at work, and the tables following
	$(BIN)/contentstack-source demo

airflow: $(AIRFLOW)  ## The stack of the demo, its tables as assets in a real Airflow, until Ctrl-C
	.venv-airflow/bin/python -m pipelines.airflow_demo

dagster: $(DAGSTER)  ## The same in a real Dagster, until Ctrl-C
	.venv-dagster/bin/python -m pipelines.dagster_demo

notebooks: $(RUN)  ## The notebooks in the browser; the first one makes a demo if there is none
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[dashboard]"
	$(BIN)/marimo edit notebooks

ipynb: $(DEV)  ## The notebooks for Jupyter, made from those for marimo
	for each in notebooks/*.py; do \
		$(BIN)/marimo export ipynb --sort top-down --force $$each -o $${each%.py}.ipynb || exit 1; \
	done

pictures: $(DEV)  ## The pictures of the documents, and docs/schema.md, from the demo; needs Chromium
	$(BIN)/python -m tests.support.pictures

test: $(TEST)  ## Four minutes: all that needs neither a server nor a browser
	$(PYTEST) tests/unit tests/sync tests/simulator tests/docs -m "not integration and not long"

test-integration: $(DEV) $(AIRFLOW) $(DAGSTER)  ## Destinations, orchestrators, dashboard and notebooks, deploy files
	$(PYTEST) -m "integration and not long"
	$(TEST_AIRFLOW) -m "not long"
	$(TEST_DAGSTER) -m "not long"

test-all: $(DEV) $(AIRFLOW) $(DAGSTER) $(OPTIONAL)  ## All of these, and the long ones
	$(PYTEST)
	$(TEST_AIRFLOW)
	$(TEST_DAGSTER)
	test ! -x .venv-snowflake/bin/pytest || \
		.venv-snowflake/bin/pytest tests/destinations/test_scenario.py -k snowflake

lint: $(DEV) $(DAGSTER)  ## Style, types, and the direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	.venv-dagster/bin/mypy --follow-imports silent $(OF_DAGSTER)
	$(BIN)/lint-imports

format: $(DEV)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

soak: $(DEV)  ## Random editors, service faults and kills; equal after every run that ends
	$(BIN)/python -m tests.support.soak --minutes $(MINUTES)

bench: $(DEV) .venv-plain/.made .venv-singer/.made .venv-airbyte/.made  ## Measure side by side with others; writes docs/performance.md
	$(BIN)/pip install --quiet --group bench
	BENCH_SIZES=$(BENCH_SIZES) BENCH_ROUNDS=$(BENCH_ROUNDS) BENCH_SECONDS=$(BENCH_SECONDS) \
		BENCH_GIGABYTES=$(BENCH_GIGABYTES) $(BIN)/python -m benchmarks

# As users install it: what only developing needs, pandas too, would be imported by whoever finds it.
.venv-plain/.made: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-plain
	.venv-plain/bin/pip install --quiet --upgrade "pip>=25.1"
	.venv-plain/bin/pip install --quiet --constraint constraints.txt --editable . --group bench-plain
	touch $@

# What cannot be made on this machine leaves its reason, and its tests are skipped with it.
$(OPTIONAL): .venv-%/.made: pyproject.toml
	@rm -rf .venv-$* && mkdir .venv-$*
	@$(MAKE) --no-print-directory make-$* > .venv-$*/log 2>&1 || \
		{ grep -m 1 -iE 'error|not found|no such' .venv-$*/log || echo "see .venv-$*/log"; } \
			> .venv-$*/reason
	@test ! -e .venv-$*/reason || { rm -rf .venv-$*/bin; echo "Without .venv-$*: $$(cat .venv-$*/reason)"; }
	@touch $@

make-spark make-sail make-dbt: make-%:
	$(PYTHON) -m venv .venv-$*
	.venv-$*/bin/pip install --quiet --upgrade "pip>=25.1"
	.venv-$*/bin/pip install --quiet --group optional-$*

make-snowflake:
	$(PYTHON) -m venv .venv-snowflake
	.venv-snowflake/bin/pip install --quiet --upgrade "pip>=25.1"
	.venv-snowflake/bin/pip install --quiet --editable . --group optional-snowflake

# An emulator for newer Pythons only, on the newest DuckDB whose extensions are on PyPI.
make-bigquery:
	$(PYTHON313) -m venv .venv-bigquery
	.venv-bigquery/bin/pip install --quiet local-bigquery==0.4.0
	.venv-bigquery/bin/pip install --quiet --no-warn-conflicts duckdb==1.5.5 duckdb-extensions==1.5.5 \
		duckdb-extension-ducklake==1.5.5 duckdb-extension-spatial==1.5.5 duckdb-extension-icu==1.5.5

# Their pins clash with ours and with each other. One may fail to install: the run reports it.
.venv-%/.made: pyproject.toml
	$(PYTHON) -m venv .venv-$*
	.venv-$*/bin/pip install --quiet --upgrade "pip>=25.1"
	-.venv-$*/bin/pip install --quiet --group bench-$*
	touch $@

# Airflow and Dagster pin far more than we do. More specific than the rule above, so this one makes them.
$(AIRFLOW) $(DAGSTER): .venv-%/.made: pyproject.toml constraints.txt tests/orchestrators/%/constraints.txt
	$(PYTHON) -m venv .venv-$*
	.venv-$*/bin/pip install --quiet --upgrade "pip>=25.1"
	.venv-$*/bin/pip install --quiet --constraint constraints.txt \
		--constraint tests/orchestrators/$*/constraints.txt --editable . --group test-$*
	touch $@

clean:
	rm -rf $(VENV) .venv-plain .venv-airflow .venv-dagster .venv-singer .venv-airbyte .venv-spark .venv-sail \
		.venv-snowflake .venv-bigquery .venv-dbt build dist

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade "pip>=25.1"

$(RUN): $(VENV)/bin/pip pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(TEST): $(RUN)
	$(BIN)/pip install --quiet --constraint constraints.txt --group test
	touch $@

$(DEV): $(TEST)
	$(BIN)/pip install --quiet --constraint constraints.txt --group integration --group lint
	touch $@
