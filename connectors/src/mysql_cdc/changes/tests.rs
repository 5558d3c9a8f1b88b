use std::sync::Arc as Shared;

use mysql_async::Value;
use mysql_async::binlog::value::BinlogValue;

use super::*;
use crate::cdc::progress::{KeyColumn, Part};
use crate::mysql_cdc::CapturedColumn;
use crate::mysql_cdc::MysqlCdcSource;
use crate::mysql_cdc::mapping::WireType;
use crate::mysql_cdc::types::MysqlType;

const TABLE: u64 = 7;
const OTHER: u64 = 8;

fn log(position: u64) -> BinlogPosition {
    BinlogPosition::new("bin.000001", position)
}

fn column(name: &str, column_type: &str, is_primary_key: bool) -> CapturedColumn {
    let character_set = column_type.starts_with("varchar").then(|| "utf8mb4".to_owned());
    CapturedColumn {
        name: name.into(),
        data_type: MysqlType { column_type: column_type.into(), character_set },
        is_primary_key,
    }
}

fn table() -> CapturedTable {
    let columns = vec![column("id", "int", true), column("note", "varchar(9)", false)];
    CapturedTable { schema: "shop".into(), name: "t".into(), columns }
}

/// A split of `shop.t (id, note)` at a position.
fn split(position: u64, changes: u64) -> MysqlSplit {
    let key = KeyColumn {
        name: "id".into(),
        order: KeyOrder::Integer,
        expression: "`id`".into(),
        literal_type: String::new(),
    };
    let tables = vec![TableProgress { table: table(), key: vec![key], parts: Vec::new() }];
    MysqlSplit { position: Some(Position { log: log(position), changes }), tables }
}

/// The same, with rows up to key 10 read at 100 and the others at 200.
fn read_in_two_parts() -> MysqlSplit {
    let mut split = split(50, 0);
    split.tables[0].parts = vec![
        Part { to: Some(Key(vec!["10".into()])), read_at: Some(log(100)), last: None },
        Part { to: None, read_at: Some(log(200)), last: None },
    ];
    split
}

fn row(values: &str) -> Option<BinlogRow> {
    let value = |text: &str| {
        Some(BinlogValue::Value(match text.parse() {
            Ok(number) => Value::Int(number),
            Err(_) if text == "-" => Value::NULL,
            Err(_) => Value::Bytes(text.as_bytes().to_vec()),
        }))
    };
    Some(BinlogRow::new(values.split(' ').map(value).collect(), Shared::new([])))
}

fn map(id: u64, name: &str) -> Event {
    let columns = vec![WireType::Integer(32), WireType::Text];
    Event::TableMap {
        id,
        table: MappedTable { database: "shop".into(), name: name.into(), columns, names: None },
    }
}

fn rows(rows: &[(Option<BinlogRow>, Option<BinlogRow>)]) -> Event {
    Event::Rows { id: TABLE, rows: rows.to_vec() }
}

fn insert(values: &str) -> Event {
    rows(&[(None, row(values))])
}

fn update_of(old: &str, new: &str) -> Event {
    rows(&[(row(old), row(new))])
}

fn delete(values: &str) -> Event {
    rows(&[(row(values), None)])
}

fn begin() -> Event {
    Event::Begin { gtid: Some("0-1-5".into()), is_xa: false }
}

fn statement(text: &str) -> Event {
    Event::Statement { text: text.into(), database: "shop".into() }
}

/// A transaction from one position to another.
fn transaction(from: u32, to: u32, changes: impl IntoIterator<Item = Event>) -> Vec<(u32, Event)> {
    let mut events = vec![(from + 1, begin()), (from + 2, map(TABLE, "t"))];
    events.extend(changes.into_iter().enumerate().map(|(index, event)| (from + 3 + index as u32, event)));
    events.push((to, Event::Commit));
    events
}

fn settings() -> Settings {
    MysqlCdcSource::new("localhost").into_settings()
}

fn line(record: &ChangeRecord) -> String {
    let values: Vec<_> = record.values.iter().map(|value| value.text().unwrap_or("-")).collect();
    format!("{} {}", record.kind.short_string(), values.join(" "))
}

fn described(item: &Item) -> String {
    match item {
        Item::Change { first, second, position } => {
            let records: Vec<_> = [Some(first), second.as_ref()].into_iter().flatten().map(line).collect();
            format!("{} @{}.{}", records.join(", "), position.log.position, position.changes)
        }
        Item::Position(position) => format!("@{}.{}", position.log.position, position.changes),
        Item::Table(index, table) => format!("table {index}: {}", table.column_names()),
    }
}

/// What events come to.
fn read_from(changes: &mut Changes, events: Vec<(u32, Event)>) -> Result<Vec<String>> {
    let mut items = Vec::new();
    for (end, event) in events {
        let header = Header { timestamp: 1_000, end: Some(end), size: 1 };
        changes.read(header, event, |item| items.push(described(&item)))?;
    }
    Ok(items)
}

