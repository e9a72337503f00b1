# One command for each everyday act. None of them needs more than Rust; `test` installs the rest.

.PHONY: help build test lint docs bench vsix install lab

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build the release binary
	cargo build --release --locked

test: ## run every test, Rust and end to end
	tests/run

lint: ## check formatting and lints
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

docs: ## build the API documentation
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked

bench: ## measure the kernel beside others; docs/performance.md says how to read it
	tests/bench

vsix: ## package the extension for VS Code, which needs Node.js, into dist/
	kernelspec/vscode/package

install: ## install the binary and the kernelspec for this user
	cargo install --locked --path cli
	"$${CARGO_INSTALL_ROOT:-$${CARGO_HOME:-$$HOME/.cargo}}/bin/perilune" kernel install

lab: ## open the tour in JupyterLab
	cargo run --release --locked -- lab
