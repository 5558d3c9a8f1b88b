//! Nexmark's queries, each against the same events in plain Rust.
//!
//! What is compared is the table that a query's changes make, as a bag of rows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use millstream_operators::Environment;
use millstream_sql::chunk::RowText;
use millstream_sql::connectors::TestRows;
use millstream_sql::connectors::nexmark::{Auction, Bid, Event, Generator, Options, Person};
use millstream_sql::parser::split_statements;
use millstream_sql::types::text::timestamp::{TimestampFormat, write_format_timestamp, write_timestamp_row};
use millstream_sql::{TableEnvironment, TableResult};

const EVENTS: &str = "20000";
const TABLES: &str = include_str!("parser/nexmark/tables.sql");

macro_rules! query {
    ($name:literal) => {
        include_str!(concat!("parser/nexmark/", $name, ".sql"))
    };
}

/// The events, by kind, in their order.
struct Events {
    persons: Vec<Person>,
    auctions: Vec<Auction>,
    bids: Vec<Bid>,
}

fn options() -> [(&'static str, &'static str); 4] {
    // A thousand events a second: 20 seconds, so that there are windows.
    [("first-event.rate", "1000"), ("next-event.rate", "1000"), ("events.num", EVENTS), ("seed", "5")]
}

fn events() -> Events {
    let options = Options::parse(options()).unwrap();
    let generator = Generator::new(&options);
    let mut events = Events { persons: Vec::new(), auctions: Vec::new(), bids: Vec::new() };
    for number in 0..options.event_count().unwrap() {
        match generator.event(generator.number_at(number)) {
            Event::Person(person) => events.persons.push(person),
            Event::Auction(auction) => events.auctions.push(auction),
            Event::Bid(bid) => events.bids.push(bid),
        }
    }
    events
}

/// The tables and views, with few events.
fn definitions() -> String {
    let with = TABLES.find(") WITH (").unwrap();
    let views = with + TABLES[with..].find(";").unwrap();
    let options = options().map(|(key, value)| format!("'{key}' = '{value}'")).join(", ");
    format!("{}) WITH ('connector' = 'nexmark', {options}){}", &TABLES[..with], &TABLES[views..])
}

/// The table that q13 looks up in, once it is there.
fn register_side_input(tables: &mut TableEnvironment) {
    if let Some(path) = tables.table("side_input").map(|table| table.path.clone()) {
        let rows = (0..10_000).step_by(3).map(|key| format!("[{key}, \"side {key}\"]"));
        tables.session.register_rows(path, TestRows::new(rows));
    }
}

/// The rows that are left after all changes of a query.
fn answer(script: &str, parallelism: u32, mini_batch: bool) -> Vec<String> {
    let mut tables = TableEnvironment::new();
    if mini_batch {
        for (key, value) in [("enabled", "true"), ("allow-latency", "1 s"), ("size", "700")] {
            tables.set(&format!("table.exec.mini-batch.{key}"), value).unwrap();
        }
    }
    for text in [definitions().as_str(), script] {
        for statement in split_statements(text) {
            // The query of an INSERT, without the table that it goes to.
            let text = match statement.text.strip_prefix("INSERT INTO ") {
                Some(insert) => insert.split_once('\n').unwrap().1,
                None => statement.text,
            };
            let result = tables.execute_sql(text).unwrap_or_else(|error| panic!("{}", error.render(text)));
            let TableResult::Query(job) = result else {
                register_side_input(&mut tables);
                continue;
            };
            let environment = Environment::new().parallelism(parallelism);
            let rows = RowText::new(job.schema());
            let changes =
                job.build(&environment).unwrap().flat_map(move |chunk| rows.lines(&chunk)).collect();
            environment.execute("nexmark").unwrap();
            return left(changes.to_vec());
        }
    }
    panic!("no query in {script}")
}

/// Runs the INSERT of a script.
fn insert(script: &str, parallelism: u32) {
    let mut tables = TableEnvironment::new();
    for text in [definitions().as_str(), script] {
        for statement in split_statements(text) {
            let text = statement.text;
            let result = tables.execute_sql(text).unwrap_or_else(|error| panic!("{}", error.render(text)));
            let TableResult::Insert(job) = result else { continue };
            let environment = Environment::new().parallelism(parallelism);
            job.build(&environment).unwrap();
            environment.execute("nexmark").unwrap();
        }
    }
}

