//! What is asked of a table: names and columns, from which each database makes its statements.

use crate::identifier::quote_identifier;

/// A table with the columns that are meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TableColumns {
    /// As it was written: `table` or `schema.table`.
    pub(super) table: String,
    pub(super) columns: Vec<String>,
}

impl TableColumns {
    /// The table, as SQL has it.
    pub(super) fn quoted_table(&self) -> String {
        self.table.split('.').map(quote_identifier).collect::<Vec<_>>().join(".")
    }

    /// The columns, as SQL has them, in a list.
    pub(super) fn quoted_columns(&self) -> String {
        list(&self.columns)
    }
}

/// Names in a list.
pub(super) fn list(names: &[String]) -> String {
    names.iter().map(|name| quote_identifier(name)).collect::<Vec<_>>().join(", ")
}

/// Rows that are found by keys.
#[derive(Clone, Debug)]
pub(super) struct LookupQuery {
    pub(super) table: TableColumns,
    /// The columns that keys are values of.
    pub(super) keys: Vec<String>,
}

/// A part of a table, read from a position in its order on.
#[derive(Clone, Debug)]
pub(super) struct ScanQuery {
    pub(super) table: TableColumns,
    /// What the rows are ordered by, so that a position means the same each time.
    pub(super) order: Vec<String>,
    /// The column by whose values the table is cut, with the least and the greatest of this part; `None` for no limit.
    pub(super) range: Option<(String, Option<i64>, Option<i64>)>,
    pub(super) offset: u64,
    pub(super) limit: u64,
}

impl ScanQuery {
    /// What stands behind the table: numbers alone are written into it.
    pub(super) fn clauses(&self) -> String {
        let mut text = String::new();
        if let Some((column, least, greatest)) = &self.range {
            let column = quote_identifier(column);
            let bounds = [
                least.map(|least| format!("{column} >= {least}")),
                greatest.map(|it| format!("{column} <= {it}")),
            ];
            let bounds: Vec<_> = bounds.into_iter().flatten().collect();
            // In no part there are rows without a value: they would be in all, or in one by chance.
            let condition = match bounds.is_empty() {
                true => format!("{column} IS NOT NULL"),
                false => bounds.join(" AND "),
            };
            text.push_str(&format!(" WHERE {condition}"));
        }
        if !self.order.is_empty() {
            text.push_str(&format!(" ORDER BY {}", list(&self.order)));
        }
        text.push_str(&format!(" LIMIT {} OFFSET {}", self.limit, self.offset));
        text
    }
}

/// A table that is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WriteTarget {
    pub(super) table: TableColumns,
    /// The positions of the columns of the key; empty if rows are only inserted.
    pub(super) key: Vec<usize>,
}

impl WriteTarget {
    pub(super) fn key_names(&self) -> Vec<String> {
        self.key.iter().filter_map(|column| self.table.columns.get(*column).cloned()).collect()
    }

    /// `ON CONFLICT …`; empty where there is no key.
    pub(super) fn on_conflict(&self) -> String {
        if self.key.is_empty() {
            return String::new();
        }
        let others = self.table.columns.iter().enumerate().filter(|(index, _)| !self.key.contains(index));
        let updates: Vec<_> =
            others.map(|(_, name)| format!("{0} = EXCLUDED.{0}", quote_identifier(name))).collect();
        let action = match updates.is_empty() {
            true => "NOTHING".to_owned(),
            false => format!("UPDATE SET {}", updates.join(", ")),
        };
        format!(" ON CONFLICT ({}) DO {action}", list(&self.key_names()))
    }
}

/// `$1, $2` or `?, ?`: so many parameters.
pub(super) fn parameters(count: usize) -> String {
    vec!["?"; count].join(", ")
}
