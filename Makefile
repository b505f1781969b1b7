# Poolhouse. `make help` lists the targets. Only make and Python 3.11 or newer are needed; the rest is fetched.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Which Python; where it is too old, python3.14 … python3.11 are tried.
PYTHON ?= python3
# What to test: make test T=tests/oauth
T ?=
# How many processes run the tests.
N ?= 2

export UV_PYTHON_DOWNLOADS := never
# Believe the certificates that the machine believes: many networks have an authority of their own.
export UV_SYSTEM_CERTS ?= true
export PIP_DISABLE_PIP_VERSION_CHECK := 1

UV := $(or $(shell command -v uv 2>/dev/null),.tools/bin/uv)
LOCK := uv.lock pyproject.toml packages/verify/pyproject.toml
RUNTIME := .venv/.synced
DEVELOPMENT := .venv/.synced-for-development
IN := .venv/bin

define FIND_PYTHON
found=; \
for candidate in "$(PYTHON)" python3.14 python3.13 python3.12 python3.11; do \
  if found=$$("$$candidate" -c 'import sys; print(sys.executable); sys.exit(sys.version_info < (3, 11))' 2>/dev/null); \
  then break; else found=; fi; \
done; \
if [ -z "$$found" ]; then \
  echo "Poolhouse needs Python 3.11 or newer, and '$(PYTHON)' is not." >&2; \
  echo "Install one and name it: make run PYTHON=/path/to/python3.12" >&2; \
  exit 1; \
fi
endef

.PHONY: help run env demo test test-node-runtime fuzz soak check fix shapes texts docs bench bench-tokens bench-people bench-browser bench-triggers build clean

help: ## Print this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(RUNTIME) ## Run the server on port 9229, its data in poolhouse-data/; POOLHOUSE_* variables count.
	@FROM_POOLHOUSE_MAKEFILE=1 exec $(IN)/poolhouse serve

env: ## Print what points AWS tools at the server; use it as: eval "$(make -s env)"
	@$(MAKE) -s $(RUNTIME) >&2
	@FROM_POOLHOUSE_MAKEFILE=1 $(IN)/poolhouse env

demo: $(RUNTIME) ## Show the whole way from a user pool to a verified token.
	@FROM_POOLHOUSE_MAKEFILE=1 $(IN)/poolhouse demo

run env demo: export POOLHOUSE_DATA_DIR ?= $(CURDIR)/poolhouse-data

test: $(DEVELOPMENT) ## Run the tests; some of them with make test T=tests/oauth
	$(IN)/pytest -n $(N) $(T)

# How many times as many requests as `make test` tries.
FUZZ ?= 50

test-node-runtime: $(DEVELOPMENT) ## Run functions by AWS's runtime for Node, compiled here; needs CMake and a C++ compiler.
	POOLHOUSE_TEST_NODE_RUNTIME=1 $(IN)/pytest tests/triggers/test_runtime_api.py tests/triggers/test_claims_example.py

fuzz: $(DEVELOPMENT) ## Try hostile requests for a long while; the seed of a failure is printed.
	POOLHOUSE_FUZZ=$(FUZZ) $(IN)/pytest -n $(N) tests/fuzz tests/corpus

check: $(DEVELOPMENT) ## Check form, types, imports, and that the generated files are fresh.
	$(IN)/ruff format --check .
	$(IN)/ruff check .
	$(IN)/mypy
	$(IN)/pyright --project tools/pyright.json
	$(IN)/lint-imports
	$(IN)/python tools/shapes.py --check
	$(IN)/python tools/compatibility.py --check
	$(IN)/python tools/configuration.py --check

fix: $(DEVELOPMENT) ## Format the code, and mend what mends itself.
	$(IN)/ruff check --fix .
	$(IN)/ruff format .

shapes: $(DEVELOPMENT) ## Generate the request and answer types from the service models.
	$(IN)/python tools/shapes.py

texts: $(DEVELOPMENT) ## Find the texts of the pages, for the catalogues of their languages.
	$(IN)/python tools/texts.py

docs: $(DEVELOPMENT) ## Generate the pages of docs/ that come from the code.
	$(IN)/python tools/compatibility.py
	$(IN)/python tools/configuration.py

soak: $(DEVELOPMENT) ## Kill servers forty times, and take their database away for a minute.
	POOLHOUSE_TEST_SOAK=1 $(IN)/pytest -n $(N) -rP tests/faults

bench: $(DEVELOPMENT) ## Measure all of the following, one after the other, for half an hour.
	$(IN)/python -m bench
	$(IN)/python -m bench.browser
	$(IN)/python -m bench.triggers
	$(IN)/python -m bench --people

bench-tokens: $(DEVELOPMENT) ## Measure CPU per token, throughput, latency, memory and start.
	$(IN)/python -m bench

bench-people: $(DEVELOPMENT) ## Measure signing in, refreshing and listing, with a thousand and a million users.
	$(IN)/python -m bench --people

bench-browser: $(DEVELOPMENT) ## Measure a browser's code flow and the sign-in page.
	$(IN)/python -m bench.browser

bench-triggers: $(DEVELOPMENT) ## Measure what asking a trigger's function costs.
	$(IN)/python -m bench.triggers

build: | $(UV) ## Build the wheels of poolhouse and poolhouse-verify into dist/.
	@$(FIND_PYTHON); UV_PYTHON="$$found" $(UV) build --all-packages --wheel --out-dir dist

clean: ## Remove what was made here, except the data.
	rm -rf .venv .tools dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name node_modules -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

# --inexact leaves the development tools where they are already installed.
$(RUNTIME): $(LOCK) | $(UV)
	@$(FIND_PYTHON); UV_PYTHON="$$found" $(UV) sync --no-dev --frozen --inexact
	@touch $@

$(DEVELOPMENT): $(LOCK) | $(UV)
	@$(FIND_PYTHON); UV_PYTHON="$$found" $(UV) sync --frozen
	@touch $@ $(RUNTIME)

# Debian packs Python's venv apart; pip alone does as well.
.tools/bin/uv:
	@$(FIND_PYTHON); echo "Fetching uv, which installs the rest, into .tools/" >&2; rm -rf .tools; \
	if "$$found" -m venv .tools >/dev/null 2>&1; then .tools/bin/python -m pip install --quiet uv; \
	elif rm -rf .tools; "$$found" -m pip install --quiet --target .tools uv; then :; \
	else rm -rf .tools; \
	  echo "This Python has neither venv nor pip: install python3-venv, or uv itself." >&2; exit 1; \
	fi
