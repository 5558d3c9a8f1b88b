//! Mistakes in a job.

use millstream::prelude::*;

#[test]
fn mistakes_are_found_before_anything_runs() {
    type Build = fn(&Environment);
    let cases: [(&str, Build, ErrorKind, &[&str]); 9] = [
        ("an empty job", |_| {}, ErrorKind::InvalidJob, &["no operators"]),
        (
            "a name twice",
            |env| {
                let numbers = env.from_collection(0..3_u64).name("numbers");
                numbers.map(|n| n).name("numbers").discard();
            },
            ErrorKind::InvalidJob,
            &["`numbers`", "used for two operators"],
        ),
        (
            "a uid twice",
            |env| {
                let numbers = env.from_collection(0..3_u64).uid("numbers");
                numbers.map(|n| n).uid("numbers").discard();
            },
            ErrorKind::InvalidJob,
            &["the uid `numbers` is used twice"],
        ),
        (
            "no subtasks",
            |env| {
                env.from_collection(0..3_u64).map(|n| n).name("nobody").parallelism(0).discard();
            },
            ErrorKind::InvalidJob,
            &["`nobody`", "parallelism of 0"],
        ),
        (
            "too many subtasks",
            |env| {
                let numbers = env.from_collection(0..3_u64).map(|n| n).name("crowd");
                numbers.max_parallelism(4).parallelism(5).discard();
            },
            ErrorKind::InvalidJob,
            &["`crowd`", "parallelism of 5", "max parallelism of 4"],
        ),
        (
            "a window without time",
            |env| {
                let numbers = env.from_collection(0..3_u64).key_by(|n| *n);
                let windows = numbers.window(TumblingEventTimeWindows::of(Duration::from_secs(1)));
                windows.count().name("timeless").discard();
            },
            ErrorKind::InvalidJob,
            &["`timeless`", "assign_timestamps_and_watermarks"],
        ),
        (
            "forward to another parallelism",
            |env| {
                let numbers = env.from_collection(0..3_u64).name("three").parallelism(3);
                numbers.forward().map(|n| n).name("two").parallelism(2).discard();
            },
            ErrorKind::InvalidJob,
            &["`three`", "parallelism 3 to parallelism 2", "`two`"],
        ),
        (
            "a file that is not there",
            |env| {
                env.from_source(FileSource::text("/no/such/file.txt")).name("lines").discard();
            },
            ErrorKind::InvalidInput,
            &["`lines`", "/no/such/file.txt"],
        ),
        (
            "a rate of nothing",
            |env| {
                let numbers = GeneratorSource::new(Some(3), |n| n).rate(0.0);
                env.from_source(numbers).name("still").discard();
            },
            ErrorKind::InvalidJob,
            &["`still`", "a rate of 0"],
        ),
    ];
    for (case, build, kind, parts) in cases {
        let env = Environment::new().parallelism(2).restart_strategy(RestartStrategy::None);
        build(&env);
        let error = env.execute("mistaken").unwrap_err();
        assert_eq!(error.kind(), kind, "{case}: {error}");
        for part in parts {
            assert!(error.to_string().contains(part), "{case}: `{part}` is missing in: {error}");
        }
    }
}
