# Everything is installed and built below target/; see CONTRIBUTING.md.

.DEFAULT_GOAL := help
.PHONY: help demo test check build fmt codegen wheel npm-pack bench docs clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Set up, start the emulator, and send a public data set through it in Rust, Python and Node
	@examples/demo

test: ## Run all tests in all languages (STEPS="rust python" runs some of them)
	@python3 tests/run.py $(STEPS)

check: ## Check formatting, lints and generated files
	@python3 tests/run.py format lint codegen

build: ## Build the workspace
	cargo build --workspace --all-targets

fmt: ## Format the sources
	cargo fmt --all

codegen: ## Write the generated files of all languages and the reference pages
	cargo codegen
	bindings/uniffi/generate
	cargo test --quiet --package hubstream-codegen

wheel: ## Build the Python wheel into dist/
	@python/wheel

npm-pack: ## Build the Node package into dist/
	@node/pack

bench: ## Compare with the official clients and write docs/benchmarks.md
	@tests/bench/run

docs: ## Build the documentation of the Rust crates
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

clean: ## Remove everything that was built or installed
	rm -rf target dist
