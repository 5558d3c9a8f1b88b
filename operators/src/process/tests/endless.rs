//! Timers without end.

use std::sync::mpsc::{SyncSender, sync_channel};

use millstream_runtime::job::JobOutcome;

use super::*;
use crate::Environment;

/// Sets the next timer at each one, for ever.
#[derive(Clone)]
struct Endless(SyncSender<()>);

impl KeyedProcessFunction<u8, i64, i64> for Endless {
    type State = ();

    fn open(&mut self, _: &mut KeyedOpenContext<'_, u8>) -> FunctionResult {
        Ok(())
    }

    fn process(
        &mut self,
        time: i64,
        (): &(),
        cx: &mut KeyedContext<'_, u8>,
        _: &mut Emitter<'_, i64>,
    ) -> FunctionResult {
        cx.register_event_time_timer(at(time))
    }

    fn on_timer(
        &mut self,
        timer: Timer,
        (): &(),
        cx: &mut KeyedContext<'_, u8>,
        out: &mut Emitter<'_, i64>,
    ) -> FunctionResult {
        let _is_full = self.0.try_send(());
        cx.register_event_time_timer(timer.time + Duration::from_millis(1))?;
        out.emit(timer.time.as_millis())
    }
}

#[test]
fn a_job_whose_timers_never_end_can_be_cancelled() -> Result<()> {
    let (fired, seen) = sync_channel(1);
    let env = Environment::new().parallelism(1);
    env.from_collection([(1, 1)]).keyed().process(Endless(fired)).discard();
    let job = env.spawn("endless")?;
    seen.recv().unwrap();
    job.cancel();
    assert_eq!(job.join_blocking()?.outcome, JobOutcome::Cancelled);
    Ok(())
}
