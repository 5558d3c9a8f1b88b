//! Leaves out what rows were before an update, for readers that know rows by their key.

use arrow_array::BooleanArray;
use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{Operator, OperatorHooks, Output};

use crate::chunk::{Chunk, Kinds, RowKind};

/// Leaves out `-U`. As Flink's `StreamExecDropUpdateBefore`.
#[derive(Clone, Copy, Debug)]
pub struct DropUpdateBefore;

impl OperatorHooks<Chunk> for DropUpdateBefore {}

impl Operator<Chunk, Chunk> for DropUpdateBefore {
    fn process(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        for chunk in batch.drain() {
            let kept = match chunk.kinds() {
                Kinds::Insert => chunk,
                kinds => {
                    let mask = kinds.iter(chunk.rows()).map(|kind| Some(kind != RowKind::UpdateBefore));
                    chunk.filter(&mask.collect::<BooleanArray>())?
                }
            };
            if !kept.is_empty() {
                output.forward(&mut kept.into_batch())?;
            }
        }
        Ok(())
    }
}
