//! Records of two streams as one.

use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OperatorInfo, Output};
use millstream_runtime::graph::{SidePorts, Upstream};
use millstream_state::{Key, Record};
use serde::{Deserialize, Serialize};

use crate::transform::each_batch;
use crate::{KeyedStream, Stream};

/// A record of one of two streams.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Side<A, B> {
    /// Of the first.
    First(A),
    /// Of the second.
    Second(B),
}

/// Both streams as one of the same key.
pub(super) fn both<K: Key, A: Record, B: Record>(
    first: &KeyedStream<K, A>,
    second: &KeyedStream<K, B>,
) -> KeyedStream<K, Side<A, B>> {
    first.marked(Side::First).union(&second.marked(Side::Second)).keyed()
}

impl<K: Key, T: Record> KeyedStream<K, T> {
    /// Turns each record into another, where the pairs come from: they are spread by key only behind it.
    fn marked<R: Record>(&self, mark: fn(T) -> R) -> Stream<(K, R)> {
        let unspread = |upstream: &Upstream<(K, T)>| Upstream {
            partitioning: None,
            partitioner: None,
            ..upstream.clone()
        };
        let parts = self.pairs.upstreams.iter().map(|upstream| {
            let part = Stream { upstreams: vec![unspread(upstream)], ..self.pairs.clone() };
            let marked = part.apply("Join side", move |_: &OperatorInfo| {
                each_batch(move |batch: &mut Batch<(K, T)>, output: &mut Output<'_, (K, R)>| {
                    batch.map_into(output.batch(), |(key, record)| (key, mark(record)));
                    Ok(())
                })
            });
            self.pairs.graph.lock().follow_input(marked.node);
            marked
        });
        let parts: Vec<Stream<(K, R)>> = parts.collect();
        let upstreams = parts.iter().flat_map(|part| part.upstreams.clone()).collect();
        let node = parts.last().map_or(self.pairs.node, |part| part.node);
        Stream { graph: self.pairs.graph.clone(), upstreams, node, sides: SidePorts::default() }
    }
}
