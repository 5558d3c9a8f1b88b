//! What a user says about a stream's event time.

use std::sync::Arc;
use std::time::Duration;

use millstream_runtime::batch::Batch;
use millstream_state::{Record, Timestamp};

use super::generator::{BatchGenerator, BoundedOutOfOrderness, Custom, IngestionTime, WatermarkGenerator};

/// How often watermarks are emitted at most, unless the strategy says otherwise.
const INTERVAL: Duration = Duration::from_millis(50);

/// Sets the timestamps of a batch: behind one virtual call a batch, none a record.
pub(super) type Assign<T> = Box<dyn FnMut(&mut Batch<T>) + Send>;
type MakeAssign<T> = Arc<dyn Fn() -> Assign<T> + Send + Sync>;
type MakeGenerator<T> = Arc<dyn Fn() -> Box<dyn BatchGenerator<T>> + Send + Sync>;

/// Where a stream's watermarks come from.
pub(super) enum Watermarks<T> {
    /// From upstream.
    Preserved,
    /// There are none, except for the end of the stream.
    None,
    /// From a generator.
    Generated(MakeGenerator<T>),
    /// From the clock, as are timestamps.
    IngestionTime,
}

impl<T> Clone for Watermarks<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Preserved => Self::Preserved,
            Self::None => Self::None,
            Self::Generated(make) => Self::Generated(make.clone()),
            Self::IngestionTime => Self::IngestionTime,
        }
    }
}

/// Says where records get their timestamps, and how far they may be out of order. As Flink's
/// `WatermarkStrategy`.
///
/// A watermark `w` says that no record with a timestamp at or before `w` is still to come; what
/// comes nevertheless is late. Watermarks are emitted every 50 ms of processing time at most
/// ([`interval`](Self::interval)) and whenever there is no input for now; one at
/// [`Timestamp::MAX`] follows when the stream ends.
///
/// ```
/// # use millstream::prelude::*;
/// # use serde::{Serialize, Deserialize};
/// # #[derive(Clone, Serialize, Deserialize)] struct Ride { picked_up: i64 }
/// let strategy = WatermarkStrategy::bounded_out_of_orderness(Duration::from_secs(30))
///     .timestamp_assigner(|ride: &Ride| Timestamp::from_millis(ride.picked_up))
///     .idleness(Duration::from_secs(60));
/// ```
pub struct WatermarkStrategy<T> {
    assign: Option<MakeAssign<T>>,
    pub(super) watermarks: Watermarks<T>,
    pub(super) interval: Duration,
    pub(super) idleness: Option<Duration>,
    pub(super) alignment: Option<WatermarkAlignment>,
}

/// With whom a source keeps pace in event time.
#[derive(Clone)]
pub(super) struct WatermarkAlignment {
    pub(super) group: Arc<str>,
    /// How far ahead a split may be.
    pub(super) drift: Duration,
    /// How often the members of the group look at each other.
    pub(super) interval: Duration,
}

impl<T> Clone for WatermarkStrategy<T> {
    fn clone(&self) -> Self {
        Self {
            assign: self.assign.clone(),
            watermarks: self.watermarks.clone(),
            interval: self.interval,
            idleness: self.idleness,
            alignment: self.alignment.clone(),
        }
    }
}

impl<T: Record> WatermarkStrategy<T> {
    const fn new(watermarks: Watermarks<T>) -> Self {
        Self { assign: None, watermarks, interval: INTERVAL, idleness: None, alignment: None }
    }

    /// Timestamps never fall: the watermark is the greatest so far, less one millisecond.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let strategy = WatermarkStrategy::monotonous()
    ///     .timestamp_assigner(|millis: &i64| Timestamp::from_millis(*millis));
    /// let readings = env.from_collection([5_i64, 7]).assign_timestamps_and_watermarks(strategy).collect();
    /// env.execute("readings")?;
    /// assert_eq!(readings.sorted(), [5, 7]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias = "forMonotonousTimestamps")]
    pub fn monotonous() -> Self {
        Self::bounded_out_of_orderness(Duration::ZERO)
    }

    /// A record comes at most `bound` of event time (in whole milliseconds) behind the greatest
    /// timestamp before it: the watermark is that timestamp, less `bound` and one millisecond.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let strategy = WatermarkStrategy::bounded_out_of_orderness(Duration::from_secs(5))
    ///     .timestamp_assigner(|millis: &i64| Timestamp::from_millis(*millis));
    /// let readings = env.from_collection([5_i64, 7]).assign_timestamps_and_watermarks(strategy).collect();
    /// env.execute("readings")?;
    /// assert_eq!(readings.sorted(), [5, 7]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias = "forBoundedOutOfOrderness")]
    pub fn bounded_out_of_orderness(bound: Duration) -> Self {
        Self::new(Watermarks::Generated(Arc::new(move || Box::new(BoundedOutOfOrderness::new(bound)))))
    }