fn left(changes: Vec<String>) -> Vec<String> {
    let mut rows = BTreeMap::<String, i64>::new();
    for change in changes {
        let (kind, row) = change.split_at(2);
        *rows.entry(row.to_owned()).or_default() += if kind == "+I" || kind == "+U" { 1 } else { -1 };
    }
    assert!(rows.values().all(|count| *count >= 0), "a row is gone more often than it came");
    rows.into_iter()
        .flat_map(|(row, count)| std::iter::repeat_n(row, usize::try_from(count).unwrap()))
        .collect()
}

#[track_caller]
fn check(script: &str, expected: impl IntoIterator<Item = String>) {
    let mut expected: Vec<String> = expected.into_iter().collect();
    expected.sort();
    assert!(!expected.is_empty(), "a query without an answer shows nothing");
    for (parallelism, mini_batch) in [(1, false), (3, false), (1, true)] {
        let answer = answer(script, parallelism, mini_batch);
        assert!(
            answer == expected,
            "parallelism {parallelism}, mini-batch {mini_batch}: {:?} instead of {:?}",
            differing(&answer, &expected),
            differing(&expected, &answer)
        );
    }
}

/// Some rows of one that are not in the other.
fn differing<'a>(rows: &'a [String], other: &[String]) -> Vec<&'a String> {
    let other: BTreeSet<&String> = other.iter().collect();
    rows.iter().filter(|row| !other.contains(row)).take(3).collect()
}

fn time(millis: i64) -> String {
    let mut text = String::new();
    write_timestamp_row(millis, 3, &mut text);
    text
}

/// Date and minute of a time.
fn day(millis: i64) -> (String, String) {
    let text = time(millis);
    (text[..10].to_owned(), text[11..16].to_owned())
}

fn euros(price: i64) -> String {
    format!("{}.{:03}", price * 908 / 1000, price * 908 % 1000)
}

fn bid_row(bid: &Bid) -> String {
    let Bid { auction, bidder, price, channel, url, date_time, extra } = bid;
    format!("{auction}, {bidder}, {price}, {channel}, {url}, {}, {extra}", time(*date_time))
}

/// The windows of `size` that begin every `slide`, by their ends.
fn windows(millis: i64, slide: i64, size: i64) -> impl Iterator<Item = i64> {
    let last = millis.div_euclid(slide) * slide;
    (0..size / slide).map(move |number| last - number * slide + size)
}

#[test]
fn q0_passes_bids_on() {
    check(
        query!("q0"),
        events().bids.iter().map(|bid| {
            format!(
                "[{}, {}, {}, {}, {}]",
                bid.auction,
                bid.bidder,
                bid.price,
                time(bid.date_time),
                bid.extra
            )
        }),
    );
}

#[test]
fn q1_converts_currencies() {
    check(
        query!("q1"),
        events().bids.iter().map(|bid| {
            format!(
                "[{}, {}, {}, {}, {}]",
                bid.auction,
                bid.bidder,
                euros(bid.price),
                time(bid.date_time),
                bid.extra
            )
        }),
    );
}

#[test]
fn q2_selects_some_auctions() {
    let events = events();
    let chosen = events.bids.iter().filter(|bid| bid.auction % 123 == 0);
    check(query!("q2"), chosen.map(|bid| format!("[{}, {}]", bid.auction, bid.price)));
}

#[test]
fn q3_joins_sellers_of_some_states() {
    let events = events();
    let mut expected = Vec::new();
    for auction in events.auctions.iter().filter(|auction| auction.category == 10) {
        for person in events.persons.iter().filter(|person| person.id == auction.seller) {
            if ["OR", "ID", "CA"].contains(&person.state) {
                expected
                    .push(format!("[{}, {}, {}, {}]", person.name, person.city, person.state, auction.id));
            }
        }
    }
    check(query!("q3"), expected);
}

/// The bids on an auction while it was open.
fn bids_in_time<'a>(events: &'a Events, auction: &'a Auction) -> impl Iterator<Item = &'a Bid> {
    events.bids.iter().filter(|bid| {
        bid.auction == auction.id && (auction.date_time..=auction.expires).contains(&bid.date_time)
    })
}

#[test]
fn q4_averages_final_prices() {
    let events = events();
    let mut categories = BTreeMap::<i64, (i64, i64)>::new();
    for auction in &events.auctions {
        if let Some(price) = bids_in_time(&events, auction).map(|bid| bid.price).max() {
            let (sum, count) = categories.entry(auction.category).or_default();
            (*sum, *count) = (*sum + price, *count + 1);
        }
    }
    check(
        query!("q4"),
        categories.into_iter().map(|(category, (sum, count))| format!("[{category}, {}]", sum / count)),
    );
}

