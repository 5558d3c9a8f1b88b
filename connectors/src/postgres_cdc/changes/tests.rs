use bytes::Bytes;
use millstream_runtime::ErrorKind;

use super::*;
use crate::cdc::progress::{KeyColumn, Part};
use crate::cdc::record::{ChangeKind, ColumnValue};
use crate::postgres_cdc::options::{ChangelogMode, UnchangedToast};
use crate::postgres_cdc::pgoutput::{Old, Tuple, TupleValue};
use crate::postgres_cdc::source::PostgresCdcSource;

const TABLE: u32 = 7;
const OTHER: u32 = 8;

fn relation(id: u32, name: &str, columns: &[&str]) -> Message {
    let column = |name: &&str| RelationColumn {
        is_key: *name == "id",
        name: (*name).to_owned(),
        type_oid: if *name == "id" { 20 } else { 25 },
        type_modifier: -1,
    };
    let columns = columns.iter().map(column).collect();
    Message::Relation(Relation { id, schema: "public".into(), name: name.into(), columns })
}

/// A row of values: `-` is NULL, `?` an unchanged TOAST value.
fn tuple(row: &str) -> Tuple {
    let value = |text: &str| match text {
        "-" => TupleValue::Null,
        "?" => TupleValue::UnchangedToast,
        text => TupleValue::Text(Bytes::copy_from_slice(text.as_bytes())),
    };
    row.split(' ').map(value).collect()
}

fn insert(row: &str) -> Message {
    Message::Insert { relation: TABLE, new: tuple(row) }
}

fn update(old: &str, new: &str) -> Message {
    Message::Update { relation: TABLE, old: Old::Full(tuple(old)), new: tuple(new) }
}

fn update_of_key(old: &str, new: &str) -> Message {
    Message::Update { relation: TABLE, old: Old::Key(tuple(old)), new: tuple(new) }
}

fn update_blind(new: &str) -> Message {
    Message::Update { relation: TABLE, old: Old::None, new: tuple(new) }
}

fn delete(old: &str) -> Message {
    Message::Delete { relation: TABLE, old: Old::Full(tuple(old)) }
}

fn delete_of_key(old: &str) -> Message {
    Message::Delete { relation: TABLE, old: Old::Key(tuple(old)) }
}

fn begin(lsn: u64) -> Message {
    Message::Begin { commit_lsn: Lsn(lsn), commit_time: 1_500 }
}

fn commit(end_lsn: u64) -> Message {
    Message::Commit { end_lsn: Lsn(end_lsn) }
}

fn settings() -> Settings {
    PostgresCdcSource::new("localhost", "shop").into_settings()
}

fn upsert() -> Settings {
    Settings { changelog: ChangelogMode::Upsert, ..settings() }
}

/// A split of `public.t (id, note)` at a position.
fn split(lsn: u64, changes: u64) -> PostgresSplit {
    let column = |name: &str, type_oid, is_primary_key| CapturedColumn {
        name: name.into(),
        data_type: PostgresType { oid: type_oid, modifier: -1 },
        is_primary_key,
    };
    let table = CapturedTable {
        schema: "public".into(),
        name: "t".into(),
        columns: vec![column("id", 20, true), column("note", 25, false)],
    };
    let key = vec![KeyColumn {
        name: "id".into(),
        order: KeyOrder::Integer,
        expression: "id".into(),
        literal_type: "int8".into(),
    }];
    let tables = vec![TableProgress { table, key, parts: Vec::new() }];
    PostgresSplit { position: Some(Position { log: Lsn(lsn), changes }), tables }
}

/// The same, with rows up to key 10 read at 100 and the others at 200.
fn read_in_two_parts() -> PostgresSplit {
    let mut split = split(50, 0);
    split.tables[0].parts = vec![
        Part { to: Some(Key(vec!["10".into()])), read_at: Some(Lsn(100)), last: None },
        Part { to: None, read_at: Some(Lsn(200)), last: None },
    ];
    split
}

fn line(record: &ChangeRecord) -> String {
    let value = |value: &ColumnValue| match value {
        ColumnValue::Null => "-".to_owned(),
        ColumnValue::Unavailable => "?".to_owned(),
        ColumnValue::Text(_) => value.text().unwrap().to_owned(),
    };
    let values: Vec<_> = record.values.iter().map(value).collect();
    format!("{} {}", record.kind.short_string(), values.join(" "))
}

