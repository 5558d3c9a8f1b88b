//! Queries of SQL under seeds: their changelogs, folded, are the answer.

use std::collections::{BTreeMap, BTreeSet};

use millstream::prelude::*;
use millstream::sql::TableEnvironment;
use millstream::sql::TableResult;
use millstream::sql::chunk::{Chunk, RowText};
use millstream::sql::connectors::nexmark::{Event, Generator, Options};

use crate::ledger::Ledger;
use crate::setting::{Setting, Verdict, compare};

const TABLES: &str = include_str!("../../../sql/tests/parser/nexmark/tables.sql");

/// The events' options that a seed draws.
fn options(setting: &Setting) -> Vec<(&'static str, String)> {
    vec![
        ("connector", "nexmark".to_owned()),
        ("events.num", setting.draw(110, 50..=1_500).to_string()),
        ("first-event.rate", setting.draw(111, 1_000..=100_000).to_string()),
        ("max-emit-speed", "false".to_owned()),
        ("seed", setting.seed.to_string()),
    ]
}

/// Runs a query over Nexmark's views; what is left of its changes must be the expected rows.
fn query(setting: &Setting, sql: &str, expected: Vec<String>) -> Verdict {
    let changes = Ledger::<String>::new(setting);
    let report = setting.simulate(|env, _| {
        let mut tables = TableEnvironment::new();
        for statement in millstream::sql::parser::split_statements(TABLES) {
            let mut text = statement.text.to_owned();
            if let Some(with) = text.find(") WITH (") {
                let options = options(setting).into_iter().map(|(key, value)| format!("'{key}' = '{value}'"));
                text.truncate(with);
                text = format!("{text}) WITH ({})", options.collect::<Vec<_>>().join(", "));
            }
            tables.execute_sql(&text).unwrap_or_else(|error| panic!("{}", error.render(&text)));
        }
        let Ok(TableResult::Query(job)) = tables.execute_sql(sql) else { panic!("no query: {sql}") };
        let rows = job.build(env).unwrap();
        let text = RowText::new(job.schema());
        let lines = rows.flat_map(move |chunk: Chunk| text.lines(&chunk));
        let _sink = lines.sink_to(changes.clone());
    })?;
    compare(left(changes.records())?, expected)?;
    Ok(report)
}

/// The rows that are there after all changes, in whatever order those came.
fn left(changes: Vec<String>) -> Result<Vec<String>, String> {
    let mut rows = BTreeMap::<String, i64>::new();
    for change in changes {
        let Some((kind, row)) = change.split_at_checked(2) else {
            return Err(format!("no change: {change}"));
        };
        let count = rows.entry(row.to_owned()).or_default();
        *count += if kind == "+I" || kind == "+U" { 1 } else { -1 };
    }
    if let Some((row, count)) = rows.iter().find(|(_, count)| **count < 0) {
        return Err(format!("{row} has gone {} times more often than it came", -count));
    }
    Ok(rows.into_iter().flat_map(|(row, count)| std::iter::repeat_n(row, count as usize)).collect())
}

/// The events that the source makes, in plain Rust.
fn events(setting: &Setting) -> Vec<Event> {
    let pairs = options(setting).into_iter().filter(|(key, _)| *key != "connector");
    let options = Options::parse(pairs).unwrap();
    let generator = Generator::new(&options);
    (0..options.event_count().unwrap()).map(|number| generator.event(generator.number_at(number))).collect()
}

/// A group aggregate over a group aggregate: the second one's rows are taken back again and again.
pub fn aggregate_of_an_aggregate(setting: &Setting) -> Verdict {
    let sql = "SELECT bids, COUNT(*), SUM(total), AVG(total), COUNT(DISTINCT bidders) FROM (
        SELECT auction, COUNT(*) AS bids, SUM(price) AS total, COUNT(DISTINCT bidder) AS bidders
        FROM bid WHERE price > 100 GROUP BY auction) GROUP BY bids";
    let mut auctions = BTreeMap::<i64, (i64, i64, BTreeSet<i64>)>::new();
    for event in events(setting) {
        if let Event::Bid(bid) = event
            && bid.price > 100
        {
            let (bids, total, bidders) = auctions.entry(bid.auction).or_default();
            (*bids, *total) = (*bids + 1, *total + bid.price);
            bidders.insert(bid.bidder);
        }
    }
    let mut by_bids = BTreeMap::<i64, (i64, i64, BTreeSet<usize>)>::new();
    for (bids, total, bidders) in auctions.into_values() {
        let (count, sum, distinct) = by_bids.entry(bids).or_default();
        (*count, *sum) = (*count + 1, *sum + total);
        distinct.insert(bidders.len());
    }
    let expected = by_bids.into_iter().map(|(bids, (count, sum, distinct))| {
        format!("[{bids}, {count}, {sum}, {}, {}]", sum / count, distinct.len())
    });
    query(setting, sql, expected.collect())
}
