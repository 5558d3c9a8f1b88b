//! `blackhole`: takes every row and keeps none.

use millstream_operators::Stream;
use millstream_operators::sink::StreamSink;

use super::{ChangelogMode, Connector, TableSink};
use crate::chunk::Chunk;
use crate::error::SqlResult;
use crate::types::Schema;

pub(super) const CONNECTOR: Connector =
    Connector { name: "blackhole", lookup: None, source: None, sink: Some(|_, _| Ok(Box::new(Blackhole))) };

struct Blackhole;

impl TableSink for Blackhole {
    fn changelog_mode(&self, requested: &ChangelogMode) -> ChangelogMode {
        requested.clone()
    }

    fn consume(&self, rows: &Stream<Chunk>, _: &Schema) -> SqlResult<StreamSink> {
        Ok(rows.discard())
    }
}