/// What messages come to: each item a line, the records of one change in one.
fn read(settings: &Settings, split: &PostgresSplit, messages: Vec<Message>) -> Result<Vec<String>> {
    let mut changes = Changes::new(settings, split, &[]);
    let mut lines = Vec::new();
    for message in messages {
        changes.read(message, |item| {
            lines.push(match item {
                Item::Change { first, second, position } => {
                    let records: Vec<_> = [Some(first), second].iter().flatten().map(line).collect();
                    format!("{} @{}.{}", records.join(", "), position.log.0, position.changes)
                }
                Item::Position(position) => format!("@{}.{}", position.log.0, position.changes),
                Item::Table(index, table) => format!("table {index}: {}", table.column_names()),
            });
        })?;
    }
    Ok(lines)
}

/// The messages of a transaction, with the description of the table before.
fn transaction(lsn: u64, changes: impl IntoIterator<Item = Message>) -> Vec<Message> {
    let first = [begin(lsn), relation(TABLE, "t", &["id", "note"])];
    first.into_iter().chain(changes).chain([commit(lsn + 5)]).collect()
}

#[track_caller]
fn fails(settings: &Settings, split: &PostgresSplit, messages: Vec<Message>, expected: &[&str]) {
    let error = read(settings, split, messages).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    for part in expected {
        assert!(error.to_string().contains(part), "`{part}` is not in: {error}");
    }
}

#[test]
fn changes_carry_their_position() {
    let messages = transaction(100, [insert("1 a"), update("1 a", "1 b"), delete("1 b")]);
    let lines = read(&settings(), &split(50, 0), messages).unwrap();
    assert_eq!(lines, ["+I 1 a @100.1", "-U 1 a, +U 1 b @100.2", "-D 1 b @100.3", "@105.0"]);
}

#[test]
fn reading_goes_on_inside_of_a_transaction() {
    let messages = transaction(100, [insert("1 a"), update("1 a", "1 b"), delete("1 b")]);
    for (at, expected) in [
        (split(100, 0), &["+I 1 a @100.1", "-U 1 a, +U 1 b @100.2", "-D 1 b @100.3", "@105.0"][..]),
        (split(100, 2), &["-D 1 b @100.3", "@105.0"]),
        (split(100, 3), &["@105.0"]),
        (split(101, 0), &["@105.0"]),
        (split(105, 0), &[]),
    ] {
        assert_eq!(read(&settings(), &at, messages.clone()).unwrap(), expected, "{:?}", at.position);
    }
}

#[test]
fn other_tables_are_passed_over_but_counted() {
    let other = Message::Insert { relation: OTHER, new: tuple("1") };
    let messages = transaction(100, [relation(OTHER, "other", &["id"]), other.clone(), insert("1 a"), other]);
    assert_eq!(read(&settings(), &split(50, 0), messages).unwrap(), ["+I 1 a @100.2", "@105.0"]);
}

#[test]
fn a_change_that_was_in_the_snapshot_is_dropped() {
    let changes = || {
        [
            insert("1 a"),
            insert("11 a"),
            update("2 a", "2 b"),
            update("12 a", "12 b"),
            delete("3 a"),
            delete("13 a"),
        ]
    };
    let at = |lsn| read(&settings(), &read_in_two_parts(), transaction(lsn, changes())).unwrap();
    assert_eq!(at(99), ["@104.0"]);
    assert_eq!(at(100), ["+I 1 a @100.1", "-U 2 a, +U 2 b @100.3", "-D 3 a @100.5", "@105.0"]);
    assert_eq!(at(200).len(), 7);
}

#[test]
fn a_row_that_moves_between_parts_is_two_rows() {
    let moves = || [update("1 a", "11 b"), update("12 c", "2 d")];
    let at = |lsn| read(&settings(), &read_in_two_parts(), transaction(lsn, moves())).unwrap();
    assert_eq!(at(99), ["@104.0"]);
    // Rows up to 10 were read before the moves, those from 11 on after them.
    assert_eq!(at(150), ["-D 1 a @150.1", "+I 2 d @150.2", "@155.0"]);
    assert_eq!(at(200), ["-D 1 a, +I 11 b @200.1", "-D 12 c, +I 2 d @200.2", "@205.0"]);
}