#[test]
fn q5_finds_hot_items() {
    let mut counts = BTreeMap::<i64, BTreeMap<i64, i64>>::new();
    for bid in events().bids {
        for end in windows(bid.date_time, 2_000, 10_000) {
            *counts.entry(end).or_default().entry(bid.auction).or_default() += 1;
        }
    }
    let mut expected = Vec::new();
    for auctions in counts.into_values() {
        let most = auctions.values().copied().max().unwrap();
        expected.extend(
            auctions
                .iter()
                .filter(|(_, num)| **num >= most)
                .map(|(auction, num)| format!("[{auction}, {num}]")),
        );
    }
    check(query!("q5"), expected);
}

#[test]
fn q7_finds_highest_bids() {
    let events = events();
    let mut highest = BTreeMap::<i64, i64>::new();
    for bid in &events.bids {
        for end in windows(bid.date_time, 10_000, 10_000) {
            let price = highest.entry(end).or_default();
            *price = bid.price.max(*price);
        }
    }
    let mut expected = Vec::new();
    for (end, price) in highest {
        let matching = events
            .bids
            .iter()
            .filter(|bid| bid.price == price && (end - 10_000..=end).contains(&bid.date_time));
        expected.extend(matching.map(|bid| {
            format!(
                "[{}, {}, {}, {}, {}]",
                bid.auction,
                bid.price,
                bid.bidder,
                time(bid.date_time),
                bid.extra
            )
        }));
    }
    check(query!("q7"), expected);
}

#[test]
fn q8_finds_new_sellers() {
    let events = events();
    let end = |millis| windows(millis, 10_000, 10_000).next().unwrap();
    let sellers: BTreeSet<(i64, i64)> =
        events.auctions.iter().map(|auction| (auction.seller, end(auction.date_time))).collect();
    let persons: BTreeSet<(i64, &str, i64)> =
        events.persons.iter().map(|person| (person.id, &*person.name, end(person.date_time))).collect();
    let new = persons.into_iter().filter(|(id, _, end)| sellers.contains(&(*id, *end)));
    check(query!("q8"), new.map(|(id, name, end)| format!("[{id}, {name}, {}]", time(end - 10_000))));
}

fn auction_row(auction: &Auction) -> String {
    let Auction {
        id,
        item_name,
        description,
        initial_bid,
        reserve,
        date_time,
        expires,
        seller,
        category,
        extra,
    } = auction;
    let (begins, expires) = (time(*date_time), time(*expires));
    format!(
        "{id}, {item_name}, {description}, {initial_bid}, {reserve}, {begins}, {expires}, {seller}, {category}, {extra}"
    )
}

#[test]
fn q9_finds_winning_bids() {
    let events = events();
    let mut expected = Vec::new();
    for auction in &events.auctions {
        let best = bids_in_time(&events, auction).min_by_key(|bid| (-bid.price, bid.date_time));
        expected.extend(best.map(|bid| {
            let Bid { auction: of, bidder, price, date_time, extra, .. } = bid;
            format!("[{}, {of}, {bidder}, {price}, {}, {extra}]", auction_row(auction), time(*date_time))
        }));
    }
    check(query!("q9"), expected);
}

/// All files below a folder with their contents, by their paths below it.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                found.insert(name, std::fs::read_to_string(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn q10_writes_files() {
    let mut expected = BTreeMap::<String, Vec<String>>::new();
    for bid in events().bids {
        let (date, minute) = day(bid.date_time);
        let Bid { auction, bidder, price, date_time, extra, .. } = bid;
        let mut time = String::new();
        write_format_timestamp(date_time, 3, TimestampFormat::Sql, &mut time);
        let line = format!("{auction},{bidder},{price},{time},{extra}");
        expected.entry(format!("dt={date}/hm={}", minute.replace(':', "%3A"))).or_default().push(line);
    }
    expected.values_mut().for_each(|lines| lines.sort());
    for parallelism in [1, 3] {
        let folder = tempfile::tempdir().unwrap();
        let script = query!("q10").replace("/data/output/bid/", &folder.path().to_string_lossy());
        assert!(script.contains("'path' = 'file:///"), "the rest is as Nexmark has it");
        insert(&script, parallelism);
        let mut written = BTreeMap::<String, Vec<String>>::new();
        let mut complete = BTreeSet::new();
        for (name, content) in files(folder.path()) {
            let (partition, file) = name.rsplit_once('/').unwrap();
            if file == "_SUCCESS" {
                complete.insert(partition.to_owned());
                continue;
            }
            assert!(file.starts_with("part-"), "{name}");
            // What has blanks is in quotes.
            let lines = content.lines().map(|line| line.replace('"', ""));
            written.entry(partition.to_owned()).or_default().extend(lines);
        }
        written.values_mut().for_each(|lines| lines.sort());
        for (partition, lines) in &expected {
            let rows = &written[partition];
            assert!(rows == lines, "{partition}: {:?}, {:?}", differing(rows, lines), differing(lines, rows));
        }
        assert_eq!(written.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
        assert_eq!(complete, expected.keys().cloned().collect());
    }
}

