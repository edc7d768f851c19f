# `make` alone lists the commands. `run` and `test` do their own set-up.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.ready-to-run
DEV := $(VENV)/.ready-to-test
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

# Set in some containers: every process would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

# What `make image` builds with, and what it is called.
ENGINE ?= docker
VERSION = $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' service/leadbridge/__init__.py)
IMAGE ?= leadbridge:$(VERSION)

.PHONY: help setup run test whole coverage check format crash fetch prove prove-postgres people postgres-versions explore fuzz bench simulate docs lock image chart clean

help: ## list these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

setup: $(RUN) $(DEV) ## make .venv with everything that running, testing and checking need

run: $(RUN) ## sandbox CRMs, the service and sample submissions, in one terminal
	@$(BIN)/leadbridge demo --config config/leadbridge.yaml

# Three at once on two cores: tests wait for the processes that they start.
test: $(DEV) ## the quick tests, in random order
	$(BIN)/python -m pytest -n 3 --dist worksteal

whole: $(DEV) ## the guides, the demo, kills and all else that takes real processes (a minute)
	$(BIN)/python -m pytest -n 3 --dist worksteal -m "whole and not slow"

coverage: $(DEV) ## both of these, and which lines and branches they leave out; fails under 97 %
	$(BIN)/python -m pytest -n 3 --dist worksteal -m "not slow" --cov --cov-report= --cov-fail-under=0
	@total=$$($(BIN)/coverage report --format=total) && echo "Run by the tests: $$total %" || { $(BIN)/coverage report; exit 1; }

check: $(DEV) ## format, lint, types, import direction, generated files, image, chart; writes nothing
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m tests.generated --check
	$(BIN)/hadolint Dockerfile
	$(BIN)/helm lint --strict --quiet helm --values tests/chart/values/everything.yaml

format: $(DEV) ## write what `check` asks for in format and lint
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

crash: $(DEV) ## kill -9 at twenty random moments and at each step of a token refresh, rolling upgrades (minutes)
	$(BIN)/python -m pytest -m "slow or whole" tests/crash tests/tokens

fetch: $(DEV) ## kill -9 while leads are fetched, and processes that fetch for one source (half a minute)
	$(BIN)/python -m pytest -n 2 -m slow tests/fetch

prove: $(RUN) ## kill a scratch copy of the service in 200 rounds, and count (15 minutes; ROUNDS=12: one)
	$(BIN)/leadbridge prove $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SEED),--seed $(SEED)) $(if $(PAGE),--page $(PAGE))

prove-postgres: $(DEV) ## the same with three processes on a PostgreSQL that is restarted in between (15 minutes; ROUNDS=6: one)
	$(BIN)/python -m tests.prove.on_postgres $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SEED),--seed $(SEED)) $(if $(PAGE),--page $(PAGE))

people: $(DEV) ## people who share e-mails and phones, in 1,100 made-up runs with failures (minutes)
	$(BIN)/python -m pytest -n 2 -m slow -rP tests/deliver/test_deliver_people.py

postgres-versions: $(DEV) ## the tests that speak to PostgreSQL, on each version supported (minutes; needs npm; ONLY=14: one)
	$(BIN)/python -m tests.postgres_versions $(if $(ONLY),--only $(ONLY))

explore: $(DEV) ## look for new counterexamples to the properties (minutes)
	HYPOTHESIS_PROFILE=explore $(BIN)/python -m pytest -n 2 \
	  -k 'properties or any_ or hostile or no_two_of_one or no_window or leadconnector_once or leadconnector_rules'

fuzz: $(DEV) ## change strangers' and operators' words, and look for broken promises (an hour; SECONDS=20: a little)
	$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),3600)

bench: $(DEV) ## throughput, latency, calls per lead and memory beside their targets (minutes; QUICK=1: seconds)
	$(BIN)/python -m benchmarks $(if $(QUICK),--quick) $(if $(PAGE),--page $(PAGE))

simulate: $(DEV) ## 10,000 accounts with skewed load on three processes and a PostgreSQL (minutes; QUICK=1: 200 accounts)
	$(BIN)/python -m benchmarks.accounts $(if $(QUICK),--quick)

docs: $(DEV) ## write the generated files (schema, tables)
	$(BIN)/python -m tests.generated

lock: $(DEV) ## resolve the dependencies anew into the lock files
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-annotate --quiet --custom-compile-command 'make lock' -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-annotate --quiet --custom-compile-command 'make lock' -c requirements.lock -o requirements-dev.lock
	$(BIN)/uv pip compile --group build --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-annotate --quiet --custom-compile-command 'make lock' -c requirements-dev.lock -o requirements-build.lock

image: ## build the image with docker (ENGINE=podman or buildah; IMAGE=name:tag; BASE=python image)
	$(ENGINE) build $(if $(BASE),--build-arg PYTHON=$(BASE)) --tag $(IMAGE) .

chart: $(DEV) ## pack the chart into dist/
	$(BIN)/helm package helm --destination dist

clean: ## remove .venv and the caches; your data/ stays
	rm -rf $(VENV) .postgres .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if (3, 11) <= v[:2] <= (3, 13) else "leadbridge needs Python 3.11 to 3.13; %s is %d.%d. Try: make $(MAKECMDGOALS) PYTHON=python3.12" % (sys.executable, v[0], v[1]))'
	@echo "Making a virtual environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

$(RUN): requirements.lock | $(VENV)/pyvenv.cfg
	@echo "Installing leadbridge and its locked dependencies into $(VENV) (once, about a minute) ..."
	@$(PIP) -r requirements.lock
	@echo "$(CURDIR)/service" > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/leadbridge-source.pth"
	@printf '#!%s\nfrom leadbridge.__main__ import main\nmain()\n' "$(CURDIR)/$(BIN)/python" > $(BIN)/leadbridge && chmod +x $(BIN)/leadbridge
	@touch $@

$(DEV): requirements-dev.lock $(RUN)
	@echo "Installing the tools for tests and checks (once, about a minute) ..."
	@$(PIP) -r requirements-dev.lock
	@touch $@