#[test]
fn an_update_without_the_row_before_fails_or_is_an_upsert() {
    let messages =
        || transaction(100, [update_blind("1 b"), update_of_key("1 -", "2 c"), delete_of_key("2 -")]);
    let lines = read(&upsert(), &split(50, 0), messages()).unwrap();
    assert_eq!(lines, ["+U 1 b @100.1", "-D 1 ?, +I 2 c @100.2", "-D 2 ? @100.3", "@105.0"]);
    let remedies = ["table public.t", "ChangelogMode::Upsert", "ALTER TABLE public.t REPLICA IDENTITY FULL"];
    for change in [update_blind("1 b"), update_of_key("1 -", "2 c"), delete_of_key("2 -")] {
        fails(&settings(), &split(50, 0), transaction(100, [change]), &remedies);
    }
    let full = transaction(100, [update("1 a", "1 b"), delete("1 b")]);
    assert_eq!(read(&upsert(), &split(50, 0), full).unwrap(), ["+U 1 b @100.1", "-D 1 b @100.2", "@105.0"]);
}

#[test]
fn large_values_that_have_not_changed_are_taken_from_the_row_before() {
    let messages = transaction(100, [update("1 large", "1 ?"), update("1 -", "1 b")]);
    let lines = read(&settings(), &split(50, 0), messages).unwrap();
    assert_eq!(lines, ["-U 1 large, +U 1 large @100.1", "-U 1 -, +U 1 b @100.2", "@105.0"]);

    let blind = || transaction(100, [update_blind("1 ?")]);
    fails(
        &upsert(),
        &split(50, 0),
        blind(),
        &["column `note`", "UnchangedToast::Mark", "REPLICA IDENTITY FULL"],
    );
    let mark = Settings { toast: UnchangedToast::Mark, ..upsert() };
    assert_eq!(read(&mark, &split(50, 0), blind()).unwrap(), ["+U 1 ? @100.1", "@105.0"]);
}

#[test]
fn a_key_that_was_not_sent_fails_where_it_matters() {
    let blind = || transaction(150, [update_blind("? b")]);
    let mark = Settings { toast: UnchangedToast::Mark, ..upsert() };
    assert_eq!(read(&mark, &split(50, 0), blind()).unwrap(), ["+U ? b @150.1", "@155.0"]);
    fails(&mark, &read_in_two_parts(), blind(), &["primary key", "REPLICA IDENTITY FULL"]);
}

#[test]
fn columns_that_change_fail_or_are_told() {
    let with =
        |columns: &[&str], row| vec![begin(100), relation(TABLE, "t", columns), insert(row), commit(105)];
    let added = || with(&["id", "note", "more"], "1 a b");
    let dropped = || with(&["id", "other"], "1 b");
    let policy = |schema_change| Settings { schema_change, ..settings() };

    let both =
        ["id (type 20), note (type 25) to id (type 20), note (type 25), more", "SchemaChange::AllowAdded"];
    fails(&settings(), &split(50, 0), added(), &both);
    fails(&policy(SchemaChange::AllowAdded), &split(50, 0), dropped(), &["other", "SchemaChange::Allow`"]);
    for (policy, messages, expected) in [
        (SchemaChange::AllowAdded, added(), ["table 0: id, note, more", "+I 1 a b @100.1", "@105.0"]),
        (SchemaChange::Allow, dropped(), ["table 0: id, other", "+I 1 b @100.1", "@105.0"]),
    ] {
        let settings = Settings { schema_change: policy, ..settings() };
        assert_eq!(read(&settings, &split(50, 0), messages).unwrap(), expected);
    }
    // It was told before: the table looks like that since an earlier change of the transaction.
    let mut told = split(100, 1);
    let of_added = read(&policy(SchemaChange::AllowAdded), &split(50, 0), added()).unwrap();
    assert_eq!(of_added[0], "table 0: id, note, more");
    let more = CapturedColumn { name: "more".into(), ..told.tables[0].table.columns[1].clone() };
    told.tables[0].table.columns.push(more);
    let both = [
        relation(TABLE, "t", &["id", "note"]),
        insert("1 a"),
        relation(TABLE, "t", &["id", "note", "more"]),
        insert("2 a b"),
    ];
    let messages = [begin(100)].into_iter().chain(both).chain([commit(105)]).collect();
    assert_eq!(read(&settings(), &told, messages).unwrap(), ["+I 2 a b @100.2", "@105.0"]);
}

