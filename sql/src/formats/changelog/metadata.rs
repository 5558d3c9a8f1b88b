//! What messages say beside rows: columns with METADATA.

use std::sync::Arc;

use super::message::Message;
use crate::chunk::{ColumnBuilder, Scalar, ValueError};
use crate::formats::json::{JsonRules, find_members, present, string};
use crate::types::{Field, SqlType, TimeKind};

/// What a message says beside its rows.
#[derive(Clone, Copy, Debug)]
pub struct MetadataField {
    /// Its key, behind the name of the part that has the format: `value.source.timestamp`.
    pub key: &'static str,
    member: &'static str,
    /// Where the member is an object: which of its members it is.
    inner: Option<&'static str>,
    content: Content,
}

#[derive(Clone, Copy, Debug)]
enum Content {
    Text,
    Texts,
    /// Of texts to texts.
    Properties,
    /// Of texts to numbers.
    Numbers,
    /// A number of milliseconds since 1970-01-01 UTC.
    Millis,
    /// A number of seconds.
    Seconds,
}

const fn field(key: &'static str, member: &'static str, content: Content) -> MetadataField {
    MetadataField { key, member, inner: None, content }
}

const fn source(key: &'static str, inner: &'static str, content: Content) -> MetadataField {
    MetadataField { key, member: "source", inner: Some(inner), content }
}

/// What Debezium says.
pub(super) const DEBEZIUM: &[MetadataField] = &[
    field("schema", "schema", Content::Text),
    field("ingestion-timestamp", "ts_ms", Content::Millis),
    source("source.timestamp", "ts_ms", Content::Millis),
    source("source.database", "db", Content::Text),
    source("source.schema", "schema", Content::Text),
    source("source.table", "table", Content::Text),
    field("source.properties", "source", Content::Properties),
];

/// What Canal says.
pub(super) const CANAL: &[MetadataField] = &[
    field("database", "database", Content::Text),
    field("table", "table", Content::Text),
    field("sql-type", "sqlType", Content::Numbers),
    field("pk-names", "pkNames", Content::Texts),
    field("ingestion-timestamp", "ts", Content::Millis),
    field("event-timestamp", "es", Content::Millis),
];

/// What Maxwell says.
pub(super) const MAXWELL: &[MetadataField] = &[
    field("database", "database", Content::Text),
    field("table", "table", Content::Text),
    field("primary-key-columns", "primary_key_columns", Content::Texts),
    field("ingestion-timestamp", "ts", Content::Seconds),
];

impl MetadataField {
    /// The type of the values, which a column is to have that reads them; all may be NULL.
    pub fn data_type(&self) -> SqlType {
        let text = Arc::new(Field::nullable(SqlType::STRING));
        match self.content {
            Content::Text => SqlType::STRING,
            Content::Texts => SqlType::Array(text),
            Content::Properties => SqlType::Map(text.clone(), text),
            Content::Numbers => SqlType::Map(text, Arc::new(Field::nullable(SqlType::Int))),
            Content::Millis | Content::Seconds => SqlType::TimestampLtz(3, TimeKind::Regular),
        }
    }

    /// Appends what a message says.
    pub(super) fn append(
        &self,
        message: &Message<'_>,
        rules: JsonRules,
        column: &mut ColumnBuilder,
        scratch: &mut Vec<u8>,
    ) -> Result<(), ValueError> {
        let appended = match self.find(message) {
            Ok(None) => column.append_null(),
            Ok(Some(raw)) => match self.content {
                Content::Millis => append_time(raw, 1, column),
                Content::Seconds => append_time(raw, 1000, column),
                _ => return rules.append(raw, column, scratch),
            },
            Err(error) => {
                column.append_placeholder();
                Err(error)
            }
        };
        if rules.ignore_parse_errors && column.field().nullable { Ok(()) } else { appended }
    }

    fn find<'a>(&self, message: &Message<'a>) -> Result<Option<&'a str>, ValueError> {
        let (Some(member), Some(inner)) = (message.get(self.member), self.inner) else {
            return Ok(message.get(self.member));
        };
        let mut found = [None];
        find_members(member, |name, _| (name == inner).then_some(0), &mut found)?;
        let [found] = found;
        Ok(present(found))
    }
}

fn append_time(raw: &str, millis: i64, column: &mut ColumnBuilder) -> Result<(), ValueError> {
    let number = string(raw).map_err(|error| error.problem().to_owned()).and_then(|text| {
        let number = text.trim().parse::<i64>().ok().and_then(|number| number.checked_mul(millis));
        number.map(Scalar::Integer).ok_or_else(|| format!("{raw} is no number of a timestamp"))
    });
    column.append_result(number)
}
