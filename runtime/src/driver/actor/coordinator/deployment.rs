//! The attempt: what it begins from, its subtasks, and how they are reached.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;

use actix::prelude::*;

use super::CoordinatorActor;
use crate::chain::{Reporter, TaskServices};
use crate::checkpoint::{Control, Recipients, Report};
use crate::clock::IoPool;
use crate::driver::Sabotage;
use crate::driver::actor::message::CoordinatorMessage;
use crate::driver::actor::subtask::{ControlMessage, Stop, SubtaskActor};
use crate::driver::actor::wake_flag::WakeFlag;
use crate::driver::storage::Prepared;
use crate::error::{Error, ErrorKind, Result};
use crate::graph::DeployedTask;
use crate::guard::{catch, guarded};
use crate::job::{AttemptId, MasterEvent, RestoreFrom, SubtaskId};

/// The subtasks of the attempt that is deployed.
pub(super) struct Deployed {
    attempt: AttemptId,
    /// Raised to say that the attempt is over.
    cancelled: Arc<AtomicBool>,
    subtasks: Vec<(SubtaskId, Addr<SubtaskActor>)>,
}

/// The snapshot has been read, or not.
#[derive(Message)]
#[rtype(result = "()")]
struct Ready {
    attempt: AttemptId,
    prepared: Result<Prepared>,
}

/// Sends what subtasks report to the coordinator.
struct ReportTo {
    attempt: AttemptId,
    coordinator: Addr<CoordinatorActor>,
}

impl Reporter for ReportTo {
    fn report(&self, subtask: SubtaskId, report: Report) {
        let event = MasterEvent::Report { attempt: self.attempt, subtask, report };
        self.coordinator.do_send(CoordinatorMessage(event));
    }
}

/// Says that an attempt is gone when its last subtask has let go of it.
struct AttemptGuard {
    attempt: AttemptId,
    coordinator: Addr<CoordinatorActor>,
}

impl Drop for AttemptGuard {
    fn drop(&mut self) {
        self.coordinator.do_send(CoordinatorMessage(MasterEvent::TasksStopped { attempt: self.attempt }));
    }
}

impl CoordinatorActor {
    pub(super) fn prepare(&self, attempt: AttemptId, restore: RestoreFrom, context: &Context<Self>) {
        tracing::info!(job = %self.job.name, %attempt, ?restore, "deploying");
        let (storage, plan, allow) =
            (self.storage.clone(), self.job.plan.clone(), self.job.allow_unclaimed_state);
        let coordinator = context.address();
        self.pool.spawn(Box::pin(async move {
            let prepared = guarded(storage.prepare(&plan, &restore, allow)).await;
            coordinator.do_send(Ready { attempt, prepared });
        }));
    }

    fn deploy(
        &mut self,
        attempt: AttemptId,
        prepared: Prepared,
        context: &mut Context<Self>,
    ) -> Result<MasterEvent> {
        let cancelled = Arc::new(AtomicBool::new(false));
        let services = TaskServices {
            attempt,
            clock: self.clock.clone(),
            io: self.pool.clone(),
            cpu: self.cpu.clone(),
            reporter: Arc::new(ReportTo { attempt, coordinator: context.address() }),
            folders: self.storage.clone(),
            metrics: self.metrics.clone(),
            watermark_groups: Arc::default(),
            reader_groups: Arc::default(),
            cancelled: cancelled.clone(),
            allow_unclaimed_state: self.job.allow_unclaimed_state,
            encodes_records: false,
            sabotage: Sabotage::None,
        };
        let flags: Vec<_> = self.job.plan.subtasks().iter().map(|_| WakeFlag::new()).collect();
        let wakers: Vec<_> = flags.iter().map(|flag| Waker::from(flag.clone())).collect();
        let seed = self.random.next();
        let tasks = self.job.plan.deploy(&prepared.deployment(&services, &wakers, seed))?;
        let guard = Arc::new(AttemptGuard { attempt, coordinator: context.address() });
        let start = |(deployed, flag): (DeployedTask, Arc<WakeFlag<Addr<SubtaskActor>>>)| {
            let subtask = deployed.subtask;
            let arbiter = self.arbiters.get(subtask.index as usize % self.arbiters.len().max(1));
            let arbiter = arbiter.ok_or_else(|| Error::new(ErrorKind::Internal, "no arbiter to run on"))?;
            let actor = SubtaskActor::new(deployed, flag.clone(), guard.clone());
            let address = SubtaskActor::start_in_arbiter(&arbiter.handle(), |_| actor);
            Ok((subtask, address, flag))
        };
        let started = tasks.into_iter().zip(flags).map(start).collect::<Result<Vec<_>>>()?;
        // Only now may they run: each can be reached by all others.
        let subtasks = started.into_iter().map(|(subtask, address, flag)| {
            flag.start(address.clone());
            (subtask, address)
        });
        self.deployed = Some(Deployed { attempt, cancelled, subtasks: subtasks.collect() });
        let storage = self.storage.clone();
        self.pool.spawn(Box::pin(async move { storage.sweep().await }));
        Ok(prepared.deployed(attempt))
    }

    pub(super) fn send(&self, to: Recipients, control: &Control) {
        let Some(deployed) = &self.deployed else { return };
        for (subtask, address) in &deployed.subtasks {
            if to == Recipients::All || self.job.plan.is_source(*subtask) {
                address.do_send(ControlMessage(control.clone()));
            }
        }
    }

    pub(super) fn stop_tasks(&mut self, attempt: AttemptId, context: &Context<Self>) {
        match self.deployed.take() {
            // The answer comes when the last of them has dropped its task.
            Some(deployed) if deployed.attempt == attempt => {
                // Seen at once, also by those whose mailbox is not looked at for a while.
                deployed.cancelled.store(true, Ordering::Relaxed);
                deployed.subtasks.iter().for_each(|(_, address)| address.do_send(Stop));
            }
            _ => context.address().do_send(CoordinatorMessage(MasterEvent::TasksStopped { attempt })),
        }
    }
}

impl Handler<Ready> for CoordinatorActor {
    type Result = ();

    fn handle(&mut self, ready: Ready, context: &mut Context<Self>) {
        let attempt = ready.attempt;
        if !self.master.awaits_deployment(attempt) {
            return;
        }
        let event =
            match ready.prepared.and_then(|prepared| catch(|| self.deploy(attempt, prepared, context))) {
                Ok(deployed) => deployed,
                Err(error) => MasterEvent::DeployFailed { attempt, error },
            };
        self.handle_event(event, context);
    }
}
