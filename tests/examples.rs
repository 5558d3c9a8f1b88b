//! Every example runs, and says what it should.

use std::path::Path;
use std::process::Command;

use crate::support::process::{assert_same_lines, committed_lines, example, fail, succeed, text};

/// An example that writes into `folder`.
fn command(name: &str, folder: &Path) -> Command {
    let mut command = example(name);
    command.arg("--output").arg(folder.join("output")).arg("--snapshots").arg(folder.join("snapshots"));
    command
}

#[test]
fn word_count_counts_words() {
    let folder = tempfile::tempdir().unwrap();
    let poem = folder.path().join("poem.txt");
    std::fs::write(&poem, "To be, or not to be:\nthat is the question.\n").unwrap();
    let printed = succeed(command("word_count", folder.path()).arg("--text").arg(&poem));
    let (first, last) = (printed.lines().next().unwrap(), printed.lines().last().unwrap());
    assert_eq!(first, "       2  be");
    assert!(last.starts_with("10 words, 8 different ones"), "{printed}");
    assert_eq!(
        committed_lines(&folder.path().join("output")),
        ["be,1", "be,2", "is,1", "not,1", "or,1", "question,1", "that,1", "the,1", "to,1", "to,2"]
    );

    let printed = succeed(&mut command("word_count", folder.path()));
    assert!(printed.contains(" words, "), "it has a text of its own: {printed}");
}

#[test]
fn fraud_detection_finds_the_same_frauds_at_every_parallelism_and_after_a_death() {
    let run = |parallelism: u32| {
        let folder = tempfile::tempdir().unwrap();
        let printed =
            succeed(command("fraud_detection", folder.path()).arg(format!("--parallelism={parallelism}")));
        assert!(printed.contains("alerts for 100000 transactions of 500 accounts"), "{printed}");
        committed_lines(&folder.path().join("output"))
    };
    let alerts = run(1);
    assert!(alerts.len() > 100, "{} alerts", alerts.len());
    for parallelism in 2..=4 {
        assert_same_lines(&run(parallelism), &alerts, &format!("parallelism {parallelism}"));
    }

    let folder = tempfile::tempdir().unwrap();
    let mut dying = command("fraud_detection", folder.path());
    dying.args(["--rate=100000", "--kill-after=50000", "--checkpoint-interval=20", "--parallelism=2"]);
    let said = text(&dying.output().unwrap());
    assert!(said.contains("killed after 50000 records"), "{said}");
    let mut restored = command("fraud_detection", folder.path());
    succeed(restored.arg("--parallelism=3").arg("--restore").arg(folder.path().join("snapshots")));
    assert_same_lines(&committed_lines(&folder.path().join("output")), &alerts, "after a death");
}

#[test]
fn rescale_says_that_nothing_is_lost_and_inspect_shows_its_savepoints() {
    let folder = tempfile::tempdir().unwrap();
    let printed = succeed(command("rescale", folder.path()).args(["--visits=40000", "--parallelism=2,4,1"]));
    for part in
        ["with a savepoint", "subtask 3 of `numbers` held key groups 96 to 127", "each was numbered once"]
    {
        assert!(printed.contains(part), "`{part}` is missing: {printed}");
    }

    let snapshots = folder.path().join("snapshots");
    let shown = succeed(example("inspect").arg(snapshots.join("savepoint-2")));
    for part in
        ["savepoint ", "of job `rescale`", "uid `numbers`", "parallelism 4, at most 128", "by key u64"]
    {
        assert!(shown.contains(part), "`{part}` is missing: {shown}");
    }
    assert!(!shown.contains("shared"), "a savepoint is self-contained: {shown}");
    let shown = succeed(example("inspect").arg(&snapshots));
    assert!(shown.contains("checkpoint ") && shown.contains("\n* chk-"), "{shown}");

    let manifest = snapshots.join("savepoint-1/manifest");
    let whole = std::fs::read(&manifest).unwrap();
    std::fs::write(&manifest, &whole[..whole.len() / 2]).unwrap();
    let said = fail(example("inspect").arg(snapshots.join("savepoint-1")));
    assert!(said.contains("savepoint-1/manifest"), "the error names the file: {said}");
}

#[test]
fn flight_delays_explains_itself_and_prints_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let explained = succeed(command("flight_delays", folder.path()).arg("--explain"));
    assert!(explained.contains("flights") && explained.contains("key group"), "{explained}");
    assert!(!folder.path().join("output").exists(), "explaining runs nothing");
    let printed = succeed(&mut command("flight_delays", folder.path()));
    assert!(printed.contains("28000 hourly and 2919 daily windows, 2018 cancelled flights"), "{printed}");
}
