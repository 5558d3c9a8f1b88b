use millstream_state::Timestamp;

use super::*;
use crate::checkpoint::SnapshotTarget;

fn barrier(number: u64, mode: CheckpointMode) -> Arc<Barrier> {
    let target = SnapshotTarget::Checkpoint { base: None };
    Arc::new(Barrier { checkpoint: CheckpointId::new(number), triggered: Timestamp::MIN, mode, target })
}

fn exactly(number: u64) -> Arc<Barrier> {
    barrier(number, CheckpointMode::ExactlyOnce)
}

const fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn inputs_wait_for_each_other() {
    let mut alignment = Alignment::new(2);
    assert_eq!(alignment.barrier(0, exactly(1), at(10)), BarrierAction::Wait);
    assert!(alignment.is_blocked(0) && !alignment.is_blocked(1));
    let done = BarrierAction::Snapshot { barrier: exactly(1), alignment: at(5) };
    assert_eq!(alignment.barrier(1, exactly(1), at(15)), done);
    assert!(!alignment.is_blocked(0) && !alignment.is_blocked(1));
}

#[test]
fn an_aborted_checkpoint_blocks_nobody_and_its_late_barriers_are_ignored() {
    let mut alignment = Alignment::new(2);
    alignment.barrier(0, exactly(1), at(0));
    alignment.abort(CheckpointId::new(1));
    assert!(!alignment.is_blocked(0));
    assert_eq!(alignment.barrier(1, exactly(1), at(1)), BarrierAction::Wait);
    assert!(!alignment.is_blocked(1));
}

#[test]
fn a_later_barrier_overtakes_a_dropped_checkpoint() {
    let mut alignment = Alignment::new(2);
    alignment.barrier(0, exactly(1), at(0));
    assert_eq!(alignment.barrier(1, exactly(2), at(1)), BarrierAction::Wait);
    assert!(!alignment.is_blocked(0), "input 0 is read on, towards barrier 2");
    assert!(alignment.is_blocked(1));
    assert!(matches!(alignment.barrier(0, exactly(2), at(2)), BarrierAction::Snapshot { .. }));
    assert!(!alignment.is_blocked(1));
}

#[test]
fn an_abort_of_an_earlier_checkpoint_leaves_a_later_one_alone() {
    let mut alignment = Alignment::new(2);
    alignment.barrier(0, exactly(2), at(0));
    alignment.abort(CheckpointId::new(1));
    assert!(alignment.is_blocked(0));
    assert!(matches!(alignment.barrier(1, exactly(2), at(0)), BarrierAction::Snapshot { .. }));
}

#[test]
fn a_late_barrier_of_an_aborted_checkpoint_does_not_hold_up_the_next() {
    let mut alignment = Alignment::new(2);
    alignment.barrier(0, exactly(2), at(0));
    alignment.abort(CheckpointId::new(1));
    assert_eq!(alignment.barrier(1, exactly(1), at(1)), BarrierAction::Wait);
    assert!(!alignment.is_blocked(1), "barrier 2 is behind it");
    assert!(matches!(alignment.barrier(1, exactly(2), at(2)), BarrierAction::Snapshot { .. }));
}

#[test]
fn an_abort_of_a_later_checkpoint_leaves_an_earlier_one_alone() {
    let mut alignment = Alignment::new(2);
    alignment.abort(CheckpointId::new(2));
    alignment.barrier(0, exactly(1), at(0));
    assert!(matches!(alignment.barrier(1, exactly(1), at(0)), BarrierAction::Snapshot { .. }));
    assert_eq!(alignment.barrier(0, exactly(2), at(0)), BarrierAction::Wait);
    assert!(!alignment.is_blocked(0));
}

#[test]
fn at_least_once_blocks_nothing_and_lets_checkpoints_overlap() {
    let loose = |number| barrier(number, CheckpointMode::AtLeastOnce);
    let mut alignment = Alignment::new(2);
    alignment.barrier(0, loose(1), at(0));
    alignment.barrier(0, loose(2), at(1));
    assert!(!alignment.is_blocked(0));
    assert!(matches!(alignment.barrier(1, loose(1), at(2)), BarrierAction::Snapshot { .. }));
    assert!(matches!(alignment.barrier(1, loose(2), at(3)), BarrierAction::Snapshot { .. }));
}

#[test]
fn a_single_input_never_waits() {
    let mut alignment = Alignment::new(1);
    for number in 1..4 {
        assert!(matches!(alignment.barrier(0, exactly(number), at(0)), BarrierAction::Snapshot { .. }));
    }
}

#[test]
fn a_task_that_is_unaligned_waits_no_longer() {
    let mut alignment = Alignment::new(2);
    alignment.barrier(0, exactly(1), at(10));
    assert!(alignment.is_blocked(0));
    let unaligned = alignment.unalign(CheckpointId::new(1), [true, true].into_iter(), at(25));
    assert_eq!(unaligned, Unalignment::Now { awaited: vec![false, true], alignment: at(15) });
    assert!(!alignment.is_blocked(0));
    assert_eq!(alignment.barrier(1, exactly(1), at(30)), BarrierAction::Wait, "it has been cut");
    let again = alignment.unalign(CheckpointId::new(1), [true, true].into_iter(), at(31));
    assert_eq!(again, Unalignment::Settled);
}

#[test]
fn the_barriers_of_some_inputs_are_waited_for_all_the_same() {
    let mut alignment = Alignment::new(2);
    let unalign =
        |alignment: &mut Alignment| alignment.unalign(CheckpointId::new(1), [true, false].into_iter(), at(0));
    assert_eq!(unalign(&mut alignment), Unalignment::Later);
    alignment.barrier(1, exactly(1), at(0));
    let now = Unalignment::Now { awaited: vec![true, false], alignment: at(0) };
    assert_eq!(unalign(&mut alignment), now);
}

#[test]
fn a_checkpoint_does_not_overtake_one_before_it() {
    let mut alignment = Alignment::new(2);
    alignment.barrier(0, exactly(1), at(0));
    let later = alignment.unalign(CheckpointId::new(2), [true, true].into_iter(), at(0));
    assert_eq!(later, Unalignment::Later);
    alignment.abort(CheckpointId::new(2));
    let settled = alignment.unalign(CheckpointId::new(2), [true, true].into_iter(), at(0));
    assert_eq!(settled, Unalignment::Settled);
}

#[test]
fn rounds_of_records_that_are_sent_again_are_not_mixed() {
    let mut alignment = Alignment::new(2).expecting_replay();
    assert!(!alignment.is_blocked(0) && !alignment.is_blocked(1));
    alignment.replayed(0, false);
    assert!(alignment.is_blocked(0) && !alignment.is_blocked(1));
    let later = alignment.unalign(CheckpointId::new(1), [true, true].into_iter(), at(0));
    assert_eq!(later, Unalignment::Later, "first they are worked off");
    alignment.replayed(1, false);
    assert!(!alignment.is_blocked(0) && !alignment.is_blocked(1));
    alignment.replayed(1, true);
    assert!(!alignment.is_blocked(0) && alignment.is_blocked(1));
    alignment.replayed(0, true);
    assert!(!alignment.is_blocked(0) && !alignment.is_blocked(1));
}
