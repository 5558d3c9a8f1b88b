//! Mini-batch in a group aggregate: rows go into their groups as they come, and the changes of a bundle are emitted at its
//! end.

use millstream_runtime::Result;
use millstream_runtime::chain::Output;
use millstream_state::rows::RowRef;

use super::bundle::{Touched, TouchedGroups};
use super::emission::{Emission, Transition};
use super::{ADD, GroupAggregate, Observe, count_rows, not_open, row_count};
use crate::chunk::Chunk;
use crate::operators::accumulators::Observed;
use crate::operators::time_to_live::seconds;

impl GroupAggregate {
    /// Takes the rows of a chunk into the bundle.
    pub(super) fn collect(&mut self, chunk: &Chunk, output: &mut Output<'_, Chunk>) -> Result<()> {
        let mut start = 0;
        while start < chunk.rows() {
            // What expires does so between bundles: the groups of one stay where they are.
            if self.specification.ttl.is_some() && self.touched.as_ref().is_some_and(TouchedGroups::is_empty)
            {
                self.began = seconds(output.context().now());
                self.advance(self.began, chunk.rows())?;
            }
            let fitting = self.touched.as_ref().map(|touched| touched.size.fitting(chunk.rows() - start));
            let rows = fitting.unwrap_or_default().max(1);
            let slice = chunk.slice(start, rows);
            if self.specification.merges {
                self.merge_rows(&slice)?
            } else {
                self.add_rows(&slice)?
            }
            start += rows;
            if self.touched.as_mut().is_some_and(|touched| touched.size.add(rows)) {
                self.finish_bundle(output)?;
            }
        }
        Ok(())
    }

    fn add_rows(&mut self, chunk: &Chunk) -> Result<()> {
        let Some(store) = &mut self.store else { return Err(not_open()) };
        let keys = self.specification.keys.keys(chunk.columns(), chunk.rows())?;
        self.upserted.clear();
        store.upsert(keys.hashes(), &keys.column(), &mut self.upserted)?;
        let groups = self.touch(chunk)?;
        let Some(store) = &mut self.store else { return Err(not_open()) };
        let signs = if self.specification.retracts {
            count_rows(store, chunk, &groups).0
        } else {
            vec![ADD; chunk.rows()]
        };
        self.add(chunk, &groups, keys.hashes(), &signs, Observe::Nothing, &mut |_| Ok(()))
    }

    /// Notes the groups of the rows that have been looked up, before these go into them.
    pub(super) fn touch(&mut self, chunk: &Chunk) -> Result<Vec<RowRef>> {
        let groups: Vec<RowRef> = self.upserted.iter().map(|upserted| upserted.row).collect();
        if self.specification.ttl.is_some() {
            self.refresh(&groups, self.began)?;
        }
        let (Some(store), Some(touched)) = (&self.store, &mut self.touched) else { return Err(not_open()) };
        let (retracts, upserted) = (self.specification.retracts, &self.upserted);
        let begins = |row: usize, group: RowRef| {
            if retracts {
                row_count(store.fixed(group)) <= 0
            } else {
                upserted.get(row).is_some_and(|upserted| upserted.is_new)
            }
        };
        touched.touch(&self.input_keys, chunk, &groups, begins, &self.accumulators, store)?;
        Ok(groups)
    }

    /// Emits what has become of the groups of the bundle.
    pub(super) fn finish_bundle(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        let Some(touched) = &mut self.touched else { return Ok(()) };
        let Some(Touched { groups, begins, keys, before }) = touched.take()? else { return Ok(()) };
        let Some(store) = &self.store else { return Err(not_open()) };
        let transitions = groups.iter().zip(begins).map(|(group, begins)| {
            let is_there = !self.specification.retracts || row_count(store.fixed(*group)) > 0;
            match (begins, is_there) {
                (true, true) => Transition::Begins,
                (true, false) => Transition::Nothing,
                (false, true) => Transition::Goes,
                (false, false) => Transition::Ends,
            }
        });
        // As in Flink, what a bundle leaves as it was is no change, whether state expires or not.
        let mut emission = Emission::new(transitions.collect(), self.specification.update_before, false);
        for (accumulator, before) in self.accumulators.iter().zip(before) {
            let after = accumulator.results(store, &groups)?;
            emission.observed(Observed { before: Some(before), after: Some(after) })?;
        }
        let columns: Vec<usize> = (0..keys.len()).collect();
        let keys = Chunk::new(keys, groups.len());
        let changes = emission.chunk(&keys, &columns)?;
        self.remove_ended(&groups)?;
        match changes {
            Some(changes) => output.forward(&mut changes.into_batch()),
            None => Ok(()),
        }
    }
}
