# Commands for working on Millstream: `just --list`.

# What CI runs.
ci:
    .ci/run

# All tests, or those whose names contain `name`.
test name="":
    cargo test --workspace {{ name }}

# Simulation seeds over all jobs, from `first` on.
seeds count="20000" first="0":
    MILLSTREAM_SEEDS={{ count }} MILLSTREAM_FIRST_SEED={{ first }} cargo test --test simulation every_seed -- --nocapture

# Simulation seeds from a random one on; prints how to repeat them.
fresh-seeds count="20000":
    .ci/fresh-seeds {{ count }}

# One seed of every job, or of one.
seed seed job="":
    MILLSTREAM_SEED={{ seed }} {{ if job == "" { "" } else { "MILLSTREAM_JOB='" + job + "'" } }} cargo test --test simulation every_seed -- --nocapture

# Random queries over random tables, with SQLite as the judge.
sql-cases count="5000" seed="1":
    MILLSTREAM_SQL_CASES={{ count }} MILLSTREAM_SQL_SEED={{ seed }} cargo test -p millstream-sql --test sql judge

# Formatting and lints, as in CI.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- --deny warnings

# Each crate without its default features, and with each feature alone.
features:
    .ci/features

# The one module with unsafe code and its callers, interpreted by Miri; needs the nightly toolchain with miri and rust-src.
miri:
    MIRIFLAGS=-Zmiri-disable-isolation PROPTEST_CASES=2 PROPTEST_MAX_DEFAULT_SIZE_RANGE=10 \
        cargo +nightly miri test --locked --package millstream-state --lib -- fetch_ahead look_ahead table

# Licences, advisories, duplicates and sources of the dependencies; needs cargo-deny.
deny:
    cargo deny check

# The documentation of the API.
docs:
    cargo doc --workspace --no-deps

# A benchmark: keyed_count, guarantees, hot_paths, sliding_windows, nexmark or sql; `just bench-connectors` for Kafka.
bench name="keyed_count":
    cargo bench --features sql --bench {{ name }}

# Kafka as a source and a sink, beside its client and Kafka Streams on the same broker.
bench-connectors records="1000000":
    cargo bench -p millstream-connectors --features kafka --bench connectors -- {{ records }}

# The same work on Millstream, Renoir and Timely; a `scale` of 1 takes far longer.
peers scale="0.1":
    cd benches/peers && cargo run --profile quick -- --scale {{ scale }}

# One fuzz target for some seconds; needs cargo-fuzz and the nightly toolchain.
fuzz target seconds="60":
    MILLSTREAM_CORPUS=fuzz/corpus cargo test --test engine every_target
    cargo +nightly fuzz run --sanitizer none {{ target }} -- -max_total_time={{ seconds }}

# The fuzz targets.
fuzz-targets:
    cargo +nightly fuzz list