fn read(split: &MysqlSplit, events: Vec<(u32, Event)>) -> Result<Vec<String>> {
    read_from(&mut Changes::new(&settings(), split), events)
}

#[test]
fn changes_have_the_place_of_their_transaction() {
    let events = transaction(
        100,
        190,
        [insert("1 a"), update_of("1 a", "1 b"), update_of("1 b", "2 b"), delete("2 b")],
    );
    let items = read(&split(100, 0), events).unwrap();
    assert_eq!(
        items,
        ["+I 1 a @100.1", "-U 1 a, +U 1 b @100.2", "-D 1 b, +I 2 b @100.3", "-D 2 b @100.4", "@190.0"]
    );
}

#[test]
fn a_transaction_goes_on_where_it_was() {
    let events = || {
        let mut events =
            transaction(100, 190, [insert("1 a"), rows(&[(None, row("2 a")), (None, row("3 a"))])]);
        events.extend(transaction(190, 290, [insert("4 a")]));
        events
    };
    let all = read(&split(100, 0), events()).unwrap();
    assert_eq!(all, ["+I 1 a @100.1", "+I 2 a @100.2", "+I 3 a @100.3", "@190.0", "+I 4 a @190.1", "@290.0"]);
    for left in 1..=3 {
        assert_eq!(read(&split(100, left as u64), events()).unwrap(), all[left..]);
    }
}

#[test]
fn changes_that_are_in_the_rows_are_left_out() {
    let mut events = transaction(60, 100, [insert("1 a"), insert("11 a")]);
    // Between the points at which both parts were read.
    events.extend(transaction(
        100,
        150,
        [delete("1 a"), delete("11 a"), update_of("2 a", "12 a"), update_of("13 a", "3 a")],
    ));
    // The server has left something out before this one.
    events.extend(transaction(200, 250, [update_of("12 a", "2 a")]));
    let items = read(&read_in_two_parts(), events).unwrap();
    let changes: Vec<_> = items.iter().filter(|item| !item.starts_with('@')).collect();
    assert_eq!(changes, ["-D 1 a @100.1", "-D 2 a @100.3", "+I 3 a @100.4", "-D 12 a, +I 2 a @150.1"]);
}

#[test]
fn other_tables_move_the_position_alone() {
    let events = vec![
        (101, begin()),
        (102, map(OTHER, "other")),
        (103, Event::Rows { id: OTHER, rows: vec![(None, row("1"))] }),
    ];
    let mut changes = Changes::new(&settings(), &split(100, 0));
    assert_eq!(read_from(&mut changes, events).unwrap(), [""; 0]);
    assert!(!changes.captures(OTHER).unwrap());
    assert!(changes.captures(TABLE).unwrap_err().to_string().contains("has not described"));
    assert_eq!(
        read_from(&mut changes, vec![(150, Event::Commit), (160, Event::Other)]).unwrap(),
        ["@150.0", "@160.0"]
    );
    assert_eq!(changes.reached().gtid.as_deref(), Some("0-1-5"));
}

#[test]
fn statements_begin_and_end_transactions() {
    let events = vec![
        (110, statement("BEGIN")),
        (120, map(TABLE, "t")),
        (130, insert("1 a")),
        (140, statement("SAVEPOINT `s`")),
        (145, statement("ROLLBACK TO `s`")),
        (150, insert("2 a")),
        (160, statement("COMMIT")),
        // The rows of CREATE TABLE … SELECT.
        (170, begin()),
        (180, statement("CREATE TABLE other AS SELECT 1")),
        (190, map(TABLE, "t")),
        (200, insert("3 a")),
        (210, Event::Commit),
    ];
    let items = read(&split(100, 0), events).unwrap();
    assert_eq!(items, ["+I 1 a @100.1", "+I 2 a @100.2", "@160.0", "@180.0", "+I 3 a @180.1", "@210.0"]);
}

#[test]
fn files_follow_each_other_and_may_be_larger_than_their_numbers_tell() {
    let mut changes = Changes::new(&settings(), &split((1 << 32) - 10, 0));
    let rotate = Event::Rotate { file: "bin.000002".into(), position: 4 };
    let events = vec![(5, Event::Other), (20, rotate), (256, Event::Other)];
    assert_eq!(read_from(&mut changes, events).unwrap(), ["@4294967301.0", "@256.0"]);
    assert_eq!(*changes.reached(), BinlogPosition::new("bin.000002", 256));
}

