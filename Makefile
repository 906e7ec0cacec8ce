# Every target builds .venv when it is missing or out of date, and keeps all that it writes inside this folder.
PYTHON ?= python3
# The Python that was asked for by name; nothing where it was not, and then any environment that is there will do.
ASKED  := $(if $(filter file default,$(origin PYTHON)),,$(shell $(PYTHON) -c 'import os, sys; print(os.path.realpath(sys.executable), sys.version.split()[0])' 2>/dev/null))
VENV   := .venv
PY     := $(VENV)/bin/python
STAMP  := $(VENV)/.built
CACHE  := $(CURDIR)/.cache
BUILT  := $(VENV)/.python
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
	@echo 'Options: PYTHON=python3.12 (any Python from 3.11 on; .venv is built anew when another built it),'
	@echo '         ARGS="..." (passed on by train and test), PART=lm (of the tests)'

train: $(STAMP)  ## train by equilibrium propagation beside backprop; again after a kill, it goes on: make train ARGS="-p steps 2000"
	$(VENV)/bin/ept run train --resume $(ARGS)

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
	@echo 'Building the site in _docs/ from the outputs saved in the notebooks, then checking every page: some minutes ...'
	$(PY) tools/docs.py site
	@echo 'The site is in _docs/index.html'

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

# A virtual environment holds absolute paths, so one that was moved or copied is built again; so is one of another Python
# than the one that PYTHON=... names.
ifneq ($(shell cat $(STAMP) 2>/dev/null),$(CURDIR))
$(STAMP): rebuild
else ifneq ($(if $(ASKED),$(shell cat $(BUILT) 2>/dev/null)),$(ASKED))
$(STAMP): rebuild
endif

define CUDA_HINT
On Linux the plain registry serves torch with the CUDA libraries, several GB that a machine without an NVIDIA GPU has no
use for. To leave them out, interrupt this and name the index of CPU builds, which PyTorch's installation page gives:
    make PIP_EXTRA_INDEX_URL=... $(MAKECMDGOALS)
endef
export CUDA_HINT

$(STAMP): constraints.txt settings.ini setup.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "ept needs Python 3.11 or later, but '$(PYTHON)' is: $$($(PYTHON) --version 2>&1)" >&2; \
	  echo 'Name another one: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)' >&2; exit 1; }
	@test "$$(cat $(STAMP) 2>/dev/null)" = '$(CURDIR)' && test -x $(PY) && \
	  { test -z '$(ASKED)' || test "$$(cat $(BUILT) 2>/dev/null)" = '$(ASKED)'; } || { \
	  echo "Building .venv with $$($(PYTHON) --version): pinned versions, about 2 GB, a few minutes ..."; \
	  rm -f $(STAMP); $(PYTHON) -m venv --clear $(VENV) || { \
	    echo "'$(PYTHON) -m venv' failed: install Python's venv module (Debian, Ubuntu: the package python3-venv)." >&2; exit 1; }; \
	  $(PYTHON) -c 'import os, sys; print(os.path.realpath(sys.executable), sys.version.split()[0])' > $(BUILT); }
	@test "$$(uname)" != Linux || command -v nvidia-smi >/dev/null || test -d $(VENV)/lib/python3*/site-packages/torch || \
	  $(PY) -m pip config list | grep -q 'index-url\|find-links' || echo "$$CUDA_HINT"
	@echo 'Installing what constraints.txt pins; pip says what it does:'
	$(PY) -m pip install --disable-pip-version-check --no-cache-dir --use-pep517 -c constraints.txt -e '.[dev,data,bench]'
	@echo '$(CURDIR)' > $(STAMP)
