//! What does a snapshot hold? Reads manifests only: no state, and no code of the job that wrote it.
//!
//! ```text
//! cargo run --release --example inspect -- ./snapshots                        # of a folder, the latest
//! cargo run --release --example inspect -- ./snapshots/flight_delays/chk-3    # a checkpoint
//! cargo run --release --example inspect -- ./snapshots/savepoint-1            # a savepoint
//! ```

#![allow(clippy::disallowed_methods, reason = "an example")]

use std::collections::{BTreeMap, BTreeSet};

use clap::Parser;
use futures::executor::block_on;
use indicatif::{HumanBytes, HumanCount};
use millstream::Result;
use millstream::state::snapshot::{
    CheckpointName, Manifest, OperatorManifest, ResolvedSnapshot, SnapshotHome, SnapshotKind, StateKind,
    resolve,
};

/// Prints what a snapshot holds.
#[derive(Parser)]
struct Arguments {
    /// A checkpoint, a savepoint, a job's folder of checkpoints, or a folder of jobs; a path or URL
    snapshot: String,
    /// The job, where the folder is one of several jobs
    #[arg(long, value_name = "NAME")]
    job: Option<String>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    block_on(async {
        let snapshot = resolve(&arguments.snapshot, arguments.job.as_deref()).await?;
        let manifest = snapshot.home.read_manifest(&snapshot.manifest_file).await?;
        print_head(&snapshot, &manifest);
        for operator in &manifest.operators {
            print_operator(operator);
        }
        print_files(&snapshot, &manifest);
        if let Some(name) = snapshot.checkpoint_name() {
            print_neighbours(&snapshot.home, name).await?;
        }
        Ok(())
    })
}

fn print_head(snapshot: &ResolvedSnapshot, manifest: &Manifest) {
    let kind = match manifest.kind {
        SnapshotKind::Checkpoint => "checkpoint",
        SnapshotKind::Savepoint => "savepoint",
    };
    println!("{kind} {} of job `{}`", manifest.checkpoint, manifest.job);
    println!("  manifest  {}", snapshot.name());
    println!("  created   {}", manifest.created);
    let entries: u64 = manifest.operators.iter().map(OperatorManifest::entries).sum();
    println!("  holds     {} in {} entries", HumanBytes(manifest.total_bytes()), HumanCount(entries));
}

/// A state over all subtasks: what it is, and how much of it there is.
#[derive(Default)]
struct StateSum {
    description: String,
    /// Key groups that hold anything.
    groups: BTreeSet<usize>,
    entries: u64,
    bytes: u64,
}

fn print_operator(operator: &OperatorManifest) {
    println!("\noperator `{}`", operator.name);
    println!(
        "  {}, id {}",
        operator.uid.as_ref().map_or("no uid".into(), |uid| format!("uid `{uid}`")),
        operator.operator
    );
    println!("  parallelism {}, at most {}", operator.parallelism, operator.max_parallelism);
    for (name, state) in states(operator) {
        let groups = match state.groups.len() {
            0 => String::new(),
            count => format!(" in {count} key groups"),
        };
        println!("  state `{name}`: {}", state.description);
        println!("      {} entries{groups}, {}", HumanCount(state.entries), HumanBytes(state.bytes));
    }
    for (subtask, part) in operator.subtasks.iter().enumerate().filter(|_| operator.is_keyed()) {
        let groups: BTreeSet<_> =
            part.keyed.iter().flat_map(|state| &state.groups).map(|(group, _)| *group).collect();
        let blocks = part.keyed.iter().flat_map(|state| &state.groups).map(|(_, block)| block);
        let (entries, bytes) =
            blocks.fold((0, 0), |(entries, bytes), block| (entries + block.entries, bytes + block.length));
        if let (Some(first), Some(last)) = (groups.first(), groups.last()) {
            println!(
                "  subtask {subtask}: key groups {first} to {last}, {} entries, {}",
                HumanCount(entries),
                HumanBytes(bytes)
            );
        }
    }
}

fn states(operator: &OperatorManifest) -> BTreeMap<&str, StateSum> {
    let mut states = BTreeMap::<&str, StateSum>::new();
    for part in &operator.subtasks {
        for keyed in &part.keyed {
            let state = states.entry(&keyed.meta.name).or_default();
            let kind = kind_name(keyed.meta.kind);
            state.description = format!("{kind} by key {}, {}", keyed.meta.key, keyed.meta.value);
            for (group, block) in keyed.groups.iter().filter(|(_, block)| block.entries > 0) {
                state.groups.insert(group.index());
                state.entries += block.entries;
                state.bytes += block.length;
            }
        }
        for list in &part.lists {
            let state = states.entry(&list.name).or_default();
            state.description = format!("operator state ({:?}), items {}", list.redistribution, list.item);
            state.entries += list.block.entries;
            state.bytes += list.block.length;
        }
    }
    states
}

const fn kind_name(kind: StateKind) -> &'static str {
    match kind {
        StateKind::Value => "value",
        StateKind::List => "list",
        StateKind::Map => "map",
        StateKind::Reducing => "reducing",
        StateKind::Aggregating => "aggregating",
        StateKind::Window => "windows",
        StateKind::EventTimer => "event-time timers",
        StateKind::ProcessingTimer => "processing-time timers",
        StateKind::Rows => "rows",
    }
}

/// The files of the snapshot: its own, and those it shares with earlier checkpoints.
fn print_files(snapshot: &ResolvedSnapshot, manifest: &Manifest) {
    let own = snapshot.checkpoint_name().map_or(String::new(), |name| format!("{name}/"));
    let mut files = BTreeMap::<&str, u64>::new();
    let blocks = manifest.operators.iter().flat_map(OperatorManifest::blocks);
    blocks
        .filter(|block| block.length > 0)
        .for_each(|block| *files.entry(&block.file).or_default() += block.length);
    println!("\nfiles (and how much of each belongs to this snapshot)");
    for (file, bytes) in files {
        let owner = if file.starts_with(&own) { "own" } else { "shared" };
        println!("  {owner:<7} {:>12}  {file}", HumanBytes(bytes).to_string());
    }
}

/// The checkpoints beside this one, and which of them each needs.
async fn print_neighbours(home: &SnapshotHome, shown: CheckpointName) -> Result<()> {
    println!("\ncheckpoints in {home}");
    for name in home.checkpoints().await? {
        let manifest = home.read_manifest(&SnapshotHome::manifest_of(name)).await?;
        let folder = name.to_string();
        let files = manifest.files();
        let others: BTreeSet<_> =
            files.iter().filter_map(|file| file.split('/').next()).filter(|other| *other != folder).collect();
        let needs = match others.len() {
            0 => String::new(),
            _ => format!(", needs files of {}", others.into_iter().collect::<Vec<_>>().join(", ")),
        };
        let mark = if name == shown { '*' } else { ' ' };
        let (own, total) = (HumanBytes(manifest.bytes_in(&folder)), HumanBytes(manifest.total_bytes()));
        println!("{mark} {folder}  {}  {total}, of which {own} new{needs}", manifest.created);
    }
    Ok(())
}
