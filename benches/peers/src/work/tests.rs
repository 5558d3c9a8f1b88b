//! Every engine gives the reference's answer.

use super::all;
use crate::engine::ENGINES;

#[test]
fn engines_agree_with_the_reference() {
    for (name, prepare) in all() {
        // 250,000 events: 25 s of event time, and so several windows.
        let work = prepare(0.05);
        let expected = (work.reference)();
        assert_ne!(expected, Default::default(), "{name} has no results");
        assert!(work.engines[0].is_some(), "{name} says nothing about {}", ENGINES[0]);
        for (engine, run) in ENGINES.iter().zip(&work.engines) {
            if let Some(run) = run {
                assert_eq!(run().answer, expected, "{name} on {engine}");
            }
        }
    }
}
