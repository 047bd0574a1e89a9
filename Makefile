# The two commands of the README, and what they are made of. `make help` lists them.

PYTHON ?= python3
PYTHON_NEXT ?= python3.13
PORT ?= 8000
NEWSROOM_DATA ?= $(CURDIR)/data
export NEWSROOM_DATA

VENV := .venv
BIN := $(VENV)/bin
NEXT := .venv-next
PIP := -m pip install --quiet --disable-pip-version-check --require-hashes
# A database by name alone would be looked for in another folder by every command.
RUN = DEBUG=0 SITE_URL="$${SITE_URL:-http://127.0.0.1:$(PORT)}" SECRET_KEY="$${SECRET_KEY:-$$(cat "$(NEWSROOM_DATA)/secret_key")}"
# Checks need settings, but neither a real secret nor anybody's data.
CHECK = SECRET_KEY=only-for-checks-0000000000000000000000000000000 NEWSROOM_DATA=$(VENV)/data

.PHONY: help run test test-sqlite test-postgres test-next check lint types templates migrations locks bench lock format clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: $(VENV)/installed ## install, fill an empty database with a demo paper, and serve it
	@$(BIN)/python -m newsroom.port $(PORT)
	@mkdir -p "$(NEWSROOM_DATA)"
	@test -s "$(NEWSROOM_DATA)/secret_key" || (umask 077 && $(BIN)/python -c "import secrets; print(secrets.token_urlsafe(50))" > "$(NEWSROOM_DATA)/secret_key")
	@$(RUN) $(BIN)/python manage.py migrate --verbosity 0
	@$(RUN) $(BIN)/python manage.py collectstatic --no-input --verbosity 0
	@$(RUN) $(BIN)/python manage.py demo
	@$(RUN) exec $(BIN)/granian --interface wsgi --host 127.0.0.1 --port $(PORT) --workers 1 --log-level warning newsroom.wsgi:application

test: test-sqlite test-postgres ## run the whole suite on SQLite and on PostgreSQL

test-sqlite: $(VENV)/installed-dev
	DATABASE_URL= $(BIN)/python -m pytest

test-postgres: $(VENV)/installed-dev
	$(BIN)/python -m tests.postgres -- $(BIN)/python -m pytest

test-next: $(NEXT)/installed-dev ## the same on the next Python and Django
	DATABASE_URL= $(NEXT)/bin/python -m pytest
	$(NEXT)/bin/python -m tests.postgres -- $(NEXT)/bin/python -m pytest

check: lint types templates migrations locks test ## everything that CI runs

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/installed-dev
	$(CHECK) $(BIN)/mypy newsroom articles comments

templates: $(VENV)/installed-dev
	$(BIN)/djlint --lint --quiet templates

migrations: $(VENV)/installed-dev
	$(CHECK) $(BIN)/python manage.py makemigrations --check --dry-run
	$(CHECK) $(BIN)/python manage.py check --fail-level WARNING

locks: ## the locks hold hashes and no index address
	@! grep -nE 'https?://|--(extra-)?index-url|--find-links' requirements*.lock
	@for lock in requirements*.lock; do grep -q -- '--hash=sha256:' $$lock || exit 1; done

bench: $(VENV)/installed ## measure what a page costs
	$(CHECK) $(BIN)/python -m bench

format: $(VENV)/installed-dev ## put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## compile the locks from pyproject.toml (needs uv)
	printf 'django<6.0\n' > $(VENV)/this && printf 'django>=6.1,<6.2\n' > $(VENV)/next
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -c $(VENV)/this -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --group dev -c $(VENV)/this -o requirements-dev.lock
	uv pip compile -q --universal --python-version 3.13 --generate-hashes --no-emit-index-url --no-header pyproject.toml --group dev -c $(VENV)/next -o requirements-next.lock

clean: ## remove what was installed and made here, but no data
	rm -rf $(VENV) $(NEXT) .pytest_cache .mypy_cache .ruff_cache .hypothesis test-artifacts

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed: make PYTHON=python3.12 run"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing: on Debian, apt-get install python3-venv"; exit 1; }

$(VENV)/installed: requirements.lock | $(VENV)/bin/python
	@test -e $(VENV)/installed-dev || echo "Installing what the site needs..."
	@test -e $(VENV)/installed-dev || $(BIN)/python $(PIP) -r requirements.lock
	@touch $@

$(VENV)/installed-dev: requirements-dev.lock | $(VENV)/bin/python
	@echo "Installing what the tests need..."
	@$(BIN)/python $(PIP) -r requirements-dev.lock
	@touch $@ $(VENV)/installed

$(NEXT)/installed-dev: requirements-next.lock
	@$(PYTHON_NEXT) -m venv $(NEXT) || { echo "$(PYTHON_NEXT) is missing: make PYTHON_NEXT=... test-next"; exit 1; }
	@$(NEXT)/bin/python $(PIP) -r requirements-next.lock
	@touch $@
