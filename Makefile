# EnBloc. `make run` and `make test` set up what they need; see `make help`.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
DEMO := resources/demo/demo.enbloc
OUT := demo-output
BIN := .venv/bin

# The same pictures and numbers on every machine: software drawing, no display, one time zone.
QUIET := env -u DISPLAY -u WAYLAND_DISPLAY QT_QPA_PLATFORM=offscreen LIBGL_ALWAYS_SOFTWARE=1 \
	PYTHONHASHSEED=0 TZ=UTC LC_ALL=C.UTF-8

LOCK := uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-emit-index-url \
	--custom-compile-command "make lock"

.PHONY: help run demo test test-hostile bench reliability lint format screenshots catalogues lock ready ready-dev clean

help:
	@echo "make run          set up, then open the workstation on the demo case (no display: make demo)"
	@echo "make demo         evaluate the demo case and write its report and pictures to $(OUT)/"
	@echo "make test         set up, then the whole test suite, off-screen; ARGS='-k blade' chooses"
	@echo "make test-hostile 10 000 spoilt files of every kind; ARGS='100000 7' for more, with another seed"
	@echo "make lint         style, types and layers"
	@echo "make format       put the code into the project's format"
	@echo "make bench        the benchmarks, each beside its peer"
	@echo "make reliability  crashes and bad input by the thousand, into docs/reliability.md (half an hour)"
	@echo "make screenshots  every stage, layout and theme in each language, in screenshots/, and the README's picture"
	@echo "make catalogues   gather the words of the program and compile their translations"
	@echo "make lock         renew the lock files (needs uv)"
	@echo "make clean        remove what was written here, but not .venv"

ready:
	@$(PYTHON) set_up.py

ready-dev:
	@$(PYTHON) set_up.py --dev

run: ready
	@if $(PYTHON) set_up.py --display; then \
		exec $(BIN)/python main.py --demo; \
	else \
		echo "No display here: the demo case is evaluated and reported without a window."; \
		$(MAKE) --no-print-directory demo; \
	fi

# `evaluate` ends with 1 when something warns or fails, as the demo case does by design.
demo: ready
	@mkdir -p $(OUT)
	@env -u DISPLAY $(BIN)/python main.py evaluate $(DEMO) || [ $$? -eq 1 ]
	@env -u DISPLAY $(BIN)/python main.py report $(DEMO) --out $(OUT)
	@echo "Report, screenshots and tables are in $(CURDIR)/$(OUT):"
	@ls $(OUT)

test: ready-dev
	@$(QUIET) $(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

test-hostile: ready-dev
	@$(QUIET) $(BIN)/python -m tests.hostile $(ARGS)

bench: ready-dev
	@$(QUIET) $(BIN)/python -m tests.benchmarks $(ARGS)

reliability: ready-dev
	@$(QUIET) $(BIN)/python -m tests.benchmarks.reliability $(ARGS)

lint: ready-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: ready-dev
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

screenshots: ready-dev
	@$(QUIET) $(BIN)/python -m tests.screenshots $(ARGS)

catalogues: ready-dev
	@$(BIN)/python resources/locale/make_catalogues.py $(ARGS)

lock:
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf $(OUT) bench-output .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
