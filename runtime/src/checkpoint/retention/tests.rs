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
    assert_eq!(retention.add(id(1), files(&["1/a", "1/b"])), None);
    assert_eq!(retention.add(id(2), files(&["1/a", "2/b"])), None);
    assert!(sweep(&mut retention, &[]).is_empty());
    assert_eq!(retention.add(id(3), files(&["1/a", "3/b"])), Some(id(1)));
    assert_eq!(sweep(&mut retention, &[]), ["1/b"]);
    assert_eq!(retention.add(id(4), files(&["4/a", "4/b"])), Some(id(2)));
    assert_eq!(sweep(&mut retention, &[]), ["2/b"]);
    assert_eq!(retention.add(id(5), files(&["5/a", "5/b"])), Some(id(3)));
    assert_eq!(sweep(&mut retention, &[]), ["1/a", "3/b"]);
    assert!(sweep(&mut retention, &[]).is_empty(), "each file is handed out once");
}

#[test]
fn the_base_of_a_pending_checkpoint_keeps_its_files() {
    let mut retention = Retention::new(1);
    retention.add(id(1), files(&["1/a"]));
    assert_eq!(retention.add(id(2), files(&["2/a"])), Some(id(1)));
    assert!(sweep(&mut retention, &[1]).is_empty());
    assert_eq!(retention.add(id(3), files(&["1/a", "3/b"])), Some(id(2)));
    assert_eq!(sweep(&mut retention, &[]), ["2/a"], "3 has taken 1/a over");
}

#[test]
fn a_checkpoint_overtaken_by_newer_ones_goes_itself() {
    let mut retention = Retention::new(1);
    retention.add(id(5), files(&["5/a"]));
    assert_eq!(retention.add(id(4), files(&["4/a"])), Some(id(4)));
    assert_eq!(sweep(&mut retention, &[]), ["4/a"]);
    assert_eq!(retention.latest(), Some(id(5)));
}

#[test]
fn a_doubtful_manifest_protects_what_it_refers_to_until_a_newer_one_is_complete() {
    let mut retention = Retention::new(1);
    retention.add(id(1), files(&["1/a"]));
    retention.doubt(id(3), files(&["1/a", "3/b"]));
    assert_eq!(retention.add(id(2), files(&["2/a"])), Some(id(1)));
    assert!(sweep(&mut retention, &[]).is_empty());
    assert_eq!(retention.add(id(4), files(&["2/a", "4/b"])), Some(id(2)));
    assert_eq!(sweep(&mut retention, &[]), ["1/a"], "but never 3/b");
}
