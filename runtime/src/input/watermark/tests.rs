use proptest::prelude::*;

use super::*;

const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

#[test]
fn the_slowest_active_input_decides() {
    let mut merger = WatermarkMerger::new(2);
    assert_eq!(merger.watermark(0, at(5)), Merged::default());
    assert_eq!(merger.watermark(1, at(3)).watermark, Some(at(3)));
    assert_eq!(merger.watermark(1, at(9)).watermark, Some(at(5)));
    assert_eq!(merger.status(0, StreamStatus::Idle).watermark, Some(at(9)), "an idle input is left out");
    assert_eq!(merger.status(0, StreamStatus::Active), Merged::default(), "and never pulls back");
    assert_eq!(merger.watermark(1, at(12)), Merged::default());
    assert_eq!(merger.end(0).watermark, Some(at(12)), "an ended input is waited for no more");
    assert_eq!(merger.end(1).watermark, Some(Timestamp::MAX));
}

#[test]
fn the_stream_is_idle_when_all_inputs_are() {
    let mut merger = WatermarkMerger::new(2);
    merger.watermark(0, at(5));
    assert_eq!(merger.status(1, StreamStatus::Idle), Merged { watermark: Some(at(5)), status: None });
    assert_eq!(merger.status(0, StreamStatus::Idle).status, Some(StreamStatus::Idle));
    assert_eq!(merger.status(1, StreamStatus::Active).status, Some(StreamStatus::Active));
}

#[test]
fn it_does_not_matter_whether_an_input_is_idle_before_or_after_the_others_have_ended() {
    for idle_after in 0..=2 {
        let mut merger = WatermarkMerger::new(2);
        let mut risen = None;
        let steps: [&dyn Fn(&mut WatermarkMerger) -> Merged; 2] =
            [&|merger| merger.watermark(1, at(20)), &|merger| merger.end(1)];
        for (number, step) in steps.iter().enumerate() {
            if number == idle_after {
                risen = risen.max(merger.status(0, StreamStatus::Idle).watermark);
            }
            risen = risen.max(step(&mut merger).watermark);
        }
        if idle_after == 2 {
            risen = risen.max(merger.status(0, StreamStatus::Idle).watermark);
        }
        assert_eq!(risen, Some(at(20)), "idle after {idle_after} steps");
    }
}

#[test]
fn an_ended_input_does_not_speak_for_an_idle_one() {
    let mut merger = WatermarkMerger::new(2);
    merger.watermark(0, at(5));
    merger.status(0, StreamStatus::Idle);
    let merged = merger.end(1);
    assert_eq!(merged, Merged { watermark: Some(at(5)), status: Some(StreamStatus::Idle) });
    assert_eq!(merger.end(0).watermark, Some(Timestamp::MAX));
}

proptest! {
    /// Whatever comes: the merged watermark only rises, and never passes an active input that has kept up.
    #[test]
    fn merged_watermarks_rise(steps in prop::collection::vec((0_usize..3, 0_u8..4, -50_i64..50), 0..60)) {
        let mut merger = WatermarkMerger::new(3);
        let mut inputs = [(Timestamp::MIN, false); 3];
        let mut last = Timestamp::MIN;
        for (index, what, value) in steps {
            let before = inputs[index];
            let merged = match what {
                0 | 1 => { inputs[index].0 = before.0.max(at(value)); merger.watermark(index, at(value)) }
                2 => { inputs[index].1 = true; merger.status(index, StreamStatus::Idle) }
                _ => { inputs[index].1 = false; merger.status(index, StreamStatus::Active) }
            };
            if let Some(watermark) = merged.watermark {
                prop_assert!(watermark > last);
                last = watermark;
            }
            prop_assert_eq!(merger.current(), last);
            let expected = inputs.iter().filter(|(_, idle)| !idle).map(|(watermark, _)| *watermark).min();
            if let Some(expected) = expected {
                prop_assert!(last >= expected);
            }
        }
    }
}
