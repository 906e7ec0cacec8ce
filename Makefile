# Every target builds .venv when it is missing or out of date, and keeps all that it writes inside this folder.
PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
STAMP  := $(VENV)/.built
CACHE  := $(CURDIR)/.cache
ARGS   ?=
PART   ?=

# Downloads shared between checkouts may live elsewhere, if you say so in the environment.
export EPT_CACHE ?= $(CACHE)/ept
export HF_HOME   ?= $(CACHE)/huggingface
# Whatever else a tool would keep in the home folder.
export XDG_CACHE_HOME         := $(CACHE)/xdg
export XDG_DATA_HOME          := $(CACHE)/share
export XDG_STATE_HOME         := $(CACHE)/state
export JUPYTER_CONFIG_DIR     := $(CACHE)/jupyter/config
export JUPYTER_DATA_DIR       := $(CACHE)/jupyter/data
export JUPYTER_RUNTIME_DIR    := $(CACHE)/jupyter/runtime
export IPYTHONDIR             := $(CACHE)/ipython
export MPLCONFIGDIR           := $(CACHE)/matplotlib
export TORCH_HOME             := $(CACHE)/torch
export TORCHINDUCTOR_CACHE_DIR := $(CACHE)/inductor
export TRITON_CACHE_DIR       := $(CACHE)/triton
export TIKTOKEN_CACHE_DIR     := $(CACHE)/tiktoken
export CUDA_CACHE_PATH        := $(CACHE)/cuda
export PYTHONNOUSERSITE       := 1
export HF_HUB_DISABLE_TELEMETRY := 1

.DEFAULT_GOAL := help
.PHONY: help venv train test lab export clean-nbs check docs check-docs figures readme hooks clean rebuild
.NOTPARALLEL:

help:  ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo 'Options: PYTHON=python3.12 (any Python from 3.11 on), ARGS="..." (passed on by train and test), PART=lm (of the tests)'

train: $(STAMP)  ## train by equilibrium propagation and compare with backprop: make train ARGS="-p steps 2000"
	$(VENV)/bin/ept run train $(ARGS)

test: $(STAMP)  ## run every notebook as a test; ends with "N passed, N failed": make test PART=lm, make test ARGS="--path '0*'"
	$(PY) -m ept.lab.testing $(if $(PART),--part '$(PART)') $(ARGS)

lab: $(STAMP)  ## open the notebooks in JupyterLab
	$(PY) -m jupyterlab --notebook-dir=nbs $(ARGS)

export: $(STAMP)  ## write the modules under ept/ from the notebooks
	$(VENV)/bin/nbdev_export

clean-nbs: $(STAMP)  ## strip volatile metadata from the notebooks
	$(VENV)/bin/nbdev_clean

check: export clean-nbs  ## fail unless the house rules hold, and the committed modules and notebooks are exported and clean
	@$(PY) -m ept.lab.house
	@git diff --quiet HEAD -- nbs ept && test -z "$$(git ls-files --others --exclude-standard -- nbs ept)" \
	  && echo 'nbs/ and ept/ are exported, clean and committed' \
	  || { git status --short -- nbs ept; echo 'The files above differ from the last commit: review and commit them.' >&2; exit 1; }

docs: $(STAMP)  ## build and check the site in _docs/ (by Quarto if it is installed, else by nbconvert)
	$(PY) tools/docs.py site

check-docs: $(STAMP)  ## check a site that is built: make check-docs ARGS=_docs
	$(PY) tools/check_site.py $(ARGS)

figures: $(STAMP)  ## draw and tabulate the committed result rows again: results page, index, README
	$(PY) tools/docs.py figures

readme: $(STAMP)  ## write README.md from nbs/index.ipynb
	$(PY) tools/docs.py readme

hooks: $(STAMP)  ## install nbdev's git hooks in this clone (merging notebooks)
	@mkdir -p '$(CACHE)/home'
	HOME='$(CACHE)/home' $(VENV)/bin/nbdev_install_hooks

venv: $(STAMP)  ## build the pinned environment in .venv

clean:  ## remove the environment, caches and built documents (keeps runs/)
	rm -rf $(VENV) .cache _proc _docs build dist *.egg-info

# A virtual environment holds absolute paths, so one that was moved or copied is built again.
ifneq ($(shell cat $(STAMP) 2>/dev/null),$(CURDIR))
$(STAMP): rebuild
endif

$(STAMP): constraints.txt settings.ini setup.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "ept needs Python 3.11 or later, but '$(PYTHON)' is: $$($(PYTHON) --version 2>&1)" >&2; \
	  echo 'Name another one: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)' >&2; exit 1; }
	@test "$$(cat $(STAMP) 2>/dev/null)" = '$(CURDIR)' && test -x $(PY) || { \
	  echo 'Building .venv (pinned versions, about 2 GB, a few minutes) ...'; \
	  $(PYTHON) -m venv --clear $(VENV) || { \
	    echo "'$(PYTHON) -m venv' failed: install Python's venv module (Debian, Ubuntu: the package python3-venv)." >&2; exit 1; }; }
	$(PY) -m pip install -qq --disable-pip-version-check --no-cache-dir --use-pep517 -c constraints.txt -e '.[dev,data,bench]'
	@echo '$(CURDIR)' > $(STAMP)
