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

/// After so much work the actor lets the others of its arbiter have their turn. It cannot leave that to its mailbox,
/// which hands over hundreds of messages before it does, each of which may mean a run of many milliseconds.
const TURN: Duration = Duration::from_millis(10);

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

/// Whose turn it is on the arbiter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// The task may run.
    Own,
    /// Others come first; nothing has woken the task meanwhile.
    Others,
    /// Others come first, then the task is to run.
    OthersFirst,
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
    /// How long it has worked since others had their turn.
    worked: Duration,
    turn: Turn,
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
            worked: Duration::ZERO,
            turn: Turn::Own,
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
        self.worked += ended.saturating_sub(began);
        if self.worked >= TURN {
            self.give_way(context);
        }
        let Some(deployed) = &mut self.deployed else { return };
        let cx = &mut deployed.context;
        self.alarm.merge(cx.take_alarm());
        if progress == Progress::Ready {
            self.flag.wake_by_ref();
        }
        if !self.alarm.is_empty() {
            self.watch_alarm(context);
        }
    }

    /// Lets the other actors of the arbiter have their turn.
    fn give_way(&mut self, context: &mut Context<Self>) {
        (self.worked, self.turn) = (Duration::ZERO, Turn::Others);
        let others = actix::fut::wrap_future::<_, Self>(tokio::task::yield_now());
        context.spawn(others.map(|(), actor, context| {
            if std::mem::replace(&mut actor.turn, Turn::Own) == Turn::OthersFirst {
                let permit = actor.flag.begin_run();
                actor.run(permit, context);
            }
        }));
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
        if self.turn != Turn::Own {
            // The flag stays up: no other run is queued until this one begins.
            self.turn = Turn::OthersFirst;
            return;
        }
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
