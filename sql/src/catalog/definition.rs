//! Tables and views as the statements that create them: as Flink's `ShowCreateUtil`.

use std::fmt::Write;

use super::{ColumnSource, Table, TableColumn, View};
use crate::types::{Field, SqlType};

impl Table {
    /// The CREATE TABLE that makes this table.
    pub fn definition(&self) -> String {
        let temporary = if self.temporary { "TEMPORARY " } else { "" };
        let mut lines: Vec<String> = self.columns.iter().map(TableColumn::definition).collect();
        if let Some(watermark) = &self.watermark {
            let column = self.column_name(watermark.column);
            lines.push(format!("WATERMARK FOR {} AS {}", identifier(column), watermark.text));
        }
        if !self.primary_key.is_empty() {
            let names: Vec<&str> = self.primary_key.iter().map(|column| self.column_name(*column)).collect();
            let name = identifier(&format!("PK_{}", names.join("_")));
            lines.push(format!("CONSTRAINT {name} PRIMARY KEY ({}) NOT ENFORCED", identifiers(&names)));
        }
        let mut text =
            format!("CREATE {temporary}TABLE {} (\n  {}\n)\n", self.path.quoted(), lines.join(",\n  "));
        if let Some(comment) = &self.comment {
            text.push_str(&format!("COMMENT {}\n", literal(comment)));
        }
        if !self.partition_keys.is_empty() {
            let names: Vec<&str> =
                self.partition_keys.iter().map(|column| self.column_name(*column)).collect();
            text.push_str(&format!("PARTITIONED BY ({})\n", identifiers(&names)));
        }
        if !self.options.is_empty() {
            let options =
                self.options.iter().map(|(key, value)| format!("  {} = {}", literal(key), literal(value)));
            text.push_str(&format!("WITH (\n{}\n)\n", options.collect::<Vec<_>>().join(",\n")));
        }
        text
    }

    /// The name of a column; empty where there is none.
    pub fn column_name(&self, index: usize) -> &str {
        self.columns.get(index).map_or("", |column| &column.name)
    }
}

impl TableColumn {
    fn definition(&self) -> String {
        let mut text = identifier(&self.name);
        if !matches!(self.source, ColumnSource::Computed { .. }) {
            text.push(' ');
            write_field(&self.field, &mut text);
        }
        let extras = self.extras();
        if !extras.is_empty() {
            text.push(' ');
            text.push_str(&extras);
        }
        if let Some(comment) = &self.comment {
            text.push_str(&format!(" COMMENT {}", literal(comment)));
        }
        text
    }

    /// What stands behind the type: `AS expression`, `METADATA FROM 'key' VIRTUAL`; empty if there is nothing.
    pub fn extras(&self) -> String {
        match &self.source {
            ColumnSource::Physical => String::new(),
            ColumnSource::Computed { text, .. } => format!("AS {text}"),
            ColumnSource::Metadata { key, is_virtual } => {
                let from =
                    if **key == *self.name { String::new() } else { format!(" FROM {}", literal(key)) };
                format!("METADATA{from}{}", if *is_virtual { " VIRTUAL" } else { "" })
            }
        }
    }
}

impl View {
    /// The CREATE VIEW that makes this view.
    pub fn definition(&self) -> String {
        let temporary = if self.temporary { "TEMPORARY " } else { "" };
        let names: Vec<String> = self.schema.names().map(|name| format!("  {}", identifier(name))).collect();
        let comment = self
            .comment
            .as_ref()
            .map_or_else(String::new, |comment| format!("COMMENT {}\n", literal(comment)));
        format!(
            "CREATE {temporary}VIEW {} (\n{}\n)\n{comment}AS {}\n",
            self.path.quoted(),
            names.join(",\n"),
            self.text
        )
    }
}

/// A name in backticks.
pub(crate) fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// Names in backticks, with commas between them.
fn identifiers(names: &[&str]) -> String {
    names.iter().map(|name| identifier(name)).collect::<Vec<_>>().join(", ")
}

/// A text in quotes.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A type as Flink's `asSerializableString` writes it: STRING and BYTES with their lengths.
fn write_field(field: &Field, out: &mut String) {
    match &field.data_type {
        SqlType::VarChar(length) => write_text(out, format_args!("VARCHAR({length})")),
        SqlType::VarBinary(length) => write_text(out, format_args!("VARBINARY({length})")),
        SqlType::IntervalDayTime => out.push_str("INTERVAL DAY TO SECOND(3)"),
        SqlType::Array(element) => write_nested("ARRAY", &[element], out),
        SqlType::Multiset(element) => write_nested("MULTISET", &[element], out),
        SqlType::Map(key, value) => write_nested("MAP", &[key, value], out),
        SqlType::Row(fields) => {
            out.push_str("ROW<");
            for (index, field) in fields.iter().enumerate() {
                write_text(
                    out,
                    format_args!("{}{} ", if index == 0 { "" } else { ", " }, identifier(&field.name)),
                );
                write_field(&field.field, out);
            }
            out.push('>');
        }
        other => write_text(out, format_args!("{}", other.clone().materialized())),
    }
    if !field.nullable {
        out.push_str(" NOT NULL");
    }
}

fn write_nested(name: &str, fields: &[&Field], out: &mut String) {
    out.push_str(name);
    out.push('<');
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write_field(field, out);
    }
    out.push('>');
}

fn write_text(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Appending to a string does not fail.
    let _ = out.write_fmt(text);
}