#[test]
fn a_table_that_is_defined_anew_is_looked_up() {
    let settings = Settings { schema_change: SchemaChange::AllowAdded, ..settings() };
    let mut changes = Changes::new(&settings, &split(100, 0));
    let statements = vec![
        (110, statement("ALTER TABLE other ADD x INT")),
        (120, statement("ALTER TABLE t ADD x INT, ADD y INT")),
    ];
    // The position does not come before the definition.
    assert_eq!(read_from(&mut changes, statements).unwrap(), ["@110.0"]);
    let found = changes.take_redefined();
    let [(0, text, known)] = &found[..] else { panic!("{found:?}") };
    assert_eq!((text.as_str(), known), ("ALTER TABLE t ADD x INT, ADD y INT", &table()));
    let mut now = table();
    now.columns.extend([column("x", "int", false), column("y", "int", false)]);
    let mut items = Vec::new();
    changes.redefine(0, text, Some(now.clone()), |item| items.push(described(&item))).unwrap();
    assert_eq!(items, ["table 0: id, note, x, y"]);
    // Rows of before a statement that is still to come have fewer columns.
    let items = read_from(&mut changes, transaction(120, 150, [insert("1 a")])).unwrap();
    assert_eq!(items, ["+I 1 a @120.1", "@150.0"]);

    now.columns.remove(1);
    let error = changes.redefine(0, text, Some(now), |_| ()).unwrap_err().to_string();
    assert!(error.contains("have changed from id (int), note (varchar(9))"), "{error}");
    let error = changes.redefine(0, "DROP TABLE t", None, |_| ()).unwrap_err().to_string();
    assert!(error.contains("table shop.t is gone; `DROP TABLE t`"), "{error}");
}

#[test]
fn rows_that_do_not_fit_the_table_are_an_error() {
    let mapped = |columns: Vec<WireType>, names: Option<&[&str]>| {
        let names = names.map(|names| names.iter().map(|&name| name.to_owned()).collect());
        let table = MappedTable { database: "shop".into(), name: "t".into(), columns, names };
        read(&split(100, 0), vec![(110, Event::TableMap { id: TABLE, table })])
    };
    let fitting = || vec![WireType::Integer(32), WireType::Text];
    mapped(fitting(), Some(&["id", "note"])).unwrap();
    for (columns, names) in [
        (vec![WireType::Integer(32), WireType::Text, WireType::Text], None),
        (vec![WireType::Integer(64), WireType::Text], None),
        (fitting(), Some(&["id", "remark"][..])),
    ] {
        let error = mapped(columns, names).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("what is known of it is (id, note)"), "{error}");
    }
    let error = read(&split(100, 0), transaction(100, 150, [insert("1")])).unwrap_err().to_string();
    assert!(error.contains("1 of the 2 columns of a row of table shop.t, at bin.000001:100"), "{error}");
}

#[test]
fn what_empties_a_table_fails_unless_rows_were_read_later() {
    for text in
        ["TRUNCATE t", "DROP TABLE shop.t", "CREATE OR REPLACE TABLE t (id INT)", "DROP DATABASE shop"]
    {
        let error = read(&split(100, 0), vec![(110, statement(text))]).unwrap_err().to_string();
        assert!(error.contains("table shop.t has been truncated"), "{text}: {error}");
        read(&read_in_two_parts(), vec![(60, statement(text))]).unwrap();
        let settings = Settings { truncate: Truncate::Skip, ..settings() };
        read_from(&mut Changes::new(&settings, &split(100, 0)), vec![(110, statement(text))]).unwrap();
    }
    let changed = || vec![(110, statement("UPDATE t SET note = 'x'"))];
    let error = read(&split(100, 0), changed()).unwrap_err().to_string();
    assert!(error.contains("table shop.t has been changed by a statement"), "{error}");
    read(&read_in_two_parts(), vec![(60, statement("UPDATE t SET note = 'x'"))]).unwrap();
    let settings = Settings { startup: StartupMode::Timestamp(1_000_001), ..settings() };
    assert_eq!(read_from(&mut Changes::new(&settings, &split(100, 0)), changed()).unwrap(), ["@110.0"]);
    let elsewhere = Event::Statement { text: "TRUNCATE t".into(), database: "other".into() };
    read(&split(100, 0), vec![(110, elsewhere)]).unwrap();
}

#[test]
fn what_may_not_be_committed_is_refused() {
    let mut events = transaction(100, 150, [insert("1 a")]);
    events[0].1 = Event::Begin { gtid: None, is_xa: true };
    let error = read(&split(100, 0), events).unwrap_err().to_string();
    assert!(error.contains("XA transaction"), "{error}");
    // Of other tables it does not matter, and it ends.
    let mut events =
        vec![(110, statement("XA START X'31'")), (120, statement("XA END X'31'")), (130, Event::Commit)];
    events.extend(transaction(130, 150, [insert("1 a")]));
    assert_eq!(read(&split(100, 0), events).unwrap(), ["@130.0", "+I 1 a @130.1", "@150.0"]);
}

#[test]
fn changes_of_before_a_time_are_left_out() {
    for (millis, count) in [(1_000_000, 2), (1_000_001, 1)] {
        let settings = Settings { startup: StartupMode::Timestamp(millis), ..settings() };
        let mut changes = Changes::new(&settings, &split(100, 0));
        let items = read_from(&mut changes, transaction(100, 150, [insert("1 a")])).unwrap();
        assert_eq!(items.len(), count, "since {millis}: {items:?}");
    }
}