    /// Watermarks come from a generator of your own; `make` makes one for each subtask.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// /// The stream itself says how far it is.
    /// struct Marks;
    /// impl WatermarkGenerator<(bool, String)> for Marks {
    ///     fn on_event(&mut self, (is_mark, _): &(bool, String), timestamp: Timestamp) -> Option<Timestamp> {
    ///         is_mark.then_some(timestamp)
    ///     }
    ///     fn on_periodic(&mut self, _: Timestamp) -> Option<Timestamp> {
    ///         None
    ///     }
    /// }
    /// let strategy = WatermarkStrategy::for_generator(|| Marks);
    /// ```
    #[doc(alias = "forGenerator")]
    pub fn for_generator<G: WatermarkGenerator<T>>(make: impl Fn() -> G + Send + Sync + 'static) -> Self {
        Self::new(Watermarks::Generated(Arc::new(move || Box::new(Custom(make())))))
    }

    /// Watermarks come from upstream, as they are: only timestamps are assigned.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let strategy = WatermarkStrategy::preserve_watermarks()
    ///     .timestamp_assigner(|millis: &i64| Timestamp::from_millis(*millis));
    /// let readings = env.from_collection([5_i64, 7]).assign_timestamps_and_watermarks(strategy).collect();
    /// env.execute("readings")?;
    /// assert_eq!(readings.sorted(), [5, 7]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub const fn preserve_watermarks() -> Self {
        Self::new(Watermarks::Preserved)
    }

    /// Event time is the time at which records come to this operator, by the clock of its machine. As Flink's
    /// `IngestionTimeAssigner`.
    ///
    /// Whatever timestamps and watermarks there were are forgotten. Timestamps do not fall within a subtask, also
    /// if the clock is set back, and watermarks follow the clock without records, too, so that no record is late and
    /// no subtask holds others back. After a failure records that are read again get other timestamps: what is made
    /// of them, windows above all, differs then. A [`timestamp_assigner`](Self::timestamp_assigner) besides is a
    /// mistake, reported before anything runs.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let readings = env
    ///     .from_collection([20.5, 20.4])
    ///     .assign_timestamps_and_watermarks(WatermarkStrategy::ingestion_time())
    ///     .process_fn(|_, cx, out| out.emit(cx.timestamp().is_some_and(|at| at <= cx.now())))
    ///     .collect();
    /// env.execute("readings")?;
    /// assert_eq!(readings.to_vec(), [true, true]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias = "IngestionTimeAssigner")]
    pub const fn ingestion_time() -> Self {
        Self::new(Watermarks::IngestionTime)
    }

    /// There are no watermarks, except for the end of the stream.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let strategy = WatermarkStrategy::without_watermarks()
    ///     .timestamp_assigner(|millis: &i64| Timestamp::from_millis(*millis));
    /// let readings = env.from_collection([5_i64, 7]).assign_timestamps_and_watermarks(strategy).collect();
    /// env.execute("readings")?;
    /// assert_eq!(readings.sorted(), [5, 7]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias = "noWatermarks")]
    pub const fn without_watermarks() -> Self {
        Self::new(Watermarks::None)
    }

    /// Takes each record's timestamp from the record. Without this it keeps the one it has, from
    /// the source or from upstream.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let strategy = WatermarkStrategy::monotonous()
    ///     .timestamp_assigner(|seconds: &i64| Timestamp::from_millis(1_000 * seconds));
    /// let readings = env.from_collection([5_i64, 7]).assign_timestamps_and_watermarks(strategy).collect();
    /// env.execute("readings")?;
    /// assert_eq!(readings.sorted(), [5, 7]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias("withTimestampAssigner", "TimestampAssigner"))]
    #[must_use]
    pub fn timestamp_assigner(self, assigner: impl Fn(&T) -> Timestamp + Send + Sync + 'static) -> Self {
        let assigner = Arc::new(assigner);
        let make = move || -> Assign<T> {
            let assigner = assigner.clone();
            Box::new(move |batch| batch.assign_timestamps(|record, _| assigner(record)))
        };
        Self { assign: Some(Arc::new(make)), ..self }
    }

    /// Makes each record's timestamp of the record and the timestamp that it has already, if any, from the source or from
    /// upstream. The closure may remember something from one record to the next; each subtask works with a clone of it.
    ///
    /// What it remembers is not part of snapshots: after a failure it begins anew.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let env = Environment::new().parallelism(1);
    /// // Records of the same second get different timestamps, in the order in which they come.
    /// let mut last = i64::MIN;
    /// let strategy = WatermarkStrategy::monotonous().timestamp_assigner_with(move |second: &i64, _| {
    ///     last = (second * 1_000).max(last + 1);
    ///     Timestamp::from_millis(last)
    /// });
    /// let times = env
    ///     .from_collection([5_i64, 5, 7])
    ///     .assign_timestamps_and_watermarks(strategy)
    ///     .process_fn(|_, cx, out| out.emit(cx.timestamp().map(Timestamp::as_millis)))
    ///     .collect();
    /// env.execute("times")?;
    /// assert_eq!(times.sorted(), [Some(5_000), Some(5_001), Some(7_000)]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias("withTimestampAssigner", "TimestampAssignerSupplier", "extractTimestamp"))]
    #[must_use]
    pub fn timestamp_assigner_with(
        self,
        assigner: impl FnMut(&T, Option<Timestamp>) -> Timestamp + Clone + Send + Sync + 'static,
    ) -> Self {
        let make = move || -> Assign<T> {
            let mut assigner = assigner.clone();
            Box::new(move |batch| {
                batch.assign_timestamps(|record, earlier| assigner(record, earlier.known()));
            })
        };
        Self { assign: Some(Arc::new(make)), ..self }
    }

    /// What sets the timestamps of one subtask, where something does besides the generator.
    pub(super) fn assign(&self) -> Option<Assign<T>> {
        self.assign.as_ref().map(|make| make())
    }

    /// What makes the watermarks of one subtask or split; `None` where there are to be none.
    pub(super) fn generator(&self) -> Option<Box<dyn BatchGenerator<T>>> {
        match &self.watermarks {
            Watermarks::Preserved | Watermarks::None => None,
            Watermarks::Generated(make) => Some(make()),
            Watermarks::IngestionTime => Some(Box::new(IngestionTime::new())),
        }
    }

    /// Whether records have timestamps because of it, whatever they had before.
    pub(super) fn assigns_timestamps(&self) -> bool {
        self.assign.is_some() || matches!(self.watermarks, Watermarks::IngestionTime)
    }

    /// What is wrong with it, wherever it is used.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        let contradicts = self.assign.is_some() && matches!(self.watermarks, Watermarks::IngestionTime);
        contradicts.then_some(
            "its watermark strategy takes timestamps from the clock, as ingestion time, and has a timestamp assigner \
             as well: leave one of them out",
        )
    }

    /// A subtask without records for this long (of processing time) is idle: operators downstream
    /// ignore its watermarks until records come again.
    ///
    /// What it then brings may be late. Without this, a subtask that has no records holds event time
    /// back in all operators after it.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let strategy = WatermarkStrategy::monotonous().idleness(Duration::from_secs(60));
    /// let readings = env.from_collection([5_i64, 7]).assign_timestamps_and_watermarks(strategy).collect();
    /// env.execute("readings")?;
    /// assert_eq!(readings.sorted(), [5, 7]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias = "withIdleness")]
    #[must_use]
    pub fn idleness(self, idleness: Duration) -> Self {
        Self { idleness: Some(idleness), ..self }
    }

    /// Watermarks are emitted at this interval of processing time at most, 50 ms by default; zero
    /// stands for one after each batch.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let strategy = WatermarkStrategy::monotonous().interval(Duration::from_millis(200));
    /// let readings = env.from_collection([5_i64, 7]).assign_timestamps_and_watermarks(strategy).collect();
    /// env.execute("readings")?;
    /// assert_eq!(readings.sorted(), [5, 7]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias = "setAutoWatermarkInterval")]
    #[must_use]
    pub fn interval(self, interval: Duration) -> Self {
        Self { interval, ..self }
    }

    /// Aligns the splits of all sources whose strategies name the same group: a split that is more than `drift` of event
    /// time ahead of the one that is furthest behind is not read until that has caught up, so that little state piles up
    /// between them. They look at each other once a second.
    ///
    /// For sources that make watermarks split by split
    /// ([`Environment::from_source_with_watermarks`](crate::Environment::from_source_with_watermarks)); a split that has
    /// no records for a time holds the whole group up unless there is an [`idleness`](Self::idleness). Everywhere else it
    /// is a mistake, reported before anything runs.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let strategy = WatermarkStrategy::<(u64, String)>::bounded_out_of_orderness(Duration::from_secs(5))
    ///     .idleness(Duration::from_secs(30))
    ///     .alignment("orders and payments", Duration::from_secs(60));
    /// ```
    #[doc(alias = "withWatermarkAlignment")]
    #[must_use]
    pub fn alignment(self, group: impl Into<String>, drift: Duration) -> Self {
        let interval = Duration::from_secs(1);
        Self { alignment: Some(WatermarkAlignment { group: group.into().into(), drift, interval }), ..self }
    }

    /// How often the sources of an [alignment](Self::alignment) group look at each other, once a second unless set. Nothing
    /// without a group.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let strategy = WatermarkStrategy::<u64>::monotonous()
    ///     .alignment("orders and payments", Duration::from_secs(60))
    ///     .alignment_interval(Duration::from_millis(200));
    /// ```
    #[must_use]
    pub fn alignment_interval(self, interval: Duration) -> Self {
        let alignment = self.alignment.map(|alignment| WatermarkAlignment { interval, ..alignment });
        Self { alignment, ..self }
    }
}
