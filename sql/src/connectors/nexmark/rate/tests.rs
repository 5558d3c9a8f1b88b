use super::Schedule;
use crate::connectors::nexmark::Options;

fn schedule(options: &[(&str, &str)]) -> Schedule {
    let options = [&[("base-time", "0")], options].concat();
    Schedule::new(&Options::parse(options).unwrap())
}

/// `(long) (number * (1000000.0 / rate)) / 1000L` of Java's doubles.
#[test]
fn a_constant_rate_is_rounded_as_in_java() {
    let cases = [
        ("3", 1, 333),
        ("3", 2, 666),
        ("3", 3, 1000),
        ("3", 98, 32_666),
        ("3", 99, 32_999),
        ("3", 100, 33_333),
        ("3", 1_000_003, 333_334_333),
        ("7", 700, 100_000),
        ("20000000", 19_999, 0),
        ("20000000", 20_000, 1),
        ("20000000", 1_000_000_000_000, 50_000_000),
    ];
    for (rate, number, expected) in cases {
        let schedule = schedule(&[("first-event.rate", rate), ("next-event.rate", rate)]);
        assert_eq!(schedule.timestamp_millis(number), expected, "{rate} {number}");
    }
}

#[test]
fn a_square_changes_the_rate_twice_in_a_period() {
    let schedule =
        schedule(&[("first-event.rate", "10"), ("next-event.rate", "100"), ("rate.period", "4 s")]);
    // 20 events in two seconds, 200 in the next two.
    let cases = [
        (0, 0),
        (1, 100),
        (19, 1900),
        (20, 2000),
        (21, 2010),
        (219, 3990),
        (220, 4000),
        (221, 4100),
        (22_000, 400_000),
        (22_021, 402_010),
    ];
    for (number, expected) in cases {
        assert_eq!(schedule.timestamp_millis(number), expected, "{number}");
    }
}

#[test]
fn a_sine_has_ten_steps_from_the_first_rate_to_the_next_and_back() {
    let schedule = schedule(&[
        ("first-event.rate", "100"),
        ("next-event.rate", "200"),
        ("rate.period", "100 s"),
        ("rate.shape", "sine"),
    ]);
    // 150 - 50 * cos(36 degrees * step).
    let rates = [100, 110, 135, 165, 190, 200, 190, 165, 135, 110];
    let mut number = 0;
    for second in 0..200 {
        // Within a step, microseconds between events are rounded.
        let early = second * 1000 - schedule.timestamp_millis(number);
        assert!(early == 0 || early == 1 && second % 10 > 0, "{early} {second}");
        number += rates[second as usize / 10 % 10];
    }
}

#[test]
fn time_never_goes_back() {
    for shape in ["SQUARE", "SINE"] {
        let schedule = schedule(&[
            ("first-event.rate", "977"),
            ("next-event.rate", "13"),
            ("rate.period", "7 s"),
            ("rate.shape", shape),
        ]);
        let times: Vec<i64> = (0..100_000).map(|number| schedule.timestamp_millis(number)).collect();
        assert!(times.is_sorted(), "{shape}");
        assert!(times.last() > Some(&100_000));
    }
}
