# The first of these that is Python 3.11 or newer and can make a virtual environment; `make PYTHON=...` overrides.
PYTHON ?= $(shell for python in python3.14 python3.13 python3.12 python3.11 python3; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)

VENV := .venv
BIN := $(VENV)/bin
MADE := $(VENV)/.made
RUNS := $(VENV)/.runs
STAMP := $(VENV)/.installed
# Three processes keep two cores busy; `make test PYTEST_FLAGS=` runs all in one, as a debugger needs it.
PYTEST_FLAGS ?= --numprocesses 3 --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help setup graphiql serve test fuzz chaos soak image-check lint types schema format docs bench lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) graphiql ## Install everything, as pinned, into .venv

$(MADE): requirements.lock requirements-run.lock
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer with venv found; name one: make PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

# Whoever only looks does not wait for what the tests need.
$(RUNS): $(MADE)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-run.lock
	@touch $@

$(STAMP): $(RUNS)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@touch $@

# Its files come from npm; where there is none, one is installed beside the interpreter.
graphiql: $(RUNS) ## Fetch the published files of GraphiQL
	@command -v npm >/dev/null || $(BIN)/python -m pip install --quiet --require-hashes -r requirements-node.lock || true
	@$(BIN)/python -m app.graphiql_files

serve: $(RUNS) graphiql ## Run the API with demonstration data
	$(BIN)/python -m app demo

test: setup ## Run the tests
	$(BIN)/pytest $(PYTEST_FLAGS)

# ORDERSHARE_FUZZ_DOCUMENTS=50000 ORDERSHARE_FUZZ_STORIES=1000 make fuzz tries more.
fuzz: export ORDERSHARE_FUZZ_DOCUMENTS ?= 5000
fuzz: export ORDERSHARE_FUZZ_STORIES ?= 100
fuzz: setup ## Compare with graphql-core and with a model of the rules: 5,000 new documents, 100 new stories each time
	$(BIN)/pytest tests/oracle tests/model tests/attacks/test_generated_requests.py --numprocesses 2 --timeout 0

# CHAOS_FLAGS='--signal nats --seed 7' for one signal, or to break things in the same order again.
CHAOS_SECONDS ?= 600
chaos: setup ## Break replicas, PostgreSQL and NATS under load; CHAOS_SECONDS=600 for each signal, CHAOS_FLAGS
	$(BIN)/python -m tests.chaos --seconds $(CHAOS_SECONDS) $(CHAOS_FLAGS)

# SOAK_FLAGS='--only failing --only headers' for some attackers, '--seed 7', '--database sqlite'.
SOAK_SECONDS ?= 1800
soak: setup ## Attack a server beside honest clients, who may not notice; SOAK_SECONDS=1800, SOAK_FLAGS
	$(BIN)/python -m tests.soak --seconds $(SOAK_SECONDS) $(SOAK_FLAGS)

image-check: setup ## Follow the Dockerfile's steps by hand, and serve what comes of them
	$(BIN)/python -m tests.image

lint: setup ## Check style and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo

types: setup ## Check types
	$(BIN)/mypy

schema: setup ## Write schema.graphql
	$(BIN)/python -m app schema > schema.graphql.new && mv schema.graphql.new schema.graphql

format: setup ## Format the code and apply safe fixes
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup ## Build the site of the documentation into .docs/site; fails on a broken link or anchor
	$(BIN)/python -m docs.site

bench: setup ## Measure beside other servers; BENCH_FLAGS=--quick, or '--only list' (size, claims, deliveries)
	$(BIN)/python -m benchmarks $(BENCH_FLAGS)

# Run it on Python 3.11: what the oldest supported version needs is enough for the newer ones. The second lock is the part
# of the first that is needed to run, in the same versions: the image is made of it.
COMPILE = CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --strip-extras --allow-unsafe \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options

lock: setup ## Pin what pyproject.toml asks for; LOCK_FLAGS=--upgrade takes the newest
	$(COMPILE) --all-extras $(LOCK_FLAGS) --output-file requirements.lock pyproject.toml
	$(COMPILE) --constraint requirements.lock --output-file requirements-run.lock pyproject.toml
	$(COMPILE) $(LOCK_FLAGS) --output-file requirements-node.lock requirements-node.in

clean: ## Delete .venv, caches and demonstration data
	rm -rf .docs .cache benchmarks/.build benchmarks/peers/node_modules tests/clients/node_modules
	rm -rf examples/*/node_modules examples/typescript/build examples/typescript/src/generated
	rm -rf $(VENV) .demo .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
