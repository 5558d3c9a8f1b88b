//! Deliberate mistakes of the engine: the simulation must notice each of them.

use millstream::simulation::Sabotage;

use crate::jobs::JOBS;
use crate::run;
use crate::setting::Setting;

/// How many seeds a mistake may take to be found.
const SEEDS: u64 = 2_000;

fn is_noticed(sabotage: Sabotage, name: &str) {
    let job = *JOBS.iter().find(|(job, _)| *job == name).expect("a job of this name");
    let fails = |seed: &u64| run(job, Setting::new(*seed, sabotage)).is_err();
    let seed = (0..SEEDS).find(fails).expect("no seed gives a wrong answer");
    run(job, Setting::new(seed, Sabotage::None)).expect("the same seed without the mistake");
    println!("{sabotage:?} is noticed by {name} at seed {seed}");
}

#[test]
fn tasks_that_do_not_align_are_noticed() {
    is_noticed(Sabotage::SkipAlignment, "rolling count and reduce");
    is_noticed(Sabotage::SkipAlignment, "join");
}

#[test]
fn records_in_flight_that_are_lost_are_noticed() {
    is_noticed(Sabotage::LoseInFlight, "rolling count and reduce");
    is_noticed(Sabotage::LoseInFlight, "join");
}

#[test]
fn changes_that_are_lost_are_noticed() {
    is_noticed(Sabotage::LoseChanges, "large state");
}

#[test]
fn commits_before_the_manifest_are_noticed() {
    is_noticed(Sabotage::CommitBeforeManifest, "rolling count and reduce");
    is_noticed(Sabotage::CommitBeforeManifest, "files");
}

#[test]
fn sources_that_forget_their_position_are_noticed() {
    is_noticed(Sabotage::ForgetSourcePosition, "rolling count and reduce");
}

#[test]
fn a_source_that_is_begun_before_the_one_before_is_over_is_noticed() {
    is_noticed(Sabotage::SwitchTooEarly, "one source after the other");
}

#[test]
fn lost_timers_are_noticed() {
    is_noticed(Sabotage::DropTimers, "timers");
    is_noticed(Sabotage::DropTimers, "session windows and lateness");
    is_noticed(Sabotage::DropTimers, "patterns and late records");
    is_noticed(Sabotage::DropTimers, "interval join");
}

#[test]
fn a_manifest_that_counts_without_the_journal_is_noticed() {
    is_noticed(Sabotage::IgnoreJournal, "rolling count and reduce");
    is_noticed(Sabotage::IgnoreJournal, "files");
}

#[test]
fn taking_over_without_an_entry_is_noticed() {
    is_noticed(Sabotage::TakeOverWithoutEntry, "rolling count and reduce");
}

#[test]
fn deleted_first_entries_are_noticed() {
    is_noticed(Sabotage::DeleteFirstEntries, "rolling count and reduce");
}
