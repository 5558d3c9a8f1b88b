//! The job master of a simulated process: its events are delivered, and its commands executed.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;

use millstream_state::snapshot::part::{KeyedPart, SubtaskPart};
use millstream_state::{CheckpointId, CheckpointName};

use super::World;
use crate::chain::TaskServices;
use crate::checkpoint::{CheckpointCommand, Control, Recipients};
use crate::clock::{Clock, IoPool};
use crate::driver::Sabotage;
use crate::driver::simulation::pool::Flag;
use crate::driver::simulation::process::{MasterMessage, Process, ReportTo};
use crate::driver::storage::{JobStorage, ManifestRequest, Prepared};
use crate::error::Result;
use crate::guard::catch;
use crate::input::in_flight_bytes;
use crate::job::{AttemptId, MasterCommand, MasterEvent, SubtaskId};
use crate::metrics::MetricsRegistry;

impl World {
    pub(super) fn deliver_to_master(&mut self, process: &mut Process) {
        let Some(message) = process.inbox.lock().pop_front() else { return };
        let event = match message {
            MasterMessage::Event(event) if JobStorage::needs_explanation(&event) => {
                return process.explain(event);
            }
            MasterMessage::Event(event) | MasterMessage::Explained(event) => event,
            MasterMessage::Prepared(attempt, prepared) => {
                if !process.master.awaits_deployment(attempt) {
                    return;
                }
                match prepared.and_then(|prepared| catch(|| self.deploy(process, attempt, prepared))) {
                    Ok(deployed) => deployed,
                    Err(error) => MasterEvent::DeployFailed { attempt, error },
                }
            }
        };
        let mut commands = Vec::new();
        process.master.handle(self.clock.moment(), self.random.unit(), event, &mut commands);
        for command in commands {
            self.carry_out(process, command);
        }
    }

    fn deploy(
        &mut self,
        process: &mut Process,
        attempt: AttemptId,
        prepared: Prepared,
    ) -> Result<MasterEvent> {
        process.cancelled = Arc::default();
        let services = TaskServices {
            attempt,
            clock: self.clock.clone(),
            io: process.pool.clone(),
            cpu: process.pool.clone(),
            reporter: Arc::new(ReportTo(attempt, process.inbox.clone())),
            folders: process.storage.clone(),
            metrics: Arc::new(MetricsRegistry::default()),
            watermark_groups: Arc::default(),
            reader_groups: Arc::default(),
            cancelled: process.cancelled.clone(),
            allow_unclaimed_state: process.job.allow_unclaimed_state,
            encodes_records: self.settings.faults.encode_records,
            sabotage: self.settings.sabotage,
        };
        let flags: Vec<_> = process.job.plan.subtasks().iter().map(|_| Flag::raised()).collect();
        let wakers: Vec<_> = flags.iter().map(|flag| Waker::from(flag.clone())).collect();
        let seed = self.random.next();
        let tasks = process.job.plan.deploy(&prepared.deployment(&services, &wakers, seed))?;
        process.install(tasks, flags);
        self.report.restores += u64::from(prepared.snapshot.is_some());
        let storage = process.storage.clone();
        process.pool.spawn(Box::pin(async move { storage.sweep().await }));
        Ok(prepared.deployed(attempt))
    }

    fn carry_out(&mut self, process: &mut Process, command: MasterCommand) {
        match command {
            MasterCommand::Deploy { attempt, restore } => process.prepare(attempt, restore),
            MasterCommand::Checkpoint(command) => self.carry_out_for_coordinator(process, command),
            MasterCommand::StopTasks { attempt } => {
                process.cancelled.store(true, Ordering::Relaxed);
                process.stopping = Some(attempt);
            }
            MasterCommand::DiscardCheckpoints => process.discard_checkpoints(),
            MasterCommand::WakeAt(time) => {
                process.ticks.insert(time);
            }
            MasterCommand::Done(result) => process.result = Some(result),
        }
    }

    fn carry_out_for_coordinator(&mut self, process: &mut Process, command: CheckpointCommand) {
        match command {
            CheckpointCommand::Send { to, control } => process.send(to, &control),
            CheckpointCommand::WriteManifest { attempt, checkpoint, target, triggered, parts } => {
                if self.settings.sabotage == Sabotage::CommitBeforeManifest {
                    process.send(Recipients::All, &Control::CheckpointCompleted(checkpoint));
                }
                self.report.reused_blocks += reused_blocks(checkpoint, &parts);
                self.report.blocks_of_changes += blocks_of_changes(&parts);
                let is_unaligned = parts.iter().any(|(_, part)| in_flight_bytes(part) > 0);
                self.report.unaligned_checkpoints += u64::from(is_unaligned);
                let request = ManifestRequest { checkpoint, target, triggered, parts };
                let tries = 1 + u32::from(self.random.below(2) == 0);
                process.write_manifest(attempt, request, tries);
            }
            CheckpointCommand::Delete { checkpoints, files } => process.delete(checkpoints, files),
            CheckpointCommand::AnswerCheckpoint { .. } => {}
            CheckpointCommand::AnswerSavepoint { request, result } => {
                self.savepoint_answered(request, result)
            }
        }
    }
}

/// How many blocks a checkpoint takes over from earlier ones.
fn reused_blocks(checkpoint: CheckpointId, parts: &[(SubtaskId, SubtaskPart)]) -> u64 {
    let is_own = |file: &str| {
        let name = file.split_once('/').and_then(|(folder, _)| CheckpointName::parse(folder));
        name.is_some_and(|name| name.id == checkpoint)
    };
    let operators = parts.iter().flat_map(|(_, part)| &part.operators);
    let blocks = operators.flat_map(|operator| &operator.keyed).flat_map(|state| &state.groups);
    blocks.filter(|(_, block)| block.length > 0 && !is_own(&block.file)).count() as u64
}

/// How many blocks of a checkpoint hold what has changed in a key group.
fn blocks_of_changes(parts: &[(SubtaskId, SubtaskPart)]) -> u64 {
    let states = parts.iter().flat_map(|(_, part)| &part.operators).flat_map(|operator| &operator.keyed);
    states.flat_map(KeyedPart::by_group).map(|blocks| blocks.len() as u64 - 1).sum()
}
