# Short names for what one types most. `make check test` is what .ci/run does.
.PHONY: check test properties leaks bench docs demo

check:
	.ci/run check

test:
	uv run --frozen pytest

properties:
	uv run --frozen pytest tests/properties

leaks:
	uv run --frozen pytest tests/leaks

bench:
	uv run --frozen sluice bench --rows 1000000

docs:
	uv run --frozen python -m tests.docs.commands
	uv run --frozen python -m tests.docs.rules
	uv run --frozen pytest tests/docs

demo:
	uv run --frozen sluice demo