#[test]
fn q11_counts_bids_of_sessions() {
    let mut bidders = BTreeMap::<i64, Vec<i64>>::new();
    events().bids.iter().for_each(|bid| bidders.entry(bid.bidder).or_default().push(bid.date_time));
    let mut expected = Vec::new();
    for (bidder, mut times) in bidders {
        times.sort_unstable();
        // Rows that are just a gap apart are of one session.
        for session in times.chunk_by(|one, next| next - one <= 10_000) {
            let (first, last) = (session[0], session[session.len() - 1]);
            let (start, end) = (time(first), time(last + 10_000));
            expected.push(format!("[{bidder}, {}, {start}, {end}]", session.len()));
        }
    }
    check(query!("q11"), expected);
}

#[test]
fn q13_looks_up_a_side_input() {
    // Every third number has a text.
    let side: BTreeMap<i64, String> =
        (0..10_000).step_by(3).map(|key| (key, format!("side {key}"))).collect();
    let found = events().bids.into_iter().filter_map(|bid| {
        let value = side.get(&(bid.auction % 10_000))?;
        Some(format!("[{}, {}, {}, {}, {value}]", bid.auction, bid.bidder, bid.price, time(bid.date_time)))
    });
    check(query!("q13"), found);
}

#[test]
fn q14_calculates() {
    let events = events();
    let chosen =
        events.bids.iter().filter(|bid| (1_000_000_001..50_000_000_000).contains(&(bid.price * 908)));
    check(
        query!("q14"),
        chosen.map(|bid| {
            let hour: u32 = day(bid.date_time).1[..2].parse().unwrap();
            let kind = match hour {
                8..=18 => "dayTime",
                0..=6 | 20.. => "nightTime",
                _ => "otherTime",
            };
            let count = bid.extra.chars().filter(|letter| *letter == 'c').count();
            let (price, time) = (euros(bid.price), time(bid.date_time));
            format!("[{}, {}, {price}, {kind}, {time}, {}, {count}]", bid.auction, bid.bidder, bid.extra)
        }),
    );
}

/// How a bid is ranked by its price: 1, 2 or 3.
fn rank(price: i64) -> usize {
    if price < 10_000 {
        1
    } else if price < 1_000_000 {
        2
    } else {
        3
    }
}

/// Bids, bidders and auctions, of all bids and of those of each rank.
#[derive(Default)]
struct Statistics {
    minute: String,
    bids: [i64; 4],
    bidders: [BTreeSet<i64>; 4],
    auctions: [BTreeSet<i64>; 4],
}

impl Statistics {
    fn add(&mut self, bid: &Bid) {
        self.minute = day(bid.date_time).1.max(std::mem::take(&mut self.minute));
        for index in [0, rank(bid.price)] {
            self.bids[index] += 1;
            self.bidders[index].insert(bid.bidder);
            self.auctions[index].insert(bid.auction);
        }
    }

    fn numbers(&self) -> String {
        let sizes =
            |sets: &[BTreeSet<i64>; 4]| sets.iter().map(|set| set.len().to_string()).collect::<Vec<_>>();
        let bids = self.bids.iter().map(ToString::to_string);
        bids.chain(sizes(&self.bidders)).chain(sizes(&self.auctions)).collect::<Vec<_>>().join(", ")
    }
}

#[test]
fn q15_counts_by_day() {
    let mut days = BTreeMap::<String, Statistics>::new();
    events().bids.iter().for_each(|bid| days.entry(day(bid.date_time).0).or_default().add(bid));
    check(
        query!("q15"),
        days.into_iter().map(|(day, statistics)| format!("[{day}, {}]", statistics.numbers())),
    );
}

#[test]
fn q16_counts_by_channel() {
    let mut channels = BTreeMap::<(String, String), Statistics>::new();
    for bid in &events().bids {
        channels.entry((bid.channel.clone(), day(bid.date_time).0)).or_default().add(bid);
    }
    check(
        query!("q16"),
        channels.into_iter().map(|((channel, day), statistics)| {
            format!("[{channel}, {day}, {}, {}]", statistics.minute, statistics.numbers())
        }),
    );
}

