//! Nanoseconds to make an event of Nexmark, each beside a baseline: the same rules with one random generator after
//! another's number, `powf`, `format!` and a struct of owned texts, as one would write it first.
//!
//! `cargo bench -p millstream-sql --bench nexmark [-- filter]`. One iteration is one event, so times are per event.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Bencher, Criterion, criterion_group, criterion_main};
use millstream_sql::connectors::nexmark::{EventKind, Generator, Options};

/// Calls with rising numbers of one kind, whose texts go into columns that are emptied now and then.
fn columns<const N: usize>(
    bencher: &mut Bencher<'_>,
    kind: EventKind,
    event: impl Fn(&Generator, u64, &mut [String; N]) -> i64,
) {
    let generator = Generator::new(&Options::default());
    let mut texts = std::array::from_fn(|_| String::with_capacity(1 << 21));
    // Of 50 events the first is a person, the next three are auctions.
    let (mut number, step) = match kind {
        EventKind::Person => (0, 50),
        EventKind::Auction => (1, 50),
        EventKind::Bid => (4, 1),
    };
    let mut events = 0_u32;
    bencher.iter(|| {
        number += step;
        number += if kind == EventKind::Bid && number % 50 == 0 { 4 } else { 0 };
        events += 1;
        if events.is_multiple_of(4096) {
            texts.iter_mut().for_each(String::clear);
        }
        event(&generator, number, &mut texts)
    });
}

fn bids(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("bid");
    group.bench_function("numbers", |bencher| {
        columns(bencher, EventKind::Bid, |generator, number, _: &mut [String; 0]| {
            black_box(generator.bid_auction(number));
            black_box(generator.bid_bidder(number));
            black_box(generator.bid_price(number));
            black_box(generator.timestamp_millis(number))
        });
    });
    group.bench_function("numbers, baseline", |bencher| {
        let mut baseline = Baseline::new();
        bencher.iter(|| {
            let (auction, bidder, price, date_time) = baseline.numbers();
            black_box(auction);
            black_box(bidder);
            black_box(price);
            date_time
        });
    });
    group.bench_function("all fields", |bencher| {
        columns(bencher, EventKind::Bid, |generator, number, [channel, url, extra]| {
            black_box(generator.bid_auction(number));
            black_box(generator.bid_bidder(number));
            black_box(generator.bid_price(number));
            generator.bid_channel(number, channel);
            generator.bid_url(number, url);
            generator.bid_extra(number, extra);
            black_box(generator.timestamp_millis(number))
        });
    });
    group.bench_function("all fields, baseline", |bencher| {
        let mut baseline = Baseline::new();
        bencher.iter(|| baseline.bid());
    });
    group.bench_function("as a struct", |bencher| {
        let generator = Generator::new(&Options::default());
        let mut number = 0;
        bencher.iter(|| {
            number += 1;
            number += if number % 50 == 0 { 4 } else { 0 };
            generator.event(number)
        });
    });
    group.finish();
}

type BidNumber = (&'static str, fn(&Generator, u64) -> i64);
type Text = (&'static str, EventKind, fn(&Generator, u64, &mut String));

const BID_NUMBERS: [BidNumber; 4] = [
    ("auction", Generator::bid_auction),
    ("bidder", Generator::bid_bidder),
    ("price", Generator::bid_price),
    ("dateTime", Generator::timestamp_millis),
];

const TEXTS: [Text; 9] = [
    ("channel", EventKind::Bid, Generator::bid_channel),
    ("url", EventKind::Bid, Generator::bid_url),
    ("extra", EventKind::Bid, Generator::bid_extra),
    ("itemName", EventKind::Auction, Generator::auction_item_name),
    ("description", EventKind::Auction, Generator::auction_description),
    ("extra of auctions", EventKind::Auction, Generator::auction_extra),
    ("name", EventKind::Person, Generator::person_name),
    ("emailAddress", EventKind::Person, Generator::person_email_address),
    ("extra of persons", EventKind::Person, Generator::person_extra),
];

fn fields(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("field");
    for (name, field) in BID_NUMBERS {
        group.bench_function(name, |bencher| {
            columns(bencher, EventKind::Bid, |generator, number, _: &mut [String; 0]| {
                field(generator, number)
            });
        });
    }
    for (name, kind, field) in TEXTS {
        group.bench_function(name, |bencher| {
            columns(bencher, kind, |generator, number, [text]| {
                field(generator, number, text);
                0
            });
        });
    }
    group.finish();
}

/// Bids by the same rules with nothing done for speed.
struct Baseline {
    number: i64,
    random: u64,
    urls: Vec<String>,
}

#[allow(dead_code, reason = "built, not read")]
struct Bid {
    auction: i64,
    bidder: i64,
    price: i64,
    channel: String,
    url: String,
    date_time: i64,
    extra: String,
}

impl Baseline {
    fn new() -> Self {
        let mut baseline = Self { number: 0, random: 1, urls: Vec::new() };
        for channel in 0..10_000_i32 {
            let names: Vec<String> = (0..3).map(|_| baseline.letters(4)).collect();
            let url = format!("https://www.nexmark.com/{}/item.htm?query=1", names.join("/"));
            baseline.urls.push(format!("{url}&channel_id={}", channel.reverse_bits().wrapping_abs()));
        }
        baseline
    }

    /// Xorshift64*.
    fn below(&mut self, bound: i64) -> i64 {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        (self.random.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as i64 % bound
    }

    fn letters(&mut self, length: i64) -> String {
        (0..length).map(|_| char::from(b'a' + self.below(26) as u8)).collect()
    }

    fn numbers(&mut self) -> (i64, i64, i64, i64) {
        self.number += 1;
        self.number += if self.number % 50 < 4 { 4 } else { 0 };
        let last_auction = self.number / 50 * 3 + 2;
        let auction = if self.below(2) > 0 {
            last_auction / 100 * 100
        } else {
            let first = (last_auction - 100).max(0);
            first + self.below(last_auction - first + 11)
        };
        let persons = self.number / 50 + 1;
        let bidder = if self.below(4) > 0 {
            (persons - 1) / 100 * 100 + 1
        } else {
            let active = persons.min(1000);
            persons - active + self.below(active + 10)
        };
        let fraction = self.below(1 << 53) as f64 / (1_u64 << 53) as f64;
        let price = (10_f64.powf(fraction * 6.0) * 100.0).round() as i64;
        let date_time = 1_436_918_400_000 + (self.number as f64 * 100.0) as i64 / 1000;
        (1000 + auction, 1000 + bidder, price, date_time)
    }

    fn bid(&mut self) -> Bid {
        let (auction, bidder, price, date_time) = self.numbers();
        let number = if self.below(2) > 0 { self.below(4) } else { self.below(10_000) };
        let channel = format!("channel-{number}");
        let url = self.urls.get(number as usize).cloned().unwrap_or_default();
        let length = 54 + self.below(28);
        let extra = self.letters(length);
        Bid { auction, bidder, price, channel, url, date_time, extra }
    }
}

/// Short runs: what matters here are factors, not per cents.
fn settings() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .without_plots()
}

criterion_group! {
    name = nexmark;
    config = settings();
    targets = bids, fields
}
criterion_main!(nexmark);
