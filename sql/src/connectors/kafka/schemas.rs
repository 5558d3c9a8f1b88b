//! The schemas that records were written with, where a registry has them.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use millstream_connectors::kafka::{RecordPreparation, RecordView};
use millstream_runtime::Result;

use crate::formats::registry::MessageSchemas;

/// Asks registries for the schemas of records before these are read.
pub(super) struct Schemas {
    pub(super) key: Option<Arc<dyn MessageSchemas>>,
    pub(super) value: Option<Arc<dyn MessageSchemas>>,
}

impl RecordPreparation for Schemas {
    fn prepare(
        &self,
        records: &mut dyn Iterator<Item = RecordView<'_>>,
    ) -> Option<BoxFuture<'static, Result<()>>> {
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        for record in records {
            keys.extend(record.key().filter(|_| self.key.is_some()));
            values.extend(record.value().filter(|_| self.value.is_some()));
        }
        let unknown = |schemas: &Option<Arc<dyn MessageSchemas>>, messages: Vec<&[u8]>| {
            let schemas = schemas.clone()?;
            let ids = schemas.unknown(&mut messages.into_iter());
            (!ids.is_empty()).then_some((schemas, ids))
        };
        let of_parts = [unknown(&self.key, keys), unknown(&self.value, values)];
        if of_parts.iter().all(Option::is_none) {
            return None;
        }
        let fetched = async move {
            for (schemas, ids) in of_parts.into_iter().flatten() {
                schemas.fetch(ids).await?;
            }
            Ok(())
        };
        Some(fetched.boxed())
    }
}
