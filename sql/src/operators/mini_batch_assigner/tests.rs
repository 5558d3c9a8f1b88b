use std::time::Duration;

use millstream_runtime::chain::Operator;
use millstream_runtime::testing::{Emitted, OperatorHarness};
use millstream_state::Timestamp;

use super::{ClockMarkers, WatermarkMarkers};
use crate::chunk::Chunk;
use crate::test_support::{chunk, schema};

fn watermarks(harness: &OperatorHarness<Chunk, Chunk>) -> Vec<i64> {
    let emitted = harness.take_emitted().into_iter();
    let watermarks = emitted.filter_map(|emitted| match emitted {
        Emitted::Watermark(watermark) => Some(watermark.as_millis()),
        _ => None,
    });
    watermarks.collect()
}

fn open(operator: impl Operator<Chunk, Chunk>) -> OperatorHarness<Chunk, Chunk> {
    OperatorHarness::new(operator).unwrap()
}

#[test]
fn the_clock_gives_a_marker_each_interval() {
    let mut harness = open(ClockMarkers::new(1_000));
    harness.poll().unwrap();
    let start = harness.now().as_millis() / 1_000 * 1_000;
    watermarks(&harness);
    harness.watermark(Timestamp::from_millis(77)).unwrap();
    assert!(watermarks(&harness).is_empty(), "watermarks of the input mean nothing");
    harness.advance(Duration::from_millis(2_500)).unwrap();
    let markers = watermarks(&harness);
    assert!(markers.iter().all(|marker| marker % 1_000 == 0 && *marker > start), "{markers:?}");
    assert_eq!(markers.last(), Some(&(start + 2_000)));
    let rows = chunk(&schema(&[("a", "INT")]), &["+I[1]"]);
    harness.push(rows, Timestamp::MIN).unwrap();
    assert!(watermarks(&harness).is_empty(), "the interval is the same");
    harness.watermark(Timestamp::MAX).unwrap();
    assert_eq!(watermarks(&harness), [Timestamp::MAX.as_millis()]);
}

#[test]
fn one_watermark_an_interval_is_let_through() {
    let mut harness = open(WatermarkMarkers::new(10));
    let mut given = |millis: &[i64]| {
        for millis in millis {
            harness.watermark(Timestamp::from_millis(*millis)).unwrap();
        }
        watermarks(&harness)
    };
    assert!(given(&[1, 5, 8]).is_empty());
    assert_eq!(given(&[9, 10, 18]), [9]);
    assert_eq!(given(&[25]), [25]);
    assert_eq!(given(&[26, 28, 29, 39]), [29, 39]);
    assert!(given(&[41]).is_empty());
    assert_eq!(given(&[i64::MAX]), [i64::MAX]);
}