#[test]
fn truncation_fails_or_is_passed_over() {
    let messages =
        |lsn| transaction(lsn, [Message::Truncate { relations: vec![OTHER, TABLE] }, insert("1 a")]);
    fails(
        &settings(),
        &split(50, 0),
        messages(100),
        &["table public.t has been truncated", "Truncate::Skip"],
    );
    let skip = Settings { truncate: Truncate::Skip, ..settings() };
    assert_eq!(read(&skip, &split(50, 0), messages(100)).unwrap(), ["+I 1 a @100.2", "@105.0"]);
    assert_eq!(
        read(&settings(), &read_in_two_parts(), messages(90)).unwrap(),
        ["@95.0"],
        "rows were read after it"
    );
    fails(&settings(), &read_in_two_parts(), messages(150), &["truncated"]);
}

#[test]
fn an_idle_server_moves_the_position_between_transactions_only() {
    let mut changes = Changes::new(&settings(), &split(50, 0), &[]);
    let keep_alive = |changes: &mut Changes, lsn| {
        let mut reached = None;
        changes.keep_alive(Lsn(lsn), |item| reached = Some(item));
        matches!(reached, Some(Item::Position(position)) if position == Position { log: Lsn(lsn), changes: 0 })
    };
    assert!(keep_alive(&mut changes, 60));
    assert!(!keep_alive(&mut changes, 55), "never back");
    changes.read(begin(70), |_| ()).unwrap();
    assert!(!keep_alive(&mut changes, 80), "a transaction is open");
    changes.read(commit(75), |_| ()).unwrap();
    assert!(keep_alive(&mut changes, 80));
}

#[test]
fn rows_of_partitions_that_may_be_keys_alone_are_noticed() {
    let cases = [
        (delete("1 -"), true),
        (update("1 -", "1 b"), true),
        // No primary key is NULL: this is the key of another index.
        (delete("- a"), true),
        (delete("1 a"), false),
        (update("1 a", "1 -"), false),
        (insert("1 -"), false),
    ];
    for (message, is_noticed) in cases {
        for is_partitioned in [true, false] {
            let mut changes = Changes::new(&settings(), &split(50, 0), &[is_partitioned]);
            for message in transaction(100, [message.clone()]) {
                changes.read(message, |_| ()).unwrap();
            }
            let suspects = changes.take_suspects().len();
            assert_eq!(suspects, usize::from(is_noticed && is_partitioned), "{message:?}");
            assert!(changes.take_suspects().is_empty());
        }
    }
}

#[test]
fn records_say_when_and_where() {
    let mut changes = Changes::new(&settings(), &split(50, 0), &[]);
    let mut records = Vec::new();
    for message in transaction(100, [insert("1 a")]) {
        let take = |item| {
            if let Item::Change { first, .. } = item {
                records.push(first);
            }
        };
        changes.read(message, take).unwrap();
    }
    let record = &records[0];
    assert_eq!(record.kind, ChangeKind::Insert);
    assert_eq!(
        (record.position, record.commit_time),
        (Lsn(100), Some(Timestamp::from_millis(EPOCH_MILLIS + 1)))
    );
    assert_eq!((record.text("note"), record.text("nothing")), (Some("a"), None));
    assert!(!record.is_from_snapshot() && record.table.columns[0].is_primary_key);
}

#[test]
fn a_stream_that_makes_no_sense_is_an_error() {
    for messages in [
        vec![relation(TABLE, "t", &["id", "note"]), insert("1 a")],
        vec![begin(100), insert("1 a")],
        transaction(100, [insert("1 a b")]),
        transaction(100, [update("1", "1 b")]),
    ] {
        let error = read(&settings(), &split(50, 0), messages).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::External);
        assert!(error.to_string().contains("the stream of changes has"), "{error}");
    }
}
