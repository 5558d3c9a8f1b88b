use std::collections::BTreeMap;
use std::time::Duration;

use millstream_connectors::files::PartitionStatus;
use millstream_state::Timestamp;

use super::{CommitOptions, is_complete};
use crate::connectors::Options;
use crate::connectors::filesystem::Partitioning;

fn options(options: &[(&str, &str)]) -> Result<Option<CommitOptions>, String> {
    let pairs = options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let mut options = Options::new(pairs.collect::<BTreeMap<_, _>>());
    let taken = CommitOptions::take(&mut options, &partitioning());
    options.finish().unwrap();
    taken.map_err(|error| error.message().to_owned())
}

fn partitioning() -> Partitioning {
    Partitioning::of(&["dt", "hm"])
}

const POLICY: (&str, &str) = ("sink.partition-commit.policy.kind", "success-file");
const TRIGGER: &str = "sink.partition-commit.trigger";
const PATTERN: &str = "partition.time-extractor.timestamp-pattern";

/// Whether a folder is complete at a watermark, in milliseconds.
fn at_watermark(commit: &CommitOptions, folder: &str, watermark: i64) -> Result<bool, String> {
    let status = PartitionStatus {
        folder,
        created: Timestamp::from_millis(0),
        now: Timestamp::from_millis(0),
        watermark: Timestamp::from_millis(watermark),
    };
    let delay = i64::try_from(commit.delay.as_millis()).unwrap();
    is_complete(&commit.trigger, delay, &partitioning(), &status)
}

#[test]
fn a_folder_is_complete_when_the_watermark_has_passed_its_time() {
    let commit = options(&[
        POLICY,
        (TRIGGER, "partition-time"),
        (PATTERN, "$dt $hm:00"),
        ("sink.partition-commit.delay", "1 min"),
    ]);
    let commit = commit.unwrap().unwrap();
    // 00:02 and a minute.
    assert_eq!(at_watermark(&commit, "dt=1970-01-01/hm=00%3A02", 180_000), Ok(false));
    assert_eq!(at_watermark(&commit, "dt=1970-01-01/hm=00%3A02", 180_001), Ok(true));
    let error = at_watermark(&commit, "dt=1970-01-01/hm=late", 0).unwrap_err();
    assert!(error.starts_with("'1970-01-01 late:00' is no time"), "{error}");
}

#[test]
fn the_watermark_may_be_of_another_zone() {
    let commit = options(&[
        POLICY,
        (TRIGGER, "partition-time"),
        ("sink.partition-commit.watermark-time-zone", "Asia/Shanghai"),
    ]);
    let commit = commit.unwrap().unwrap();
    // The first column alone, a date: midnight in Shanghai is 16:00 of the day before.
    assert_eq!(at_watermark(&commit, "dt=1970-01-02/hm=7", 16 * 3_600_000), Ok(false));
    assert_eq!(at_watermark(&commit, "dt=1970-01-02/hm=7", 16 * 3_600_000 + 1), Ok(true));
}

#[test]
fn times_are_read_in_other_formats() {
    let commit = options(&[
        POLICY,
        (TRIGGER, "partition-time"),
        (PATTERN, "$dt$hm"),
        ("partition.time-extractor.timestamp-formatter", "yyyyMMddHH"),
    ]);
    let commit = commit.unwrap().unwrap();
    assert_eq!(at_watermark(&commit, "dt=19700102/hm=03", 27 * 3_600_000), Ok(false));
    assert_eq!(at_watermark(&commit, "dt=19700102/hm=03", 27 * 3_600_000 + 1), Ok(true));
}

#[test]
fn by_the_clock_a_folder_is_complete_after_a_while() {
    let commit = options(&[POLICY, ("sink.partition-commit.delay", "10 s")]).unwrap().unwrap();
    let at = |now| {
        let status = PartitionStatus {
            folder: "dt=1/hm=2",
            created: Timestamp::from_millis(1_000),
            now: Timestamp::from_millis(now),
            watermark: Timestamp::MIN,
        };
        is_complete(&commit.trigger, 10_000, &partitioning(), &status)
    };
    assert_eq!(commit.delay, Duration::from_secs(10));
    assert_eq!((at(11_000), at(11_001)), (Ok(false), Ok(true)));
    // Without a delay, with the next checkpoint.
    let commit = options(&[POLICY]).unwrap().unwrap();
    assert_eq!(at_watermark(&commit, "dt=1/hm=2", i64::MIN), Ok(true));
}

#[test]
fn options_are_checked() {
    assert!(options(&[(TRIGGER, "partition-time")]).unwrap().is_none(), "without a policy nothing happens");
    let cases: [(&[(&str, &str)], &str); 6] = [
        (&[(TRIGGER, "sometimes")], "Unsupported partition commit trigger: sometimes"),
        (&[("sink.partition-commit.policy.kind", "metastore,success-file")], "for a hive table"),
        (&[("sink.partition-commit.policy.kind", "custom")], "its class is one of Java"),
        (&[("sink.partition-commit.policy.kind", "other")], "Unsupported policy: other"),
        (&[("partition.time-extractor.class", "com.Mine")], "it is a class of Java"),
        (
            &[(TRIGGER, "partition-time"), ("sink.partition-commit.watermark-time-zone", "Mars")],
            "Invalid value 'Mars'",
        ),
    ];
    for (given, expected) in cases {
        let error = options(given).map(|options| options.is_some()).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}
