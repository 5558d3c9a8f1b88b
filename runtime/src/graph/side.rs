//! The side outputs of an operator in the graph: records of other types besides its main stream.

use std::sync::Arc;

use millstream_state::Record;
use parking_lot::Mutex;

use super::edge::Port;
use super::subtask::SubtaskBuilder;
use crate::chain::OutputTag;
use crate::chain::side::{self, SideCollector};
use crate::error::Result;

type BuildSide = Box<dyn Fn(&SubtaskBuilder<'_>) -> Result<Box<dyn SideCollector>> + Send + Sync>;

/// The side outputs of an operator that somebody reads.
#[derive(Clone, Default)]
pub struct SidePorts(Arc<Mutex<Vec<(u64, BuildSide)>>>);

impl SidePorts {
    /// The port of a side output.
    pub fn port<T: Record>(&self, tag: &OutputTag<T>) -> Port<T> {
        let port = Port::<T>::default();
        let (built, read) = (port.clone(), tag.clone());
        let build: BuildSide = Box::new(move |builder| Ok(side::side(read.clone(), built.build(builder)?)));
        self.0.lock().push((tag.id(), build));
        port
    }

    pub(crate) fn disconnect(&self) {
        let ports = std::mem::take(&mut *self.0.lock());
        drop(ports);
    }

    pub(crate) fn build(&self, builder: &SubtaskBuilder<'_>) -> Result<Vec<Box<dyn SideCollector>>> {
        self.0.lock().iter().map(|(_, build)| build(builder)).collect()
    }
}
