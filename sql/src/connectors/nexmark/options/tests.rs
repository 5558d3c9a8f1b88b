use super::{OptionError, Options, RateShape};

/// The example of Nexmark's `NexmarkTableSourceFactoryTest`.
#[test]
fn values_are_read_as_flink_reads_them() {
    let options = Options::parse([
        ("connector", "nexmark"),
        ("rate.shape", "SINE"),
        ("rate.period", "11 min"),
        ("rate.limited", "true"),
        ("first-event.rate", "99"),
        ("next-event.rate", "199"),
        ("person.avg-size", "1kb"),
        ("auction.avg-size", "5kb"),
        ("bid.avg-size", "8kb"),
        ("person.proportion", "30"),
        ("auction.proportion", "15"),
        ("bid.proportion", "5"),
        ("bid.hot-ratio.auctions", "3"),
        ("bid.hot-ratio.bidders", "5"),
        ("auction.hot-ratio.sellers", "8"),
        ("events.num", "100"),
        ("keep-alive", "true"),
        ("stop-at", "90"),
        ("max-emit-speed", "false"),
        ("base-time", "-1000"),
        ("out-of-order.group-size", "7"),
        ("seed", "18446744073709551615"),
    ]);
    let expected = Options {
        rate_shape: RateShape::Sine,
        rate_period_seconds: 11 * 60,
        first_event_rate: 99,
        next_event_rate: 199,
        person_average_size: 1024,
        auction_average_size: 5 * 1024,
        bid_average_size: 8 * 1024,
        person_proportion: 30,
        auction_proportion: 15,
        bid_proportion: 5,
        hot_auctions_ratio: 3,
        hot_bidders_ratio: 5,
        hot_sellers_ratio: 8,
        events: 100,
        keep_alive: true,
        stop_at: Some(90),
        max_emit_speed: false,
        base_time_millis: -1000,
        out_of_order_group_size: 7,
        seed: u64::MAX,
    };
    assert_eq!(options, Ok(expected));
}

#[test]
fn without_options_the_defaults_are_nexmarks() {
    let options = Options::parse::<&str, &str>([]).unwrap();
    assert_eq!(options, Options::default());
    assert_eq!((options.first_event_rate, options.next_event_rate), (10_000, 10_000));
    assert_eq!((options.person_proportion, options.auction_proportion, options.bid_proportion), (1, 3, 46));
    assert_eq!((options.event_count(), options.keep_alive(), options.max_emit_speed()), (None, false, true));
}

#[test]
fn a_later_option_replaces_an_earlier_one() {
    let options = Options::parse([("seed", "1"), ("seed", "2")]).unwrap();
    assert_eq!(options, Options { seed: 2, ..Options::default() });
}

#[test]
fn events_end_at_whichever_end_comes_first() {
    let count =
        |events, stop| Options::parse([("events.num", events), ("stop-at", stop)]).unwrap().event_count();
    let cases = [
        ("0", "-1", None),
        ("0", "0", Some(0)),
        ("7", "-1", Some(7)),
        ("7", "5", Some(5)),
        ("7", "9", Some(7)),
        ("0", "9", Some(9)),
    ];
    for (events, stop, expected) in cases {
        assert_eq!(count(events, stop), expected, "{events} {stop}");
    }
}

#[test]
fn sizes_and_times_have_units() {
    let size = |text| Options::parse([("bid.avg-size", text)]).map(|options| options.bid_average_size).ok();
    let cases = [
        ("100", Some(100)),
        ("100b", Some(100)),
        (" 3 Bytes ", Some(3)),
        ("2 kb", Some(2048)),
        ("2K", Some(2048)),
        ("1 mebibytes", Some(1 << 20)),
        ("1g", Some(1 << 30)),
        ("2g", None),
        ("18446744073709551615 t", None),
        ("1 zb", None),
        ("-1", None),
        ("kb", None),
        ("", None),
        ("1.5 kb", None),
    ];
    for (text, expected) in cases {
        assert_eq!(size(text), expected, "{text}");
    }
    let period =
        |text| Options::parse([("rate.period", text)]).map(|options| options.rate_period_seconds).ok();
    let cases = [
        ("600 s", Some(600)),
        ("1500", Some(1)),
        ("999", None),
        ("2 hours", Some(7200)),
        ("1d", Some(86_400)),
        ("10 Min", Some(600)),
        ("3000000 µs", Some(3)),
        ("9000000000 ns", Some(9)),
        ("10 fortnights", None),
        ("9999999 d", None),
    ];
    for (text, expected) in cases {
        assert_eq!(period(text), expected, "{text}");
    }
}

#[test]
fn errors_say_what_is_wrong_and_what_would_be_right() {
    let message = |key: &str, value: &str| Options::parse([(key, value)]).unwrap_err().to_string();
    let cases = [
        (
            "event.num",
            "1",
            "unsupported option 'event.num' for connector 'nexmark': did you mean 'events.num'?",
        ),
        (
            "Rate.Shape ",
            "SINE",
            "unsupported option 'Rate.Shape ' for connector 'nexmark': did you mean 'rate.shape'?",
        ),
        (
            "bid.proportion",
            "many",
            "invalid value 'many' for option 'bid.proportion': it must be a whole number from 0 to 2147483647",
        ),
        (
            "first-event.rate",
            "0",
            "invalid value '0' for option 'first-event.rate': it must be a whole number from 1 to 2147483647",
        ),
        (
            "bid.hot-ratio.auctions",
            "0",
            "invalid value '0' for option 'bid.hot-ratio.auctions': it must be a whole number from 1 to 2147483647",
        ),
        (
            "bid.avg-size",
            "3 pounds",
            "invalid value '3 pounds' for option 'bid.avg-size': it must be a size of at most 2147483647 bytes, such as \
             '100' or '2 kb'",
        ),
        (
            "rate.period",
            "soon",
            "invalid value 'soon' for option 'rate.period': it must be a time from one second to 2147483647 seconds, \
             such as '30 s' or '10 min'",
        ),
        ("rate.shape", "round", "invalid value 'round' for option 'rate.shape': it must be SQUARE or SINE"),
        ("keep-alive", "yes", "invalid value 'yes' for option 'keep-alive': it must be true or false"),
        (
            "base-time",
            "today",
            "invalid value 'today' for option 'base-time': it must be a time in milliseconds since 1970-01-01T00:00:00Z",
        ),
        (
            "stop-at",
            "never",
            "invalid value 'never' for option 'stop-at': it must be a whole number of events, or -1 for no end",
        ),
        (
            "out-of-order.group-size",
            "1906",
            "invalid value '1906' for option 'out-of-order.group-size': it must be no multiple of 953",
        ),
    ];
    for (key, value, expected) in cases {
        assert_eq!(message(key, value), expected);
    }
    let unlike_any = message("topic", "bids");
    assert!(unlike_any.contains("there are auction.avg-size, auction.hot-ratio.sellers,"), "{unlike_any}");
    let no_events = [("person.proportion", "0"), ("auction.proportion", "0"), ("bid.proportion", "0")];
    assert_eq!(Options::parse(no_events), Err(OptionError::NoProportion));
}
