use std::sync::Arc;
use std::time::Duration;

use millstream_runtime::testing::{HarnessSetup, HarnessSnapshot, SourceHarness};
use millstream_runtime::{Error, ErrorKind, Result};
use parking_lot::Mutex;

use super::{Discovery, Listing};
use crate::source::Enumerator;
use crate::source::adapter::EnumeratorAdapter;

/// What the outside system has; `None` where it does not answer.
type World = Arc<Mutex<Option<Vec<&'static str>>>>;

fn world(splits: &[&'static str]) -> World {
    Arc::new(Mutex::new(Some(splits.to_vec())))
}

type Harness = SourceHarness<(u64, String)>;

fn discovery(world: &World, interval: Option<Duration>, from: &[HarnessSnapshot]) -> Harness {
    let world = world.clone();
    let list = move |listing: Listing| {
        let splits = world.lock().clone();
        async move {
            let splits = splits.ok_or_else(|| Error::new(ErrorKind::External, "no answer"))?;
            Ok(splits.into_iter().map(|name| (name.to_owned(), format!("{name} {listing:?}"))).collect())
        }
    };
    let enumerator = Enumerator::new(Discovery::new(list).every(interval));
    SourceHarness::with(HarnessSetup::new().restore(from), EnumeratorAdapter::of(enumerator)).unwrap()
}

/// What is handed out until nothing is to be done.
fn handed_out(harness: &mut Harness) -> Result<Vec<(u64, String)>> {
    for _ in 0..9 {
        harness.next()?;
    }
    Ok(harness.take_records())
}

fn named(reader: u64, split: &str) -> (u64, String) {
    (reader, split.to_owned())
}

#[test]
fn what_comes_up_later_is_handed_out_when_it_is_looked_for() {
    let world = world(&["a", "b"]);
    let mut harness = discovery(&world, Some(Duration::from_secs(5)), &[]);
    assert_eq!(handed_out(&mut harness).unwrap(), [named(0, "a First"), named(1, "b First")]);
    world.lock().as_mut().unwrap().push("c");
    assert_eq!(handed_out(&mut harness).unwrap(), []);
    harness.advance(Duration::from_secs(5)).unwrap();
    assert_eq!(handed_out(&mut harness).unwrap(), [named(2, "c Later")]);
    harness.advance(Duration::from_secs(5)).unwrap();
    assert_eq!(handed_out(&mut harness).unwrap(), []);
}

#[test]
fn a_restored_enumerator_hands_out_what_is_new_since_then() {
    let world = world(&["a"]);
    let interval = Some(Duration::from_secs(5));
    let mut harness = discovery(&world, interval, &[]);
    let before = harness.snapshot(1).unwrap();
    assert_eq!(handed_out(&mut harness).unwrap(), [named(0, "a First")]);
    let after = harness.snapshot(2).unwrap();
    world.lock().as_mut().unwrap().push("b");
    assert_eq!(handed_out(&mut discovery(&world, interval, &[after])).unwrap(), [named(1, "b Later")]);
    let anew = handed_out(&mut discovery(&world, interval, &[before])).unwrap();
    assert_eq!(anew, [named(0, "a First"), named(1, "b First")]);
}

#[test]
fn a_listing_that_fails_later_is_tried_again() {
    let world = world(&["a"]);
    let mut harness = discovery(&world, Some(Duration::from_secs(5)), &[]);
    handed_out(&mut harness).unwrap();
    *world.lock() = None;
    harness.advance(Duration::from_secs(5)).unwrap();
    assert_eq!(handed_out(&mut harness).unwrap(), []);
    *world.lock() = Some(vec!["a", "b"]);
    harness.advance(Duration::from_secs(5)).unwrap();
    assert_eq!(handed_out(&mut harness).unwrap(), [named(1, "b Later")]);
}

#[test]
fn a_first_listing_that_fails_fails_the_job() {
    let world = Arc::new(Mutex::new(None));
    let error = handed_out(&mut discovery(&world, Some(Duration::from_secs(5)), &[])).unwrap_err();
    assert!(error.to_string().contains("no answer"), "{error}");
}

#[test]
fn without_an_interval_it_ends_also_when_restored() {
    let world = world(&["a"]);
    let mut harness = discovery(&world, None, &[]);
    assert_eq!(harness.run(9).unwrap(), millstream_runtime::chain::SourceStatus::Ended);
    assert_eq!(harness.take_records(), [named(0, "a First")]);
    let snapshot = harness.snapshot(1).unwrap();
    world.lock().as_mut().unwrap().push("b");
    let mut restored = discovery(&world, None, &[snapshot]);
    assert_eq!(restored.run(9).unwrap(), millstream_runtime::chain::SourceStatus::Ended);
    assert_eq!(restored.take_records(), []);
}
