//! What decodes bytes in Millstream, as functions of any bytes: each gives an error or a value, and what
//! was read once can be written and read again.
//!
//! Two callers: the targets of `cargo fuzz` in `fuzz_targets/`, and `tests/decoders.rs` of the engine, which runs
//! each for a moment with every change.

#![allow(missing_docs, reason = "a test")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(dead_code, reason = "each caller uses its part")]

mod blocks;
mod codec;
mod files;
mod journal;
mod memory;
mod protobuf;
mod snapshots;
mod sql;

/// A decoder, and bytes that it accepts, to begin from.
pub struct Target {
    pub name: &'static str,
    pub run: fn(&[u8]),
    pub valid: fn() -> Vec<Vec<u8>>,
}

/// All of them, in the order of their names.
pub const TARGETS: &[Target] = &[
    Target { name: "blocks", run: blocks::run, valid: blocks::valid },
    Target { name: "csv", run: files::csv, valid: files::valid_csv },
    Target { name: "gzip", run: files::gzip, valid: files::valid_gzip },
    Target { name: "journal", run: journal::run, valid: journal::valid },
    Target { name: "json_lines", run: files::json_lines, valid: files::valid_json_lines },
    Target { name: "manifest", run: snapshots::manifest, valid: snapshots::valid_manifests },
    Target { name: "messages", run: codec::messages, valid: codec::valid_messages },
    Target { name: "protobuf", run: protobuf::run, valid: protobuf::valid },
    Target { name: "records", run: codec::records, valid: codec::valid_records },
    Target { name: "snapshot", run: snapshots::restore, valid: snapshots::valid_edits },
    Target { name: "sql", run: sql::run, valid: sql::valid },
    Target { name: "text", run: files::text, valid: files::valid_text },
];

/// Runs the target of this name; for `fuzz_targets/`, which are checked against [`TARGETS`] by the test.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target of this name");
    (target.run)(bytes);
}
