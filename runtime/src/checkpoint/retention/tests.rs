use millstream_state::snapshot::part::{BlockReference, ListPart, OperatorPart, Redistribution};
use millstream_state::{OperatorId, Shape};

use super::*;

fn files(names: &[&str]) -> Files {
    names.iter().map(|name| Arc::from(*name)).collect()
}

fn id(number: u64) -> CheckpointId {
    CheckpointId::new(number)
}

fn sweep(retention: &mut Retention, bases: &[u64]) -> Vec<String> {
    let bases = bases.iter().copied().map(id).collect();
    retention.sweep(&bases).iter().map(ToString::to_string).collect()
}

#[test]
fn a_file_lives_as_long_as_a_kept_manifest_refers_to_it() {
    let mut retention = Retention::new(2);
    assert_eq!(retention.add(id(1), files(&["1/a", "1/b"])), []);
    assert_eq!(retention.add(id(2), files(&["1/a", "2/b"])), []);
    assert!(sweep(&mut retention, &[]).is_empty());
    assert_eq!(retention.add(id(3), files(&["1/a", "3/b"])), [id(1)]);
    assert_eq!(sweep(&mut retention, &[]), ["1/b"]);
    assert_eq!(retention.add(id(4), files(&["4/a", "4/b"])), [id(2)]);
    assert_eq!(sweep(&mut retention, &[]), ["2/b"]);
    assert_eq!(retention.add(id(5), files(&["5/a", "5/b"])), [id(3)]);
    assert_eq!(sweep(&mut retention, &[]), ["1/a", "3/b"]);
    assert!(sweep(&mut retention, &[]).is_empty(), "each file is handed out once");
}

#[test]
fn the_base_of_a_pending_checkpoint_keeps_its_files() {
    let mut retention = Retention::new(1);
    retention.add(id(1), files(&["1/a"]));
    assert_eq!(retention.add(id(2), files(&["2/a"])), [id(1)]);
    assert!(sweep(&mut retention, &[1]).is_empty());
    assert_eq!(retention.add(id(3), files(&["1/a", "3/b"])), [id(2)]);
    assert_eq!(sweep(&mut retention, &[]), ["2/a"], "3 has taken 1/a over");
}

#[test]
fn a_checkpoint_overtaken_by_newer_ones_goes_itself() {
    let mut retention = Retention::new(1);
    retention.add(id(5), files(&["5/a"]));
    assert_eq!(retention.add(id(4), files(&["4/a"])), [id(4)]);
    assert_eq!(sweep(&mut retention, &[]), ["4/a"]);
    assert_eq!(retention.latest(), Some(id(5)));
}

#[test]
fn an_unconfirmed_checkpoint_protects_what_it_refers_to_until_a_newer_one_is_complete() {
    let mut retention = Retention::new(1);
    retention.add(id(1), files(&["1/a"]));
    retention.keep_unconfirmed(id(3), files(&["1/a", "3/b"]));
    assert_eq!(retention.add(id(2), files(&["2/a"])), [id(1)]);
    assert!(sweep(&mut retention, &[]).is_empty());
    assert_eq!(retention.add(id(4), files(&["2/a", "4/b"])), [id(2)]);
    assert_eq!(sweep(&mut retention, &[]), ["1/a"], "but never 3/b");
}

#[test]
fn what_earlier_processes_completed_is_owned() {
    let mut retention = Retention::new(1);
    retention.add(id(1), files(&["1/a"]));
    retention.keep_unconfirmed(id(2), files(&["1/a", "2/b"]));
    let retained = vec![(id(1), files(&["1/a"])), (id(2), files(&["1/a", "2/b"]))];
    retention.adopt(FoundCheckpoints { latest: Some(id(2)), retained });
    assert_eq!(retention.latest(), Some(id(2)));
    assert_eq!(retention.add(id(3), files(&["3/a"])), [id(1), id(2)]);
    assert_eq!(sweep(&mut retention, &[]), ["1/a", "2/b"]);
}

#[test]
fn what_is_owned_and_newer_than_what_is_restored_is_not_the_latest() {
    let mut retention = Retention::new(2);
    let retained = vec![(id(5), files(&["5/a"])), (id(6), files(&["6/a"]))];
    retention.adopt(FoundCheckpoints { latest: Some(id(5)), retained });
    assert_eq!(retention.latest(), Some(id(5)));
    assert_eq!(retention.add(id(7), files(&["7/a"])), [id(5)]);
}

/// Its block has no file, and a file without a name would be the job's whole folder.
#[test]
fn a_list_without_items_has_no_file() {
    let block = BlockReference { file: Arc::from(""), offset: 0, length: 0, checksum: 0, entries: 0 };
    let (name, redistribution) = ("splits".to_owned(), Redistribution::Split);
    let list = ListPart { name, redistribution, item: Shape::of::<u64>(), block };
    let operator = OperatorPart { operator: OperatorId::from_uid("a"), keyed: Vec::new(), lists: vec![list] };
    let part = SubtaskPart { operators: vec![operator], ..SubtaskPart::default() };
    assert_eq!(files_of(&part).count(), 0);
    assert_eq!(own_files(id(1), &part).count(), 0);
}
