//! The actor of one subtask: it runs its task when woken, and yields the arbiter in between.

use std::sync::Arc;
use std::task::Wake;
use std::time::Duration;

use actix::prelude::*;

use super::wake_flag::{Mailbox, RunPermit, WakeFlag};
use crate::checkpoint::{Control, Report};
use crate::clock::Alarm;
use crate::error::Error;
use crate::graph::DeployedTask;
use crate::task::{Budget, Progress, guarded};

/// Run the task.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Run;

/// What the coordinator tells the task.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct ControlMessage(pub(super) Control);

/// Drop the task.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Stop;

impl Mailbox for Addr<SubtaskActor> {
    fn queue_run(&self) {
        self.do_send(Run);
    }
}

/// One subtask.
pub(super) struct SubtaskActor {
    deployed: Option<DeployedTask>,
    flag: Arc<WakeFlag<Addr<Self>>>,
    /// What the task waits for, and since when.
    resting: (Progress, Duration),
    alarm: Alarm,
    /// The next look at the alarm, on the monotonic clock.
    check: Option<(Duration, SpawnHandle)>,
    /// Tells, when all subtasks have dropped theirs, that the attempt is gone.
    _guard: Arc<dyn Send + Sync>,
}

impl SubtaskActor {
    pub(super) fn new(
        deployed: DeployedTask,
        flag: Arc<WakeFlag<Addr<Self>>>,
        guard: Arc<dyn Send + Sync>,
    ) -> Self {
        let now = deployed.context.monotonic();
        Self {
            deployed: Some(deployed),
            flag,
            resting: (Progress::Waiting, now),
            alarm: Alarm::default(),
            check: None,
            _guard: guard,
        }
    }

    fn run(&mut self, _: RunPermit, context: &mut Context<Self>) {
        let Some(deployed) = self.deployed.as_mut().filter(|deployed| !deployed.context.is_cancelled())
        else {
            return;
        };
        let (task, cx) = (&mut deployed.task, &mut deployed.context);
        let _span = tracing::trace_span!("subtask", name = %deployed.name, subtask = deployed.subtask.index)
            .entered();
        let began = cx.monotonic();
        let progress = match guarded(task.as_mut(), cx, |task, cx| task.run(Budget::default(), cx)) {
            Ok(progress) => progress,
            Err(error) => return self.fail(error),
        };
        let (rested, ended) = (began.saturating_sub(self.resting.1), cx.monotonic());
        let counters = cx.metrics();
        let resting_counter = match self.resting.0 {
            Progress::Blocked => &counters.backpressured,
            Progress::Ready => &counters.busy,
            Progress::Waiting | Progress::Finished => &counters.idle,
        };
        resting_counter.add(nanoseconds(rested));
        counters.busy.add(nanoseconds(ended.saturating_sub(began)));
        self.resting = (progress, ended);
        self.alarm.merge(cx.take_alarm());
        if progress == Progress::Ready {
            self.flag.wake_by_ref();
        }
        if !self.alarm.is_empty() {
            self.watch_alarm(context);
        }
    }

    /// Wakes the task if the alarm rings, or else sees to it that it is looked at again.
    fn watch_alarm(&mut self, context: &mut Context<Self>) {
        let Some(deployed) = &self.deployed else { return };
        let now = deployed.context.moment();
        if self.alarm.rings(now) {
            self.flag.wake_by_ref();
        }
        let Some(time) = self.alarm.check_at(now) else { return };
        if let Some((earlier, handle)) = self.check.take() {
            if earlier <= time {
                self.check = Some((earlier, handle));
                return;
            }
            context.cancel_future(handle);
        }
        let handle = context.run_later(time.saturating_sub(now.monotonic), |actor, context| {
            actor.check = None;
            actor.watch_alarm(context);
        });
        self.check = Some((time, handle));
    }

    /// Gives the task up and says why.
    fn fail(&mut self, error: Error) {
        if let Some(deployed) = self.deployed.take().filter(|deployed| !deployed.context.is_cancelled()) {
            let error = error.in_subtask(deployed.subtask.index);
            deployed.context.report(Report::Failed(error));
        }
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl Actor for SubtaskActor {
    type Context = Context<Self>;
}

impl Handler<Run> for SubtaskActor {
    type Result = ();

    fn handle(&mut self, _: Run, context: &mut Context<Self>) {
        let permit = self.flag.begin_run();
        self.run(permit, context);
    }
}

impl Handler<ControlMessage> for SubtaskActor {
    type Result = ();

    fn handle(&mut self, message: ControlMessage, _: &mut Context<Self>) {
        let Some(deployed) = self.deployed.as_mut().filter(|deployed| !deployed.context.is_cancelled())
        else {
            return;
        };
        let (task, cx) = (&mut deployed.task, &mut deployed.context);
        if let Err(error) = guarded(task.as_mut(), cx, |task, cx| task.control(message.0, cx)) {
            self.fail(error);
        } else {
            // What the message made the task send may have found no room, or asked for a wake-up.
            self.flag.wake_by_ref();
        }
    }
}

impl Handler<Stop> for SubtaskActor {
    type Result = ();

    fn handle(&mut self, _: Stop, context: &mut Context<Self>) {
        self.deployed = None;
        context.stop();
    }
}
