# Thin names over public commands; CONTRIBUTING.md says the same without make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: book test tests audit pdf offline serve execute check oldest newest colab links lighthouse bench repository clean

$(INSTALLED): requirements.txt
	@echo "Installing into $(VENV): 2 GB, some minutes in silence."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

book: $(INSTALLED)  ## build the site from the committed notebooks
	rm -rf _build
	$(BIN)/jupyter-book build . -W -n --keep-going
	$(BIN)/python -m tools.site
	@echo "Open _build/html/index.html in a browser."
	@$(BIN)/python -m tools.repository --hint

test: $(INSTALLED)  ## unit tests, site, and every output of every chapter, each alone in an empty folder
	$(BIN)/python -m tools.standalone

tests: test

audit: $(INSTALLED)  ## what takes longer: every page in a browser, image chapters without records; all, or PART="tests/test_pdf.py"
	$(BIN)/python -m pytest -m audit --dist loadgroup $(or $(PART),tests)

pdf: book  ## print the book into _build/maml-landscape.pdf, by Chromium
	$(BIN)/python -m tools.pdf

offline: book  ## put site and notebooks into _build/maml-landscape.zip, to read without a network
	$(BIN)/python -m tools.offline

serve: book  ## build, then show the site on http://localhost:8000
	$(BIN)/python -m http.server 8000 --bind 127.0.0.1 --directory _build/html

execute: $(INSTALLED)  ## write the notebooks from the scripts: all, or CHAPTER=03
	$(BIN)/python -m tools.notebooks execute $(CHAPTER)

check: $(INSTALLED)  ## style, types, notebooks, ledger, repository address, and what describes the repository to others
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy paperlib tools
	$(BIN)/python -m tools.notebooks check
	$(BIN)/python -m tools.ledger
	$(BIN)/python -m tools.repository --check
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/equation.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.citation-file-format CITATION.cff

oldest newest: $(INSTALLED)  ## the library's tests with the oldest, or the newest, packages that it allows
	$(BIN)/python -m tools.versions $@

colab: $(INSTALLED)  ## chapters, all or CHAPTER=03, with the versions of Google Colab
	$(BIN)/python -m tools.versions colab $(CHAPTER)

links: $(INSTALLED)  ## ask every address outside that the pages link to
	$(BIN)/jupyter-book build . --builder linkcheck --path-output _build/links

lighthouse: book  ## ask Lighthouse about four pages, five times each on two screens; needs Node
	$(BIN)/python -m tools.lighthouse

bench: $(INSTALLED)  ## time simulations, landscapes and training, beside other libraries where they can be installed
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	$(BIN)/python -m tools.bench

repository: $(INSTALLED)  ## write the repository's address wherever it is needed: URL=https://..., taken back by URL=; proposed without
	$(BIN)/python -m tools.repository $(if $(filter undefined,$(origin URL)),,"$(URL)")

clean:  ## remove what was built, and the environment
	rm -rf _build $(VENV)
