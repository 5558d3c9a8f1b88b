//! Three nodes, of which one dies and comes back, again and again: leaders and coordinators change while a job runs.

use std::time::{Duration, Instant};

use super::broker::{Broker, Replicas};
use super::how_often::kills;
use super::jobs::{CountKeys, assert_same, counted, records};
use super::kills::latest_checkpoint;
use super::process::start;

/// How long the cluster, or the job, may take for a step.
const PATIENCE: Duration = Duration::from_secs(120);

/// How many records there are for each round, of which the job must not run out before the last.
const RECORDS_A_ROUND: u64 = 25_000;

/// Of which partitions the leaders are killed, in turns: what is read, who decides on transactions, and what is written.
const LED: [&str; 3] = ["in-0", "__transaction_state-0", "out-0"];

fn wait_for<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "still waiting for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn await_replicas(cluster: &Broker, what: &str, holds: impl Fn(&Replicas) -> bool) -> Vec<Replicas> {
    wait_for(what, || Some(cluster.replicas()).filter(|all| all.iter().all(&holds)))
}

#[test]
fn leaders_that_change_lose_and_repeat_nothing() {
    let Some(cluster) = Broker::start_cluster() else { return };
    cluster.create_topic("in", 3);
    cluster.create_topic("out", 2);
    let rounds = kills(2);
    let input = records(u64::from(rounds) * RECORDS_A_ROUND, 500);
    cluster.produce("in", &input);
    let folder = tempfile::tempdir().unwrap();
    let (snapshots, log) = (folder.path().join("snapshots"), folder.path().join("process.log"));
    let disturbed = folder.path().join("disturbed");
    std::fs::write(&disturbed, "").unwrap();
    let job = CountKeys {
        pause_every: 5,
        pause_while: Some(disturbed.clone()),
        ..CountKeys::new(cluster.servers(), "in", "out")
    };
    let mut process = start(&job, &snapshots, &log);
    let await_checkpoint = |process: &mut super::support::Process| {
        let before = latest_checkpoint(&snapshots);
        wait_for("a checkpoint", || {
            let said = || std::fs::read_to_string(&log).unwrap_or_default();
            assert!(process.ended().is_none(), "the job has ended too early:\n{}", said());
            (latest_checkpoint(&snapshots) > before).then_some(())
        });
    };
    await_checkpoint(&mut process);
    let began = Instant::now();
    let note = |round: u32, what: &str| eprintln!("round {round}: {what} after {:.1?}", began.elapsed());
    for round in 0..rounds {
        let led = LED[round as usize % LED.len()];
        let all = await_replicas(&cluster, "all replicas", |it| it.in_sync == 3 && it.leader.is_some());
        let victim = all.iter().find(|found| found.partition == led).unwrap().leader.unwrap();
        note(round, &format!("all is well, and node {victim} dies"));
        cluster.kill_node(victim);
        if round % 2 == 1 {
            // So the job, too, has to find out that a node is gone.
            drop(process);
            process = start(&job, &snapshots, &log);
        }
        await_replicas(&cluster, "other leaders", |it| it.leader.is_some_and(|leader| leader != victim));
        note(round, "other leaders");
        // Two nodes are enough.
        await_checkpoint(&mut process);
        note(round, "a checkpoint without the node");
        cluster.restart_node(victim);
        await_replicas(&cluster, "all replicas", |it| it.in_sync == 3);
        cluster.elect_preferred_leaders();
        await_checkpoint(&mut process);
    }
    std::fs::remove_file(disturbed).unwrap();
    let status = wait_for("the end of the job", || process.ended());
    let said = std::fs::read_to_string(&log).unwrap();
    assert!(status.success(), "the job has failed: {status}\n{said}");
    // It waited for a minute for what a node would tell that is gone, and began anew then.
    assert!(!said.contains("cannot list the transactions"), "a node that is gone stops the job:\n{said}");
    assert_same(&cluster.committed("out", input.len()), &counted(&input), "after changes of leaders");
}
