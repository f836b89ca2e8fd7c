# From nothing to a running gateway (`make run`) and to a tested one (`make test`).
# Needs Python 3.11 or newer; pip's own settings (PIP_…, pip.conf) hold here, too.

PYTHON ?= python3
WORKERS ?= 2
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PURE_TESTS := $(wildcard tests/domain tests/readmodels tests/application)
# What asks the API once more, of the ordinary executor; ARGS leaves it out.
WITHOUT_PLANS := tests/api --ignore tests/api/plans \
	$(addprefix tests/acceptance/test_,bad_input.py connections.py reading_own_writes.py unchanged.py)
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder
STRICT := $(if $(filter true,$(CI)),--strict)
PLAYGROUND := $(filter-out %/node_modules,$(wildcard playground/* playground/*/*))

.DEFAULT_GOAL := help
.PHONY: help run test check lint bench clean reset lock playground programs

help: ## prints this
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/installed-run $(VENV)/playground ## the bank on an embedded MongoDB, with demo data; ARGS goes to tidegate serve
	@exec $(BIN)/tidegate serve --demo $(ARGS)

test: $(VENV)/installed-test $(VENV)/playground programs lint ## everything, on WORKERS=2 processes; ARGS goes to pytest
	@$(PYTEST) $(ARGS)
	@$(if $(ARGS),,echo "Without plans"; TIDEGATE_PLANS=off exec $(PYTEST) -q $(WITHOUT_PLANS))

check: lint ## the fast part: style, types, imports, the schema, and the tests that need no MongoDB
	@$(BIN)/python -m pytest -q $(PURE_TESTS)

lint: $(VENV)/installed-test
	@echo "Style";   $(BIN)/ruff check --quiet . && $(BIN)/ruff format --check --quiet .
	@echo "Types";   $(BIN)/basedpyright
	@echo "Imports"; $(BIN)/lint-imports
	@echo "Schema";  $(BIN)/tidegate schema | diff -u schema.graphql - \
		|| { echo "schema.graphql is not current: make schema.graphql writes it."; exit 1; }

.PHONY: schema.graphql
schema.graphql: $(VENV)/installed-test
	@$(BIN)/tidegate schema > $@.new && mv $@.new $@

bench: $(VENV)/installed-test programs ## writes benchmarks/RESULTS.md; ARGS="--only by-id --rounds 5"
	@$(BIN)/python -m benchmarks $(ARGS)

clean: ## removes the packages, the built playground and all caches; the bank's data stays
	rm -rf $(VENV) dist gateway/web/static/playground playground/node_modules
	rm -rf tests/*/node_modules tests/*/*/node_modules
	rm -rf benchmarks/contestants/*/node_modules benchmarks/contestants/*/.venv
	rm -rf .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

reset: ## removes the embedded MongoDB's data, .tidegate
	rm -rf .tidegate

lock: ## writes requirements/*.txt anew, with the newest versions that fit
	@sh setup/lock.sh "$(PYTHON)"

playground: ## builds the playground again
	@rm -f $(VENV)/playground
	@$(MAKE) --no-print-directory $(VENV)/playground

programs:
	@sh setup/programs.sh

$(VENV)/installed-run: requirements/run.txt pyproject.toml
	@sh setup/install.sh "$(PYTHON)" $(VENV) $<
	@touch $@

$(VENV)/installed-test: requirements/test.txt pyproject.toml
	@sh setup/install.sh "$(PYTHON)" $(VENV) $<
	@touch $@ $(VENV)/installed-run

$(VENV)/playground: $(PLAYGROUND) | $(VENV)/installed-run
	@$(BIN)/python playground/build.py $(STRICT)
	@touch $@
