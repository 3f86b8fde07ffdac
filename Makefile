# Thin names over public commands; CONTRIBUTING.md says the same without make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: book test audit serve execute check bench repository clean

$(INSTALLED): requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

book: $(INSTALLED)  ## build the site from the committed notebooks
	rm -rf _build
	$(BIN)/jupyter-book build . -W -n --keep-going
	$(BIN)/python -m tools.site
	@echo "Open _build/html/index.html in a browser."

test: $(INSTALLED)  ## unit tests, site, and every output of every chapter, each alone in an empty folder
	$(BIN)/python -m tools.standalone

audit: $(INSTALLED)  ## what takes longer: every page in a browser, image chapters without records
	$(BIN)/python -m pytest -m audit tests

serve: book  ## build, then show the site on http://localhost:8000
	$(BIN)/python -m http.server 8000 --bind 127.0.0.1 --directory _build/html

execute: $(INSTALLED)  ## write the notebooks from the scripts: all, or CHAPTER=03
	$(BIN)/python -m tools.notebooks execute $(CHAPTER)

check: $(INSTALLED)  ## style, types, notebooks, ledger and repository address
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy paperlib tools
	$(BIN)/python -m tools.notebooks check
	$(BIN)/python -m tools.ledger
	$(BIN)/python -m tools.repository --check

bench: $(INSTALLED)  ## time simulations, landscapes and training, beside other libraries where they can be installed
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	$(BIN)/python -m tools.bench

repository: $(INSTALLED)  ## write the repository's address wherever it is needed: URL=https://...
	@test "$(origin URL)" != undefined || { echo "say make repository URL=https://... (URL= takes the address back)"; exit 2; }
	$(BIN)/python -m tools.repository "$(URL)"

clean:  ## remove what was built, and the environment
	rm -rf _build $(VENV)