#[test]
fn q17_counts_by_auction() {
    let mut auctions = BTreeMap::<(i64, String), Vec<i64>>::new();
    for bid in &events().bids {
        auctions.entry((bid.auction, day(bid.date_time).0)).or_default().push(bid.price);
    }
    check(
        query!("q17"),
        auctions.into_iter().map(|((auction, day), prices)| {
            let ranked = |wanted| prices.iter().filter(|price| rank(**price) == wanted).count();
            let (sum, count) = (prices.iter().sum::<i64>(), prices.len() as i64);
            let (least, most) = (prices.iter().min().unwrap(), prices.iter().max().unwrap());
            let ranks = format!("{}, {}, {}", ranked(1), ranked(2), ranked(3));
            format!("[{auction}, {day}, {count}, {ranks}, {least}, {most}, {}, {sum}]", sum / count)
        }),
    );
}

#[test]
fn q18_finds_last_bids() {
    let mut last = BTreeMap::<(i64, i64), Bid>::new();
    for bid in events().bids {
        let key = (bid.bidder, bid.auction);
        if last.get(&key).is_none_or(|known| known.date_time <= bid.date_time) {
            last.insert(key, bid);
        }
    }
    check(query!("q18"), last.values().map(|bid| format!("[{}]", bid_row(bid))));
}

#[test]
fn q19_finds_the_ten_best_bids() {
    let mut auctions = BTreeMap::<i64, Vec<Bid>>::new();
    events().bids.into_iter().for_each(|bid| auctions.entry(bid.auction).or_default().push(bid));
    let mut expected = Vec::new();
    for mut bids in auctions.into_values() {
        bids.sort_by_key(|bid| -bid.price);
        let numbered = bids.iter().take(10).enumerate();
        expected.extend(numbered.map(|(index, bid)| format!("[{}, {}]", bid_row(bid), index + 1)));
    }
    check(query!("q19"), expected);
}

#[test]
fn q20_expands_bids() {
    let events = events();
    let mut expected = Vec::new();
    for bid in &events.bids {
        for auction in
            events.auctions.iter().filter(|auction| auction.id == bid.auction && auction.category == 10)
        {
            let row = auction_row(auction);
            let (_, row) = row.split_once(", ").unwrap();
            expected.push(format!("[{}, {row}]", bid_row(bid)));
        }
    }
    check(query!("q20"), expected);
}

#[test]
fn q21_finds_channels() {
    let events = events();
    check(
        query!("q21"),
        events.bids.iter().filter_map(|bid| {
            let known = ["apple", "google", "facebook", "baidu"];
            let in_url = || {
                let found = bid.url.find("&channel_id=")? + "&channel_id=".len();
                Some(bid.url[found..].split('&').next()?.to_owned())
            };
            let position = known.iter().position(|name| *name == bid.channel.to_lowercase());
            let id = position.map(|position| position.to_string()).or_else(in_url)?;
            Some(format!("[{}, {}, {}, {}, {id}]", bid.auction, bid.bidder, bid.price, bid.channel))
        }),
    );
}

#[test]
fn q22_splits_urls() {
    let events = events();
    check(
        query!("q22"),
        events.bids.iter().map(|bid| {
            let parts: Vec<&str> = bid.url.split('/').collect();
            let part = |index: usize| parts.get(index).copied().unwrap_or("null");
            let Bid { auction, bidder, price, channel, .. } = bid;
            format!("[{auction}, {bidder}, {price}, {channel}, {}, {}, {}]", part(3), part(4), part(5))
        }),
    );
}

#[test]
fn q23_joins_three_tables() {
    let events = events();
    let mut sold = BTreeMap::<i64, Vec<&Auction>>::new();
    events.auctions.iter().for_each(|auction| sold.entry(auction.seller).or_default().push(auction));
    let persons: BTreeMap<i64, &Person> = events.persons.iter().map(|person| (person.id, person)).collect();
    let mut expected = Vec::new();
    for bid in &events.bids {
        let (Some(person), Some(auctions)) = (persons.get(&bid.bidder), sold.get(&bid.bidder)) else {
            continue;
        };
        expected.extend(auctions.iter().map(|auction| {
            format!(
                "[{}, {}, {}, {}, {}]",
                bid.auction, bid.price, person.name, auction.item_name, auction.seller
            )
        }));
    }
    check(query!("q23"), expected);
}
