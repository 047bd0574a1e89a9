# The two commands of the README, and what they are made of. `make` alone lists them.

PYTHON ?= python3
PYTHON_NEXT ?= python3.13
PORT ?= 8000
NEWSROOM_DATA ?= data

VENV = .venv
NEXT = .venv-next
BIN = $(VENV)/bin
PIP = -m pip install --quiet --disable-pip-version-check --require-hashes
COMPILE = uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header pyproject.toml

# As in production; what is set in the environment wins, but for DEBUG.
RUN = DEBUG=0 NEWSROOM_DATA="$(NEWSROOM_DATA)" \
	SITE_URL="$${SITE_URL:-http://127.0.0.1:$(PORT)}" \
	SECRET_KEY="$${SECRET_KEY:-$$(cat "$(NEWSROOM_DATA)/secret_key")}"
LANGUAGES = --locale hi --locale ar

# Checks need settings, but neither a real secret nor anybody's data.
CHECK = DEBUG=0 DATABASE_URL= NEWSROOM_DATA=$(VENV)/data SITE_URL=https://paper.example \
	SECRET_KEY=only-for-checks-W8mZr4Yt1QxVb7Nc5KpLs2Hd9FgJ3aUe6oTi

.PHONY: help run test check bench test-sqlite test-postgres test-next lint types templates \
	migrations settings locks messages format lock clean
.NOTPARALLEL:

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s%s\n", $$1, $$2 }' Makefile

run: $(VENV)/installed ## install, fill an empty database with a demo paper, and serve it
	@$(BIN)/python -m newsroom.port $(PORT)
	@test -d "$(NEWSROOM_DATA)" || mkdir -p -m 700 "$(NEWSROOM_DATA)"
	@test -s "$(NEWSROOM_DATA)/secret_key" || ( umask 077 && \
		$(BIN)/python -c "import secrets; print(secrets.token_urlsafe(50))" > "$(NEWSROOM_DATA)/secret_key" )
	@$(RUN) $(BIN)/python manage.py migrate --verbosity 0
	@# Compressing takes ten seconds, so it is done again only when something changed.
	@test -z "$$(find static newsroom/settings.py $(VENV)/installed -newer "$(NEWSROOM_DATA)/static/staticfiles.json" 2>&1)" || { \
		echo "Compressing style sheets and scripts..."; \
		$(RUN) $(BIN)/python manage.py collectstatic --no-input --verbosity 0; }
	@$(RUN) $(BIN)/python manage.py demo
	@echo "Ctrl-C stops it."
	@$(RUN) exec $(BIN)/granian --interface wsgi --host 127.0.0.1 --port $(PORT) --blocking-threads 4 --log-level warning newsroom.wsgi:application

test: test-sqlite test-postgres ## run the whole suite on SQLite, then on PostgreSQL

check: lint types templates migrations settings locks test ## everything that CI runs

bench: $(VENV)/installed ## measure speed, freshness and size (see bench/README.md; one: PART=hits)
	@$(BIN)/python -m bench $(PART)

test-sqlite: $(VENV)/installed-dev ## run the suite on SQLite
	DATABASE_URL= $(BIN)/python -m pytest

test-postgres: $(VENV)/installed-dev ## run the suite on a PostgreSQL of its own
	$(BIN)/python -m tests.postgres -- $(BIN)/python -m pytest

test-next: $(NEXT)/installed-dev ## run both on the next Python and Django (PYTHON_NEXT)
	DATABASE_URL= $(NEXT)/bin/python -m pytest
	$(NEXT)/bin/python -m tests.postgres -- $(NEXT)/bin/python -m pytest

lint: $(VENV)/installed-dev ## check the code and its form
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/installed-dev ## check the types
	$(CHECK) $(BIN)/mypy newsroom articles comments bench

templates: $(VENV)/installed-dev ## check the templates
	$(BIN)/djlint --lint --quiet templates

migrations: $(VENV)/installed-dev ## check that every model change has its migration
	$(CHECK) $(BIN)/python manage.py makemigrations --check --dry-run

settings: $(VENV)/installed-dev ## check that the defaults are safe for production
	$(CHECK) $(BIN)/python manage.py check --deploy --fail-level WARNING

locks: ## check that the locks hold hashes and no index address
	@! grep -nE 'https?://|--(extra-)?index-url|--find-links' requirements*.lock
	@for lock in requirements*.lock; do grep -q -- '--hash=sha256:' $$lock || exit 1; done

messages: $(VENV)/installed-dev ## bring the catalogues of words up to date (needs gettext)
	$(CHECK) $(BIN)/python manage.py makemessages $(LANGUAGES) --no-obsolete --add-location file \
		--ignore '.venv*' --ignore data --ignore tests --ignore bench
	$(CHECK) $(BIN)/python manage.py compilemessages $(LANGUAGES) --ignore '.venv*'
	@cd locale/django/hi/LC_MESSAGES && msgfmt --check-format --output-file=django.mo django.po

format: $(VENV)/installed-dev ## put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## compile the locks from pyproject.toml (needs uv)
	@mkdir -p $(VENV)
	@echo 'django<6.0' > $(VENV)/this.txt
	@echo 'django>=6.1,<6.2' > $(VENV)/next.txt
	$(COMPILE) --python-version 3.11 --constraint $(VENV)/this.txt --output-file requirements.lock
	$(COMPILE) --python-version 3.11 --constraint $(VENV)/this.txt --group dev --output-file requirements-dev.lock
	$(COMPILE) --python-version 3.13 --constraint $(VENV)/next.txt --group dev --output-file requirements-next.lock

clean: ## remove what was installed and made here, but no data
	rm -rf $(VENV) $(NEXT) .pytest_cache .mypy_cache .ruff_cache .hypothesis test-artifacts

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed. Name one that you have: make run PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) >/dev/null || \
		{ rm -rf $(VENV); echo "Python's venv module is missing. On Debian: apt-get install python3-venv"; exit 1; }

$(VENV)/installed: requirements.lock
	@test -x $(BIN)/python || $(MAKE) -s $(BIN)/python
	@echo "Installing what the site needs..."
	@$(BIN)/python $(PIP) -r requirements.lock
	@touch $@

$(VENV)/installed-dev: requirements-dev.lock
	@test -x $(BIN)/python || $(MAKE) -s $(BIN)/python
	@echo "Installing what the tests need..."
	@$(BIN)/python $(PIP) -r requirements-dev.lock
	@touch $@

$(NEXT)/installed-dev: requirements-next.lock
	@$(PYTHON_NEXT) -m venv $(NEXT) >/dev/null || \
		{ rm -rf $(NEXT); echo "There is no $(PYTHON_NEXT) here: make test-next PYTHON_NEXT=..."; exit 1; }
	@$(NEXT)/bin/python $(PIP) -r requirements-next.lock
	@touch $@
