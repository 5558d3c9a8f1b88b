//! What is said about requests, and the order in which their results leave.

use std::time::Duration;

use millstream_runtime::Error;
use millstream_runtime::ErrorKind;
use millstream_runtime::testing::OperatorHarness;
use millstream_state::{Key, Record};

use super::operator::KeyHash;
use super::settings::OutputOrder;
use super::{AsyncFunction, AsyncRetryStrategy, AsyncSettings, AsyncWait};
use crate::testing::{HarnessBuilder, Input, PlainInput};
use crate::{KeyedStream, Stream};

/// Requests that are made for the records of `S`, a stream or a harness; [`Stream::map_async`] makes it, for instance.
#[must_use = "nothing is asked until it is said in which order the results leave"]
pub struct AsyncIo<S, I, O, F> {
    source: S,
    function: F,
    settings: AsyncSettings<I, O>,
}

/// In place of a stream: the function is tested on its own. [`async_operator`](crate::testing::async_operator) makes it.
pub struct UnderTest(pub(crate) ());

impl<S, I, O, F> AsyncIo<S, I, O, F> {
    pub(crate) fn new(source: S, function: F) -> Self {
        Self { source, function, settings: AsyncSettings::default() }
    }

    /// How many records may wait for their answers at a time in each subtask; 100 unless set. A record whose answer
    /// is there and cannot leave yet counts as well. When there is room for no more the operator takes no input, which holds
    /// back what is upstream.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use std::sync::atomic::{AtomicU32, Ordering};
    ///
    /// static UNDER_WAY: AtomicU32 = AtomicU32::new(0);
    /// # let env = Environment::new();
    /// let most = env
    ///     .from_collection(0..50)
    ///     .parallelism(1)
    ///     .map_async(|_: u32| async {
    ///         let under_way = UNDER_WAY.fetch_add(1, Ordering::SeqCst) + 1;
    ///         tokio::time::sleep(Duration::from_millis(1)).await;
    ///         UNDER_WAY.fetch_sub(1, Ordering::SeqCst);
    ///         Ok(under_way)
    ///     })
    ///     .capacity(3)
    ///     .unordered()
    ///     .parallelism(1)
    ///     .collect();
    /// env.execute("a few at a time")?;
    /// assert!(most.sorted().last() <= Some(&3));
    /// # Ok::<(), Error>(())
    /// ```
    pub const fn capacity(mut self, requests: usize) -> Self {
        self.settings.capacity = requests;
        self
    }

    /// How long a record may wait for its answer, from the first attempt on and over all of them; 3 minutes unless set,
    /// and [`Duration::MAX`] for any time. What is under way then is given up, and the job fails, unless
    /// [`on_timeout`](Self::on_timeout) or [`AsyncFunction::timeout`] says what takes the place of the answer. After a restore the
    /// time begins anew.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// env.from_collection([1, 2])
    ///     .map_async(|_: u32| std::future::pending::<FunctionResult<u32>>())
    ///     .timeout(Duration::from_millis(5))
    ///     .ordered()
    ///     .discard();
    /// let error = env.execute("ask").unwrap_err();
    /// assert!(error.to_string().contains("was not answered within 5ms"), "{error}");
    /// # Ok::<(), Error>(())
    /// ```
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = timeout;
        self
    }

    /// What takes the place of an answer that has not come [in time](Self::timeout): any number of records. Called in place
    /// of [`AsyncFunction::timeout`], and on the thread of the task, so it must not wait.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let names = env
    ///     .from_collection([7])
    ///     .map_async(|_: u32| std::future::pending::<FunctionResult<String>>())
    ///     .timeout(Duration::from_millis(5))
    ///     .on_timeout(|number| [format!("number {number}")])
    ///     .ordered()
    ///     .collect();
    /// env.execute("names")?;
    /// assert_eq!(names.to_vec(), ["number 7"]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn on_timeout<M: IntoIterator<Item = O>>(
        mut self,
        substitute: impl Fn(I) -> M + Send + Sync + 'static,
    ) -> Self {
        self.settings.on_timeout =
            Some(std::sync::Arc::new(move |record| substitute(record).into_iter().collect()));
        self
    }

    /// Makes requests again that have failed, or whose answer is not good enough; none unless set. See
    /// [`AsyncRetryStrategy`] for examples.
    #[doc(alias("orderedWaitWithRetry", "unorderedWaitWithRetry"))]
    pub fn retry(mut self, strategy: AsyncRetryStrategy<O>) -> Self {
        self.settings.retry = Some(strategy);
        self
    }
}

impl<I: Record, O: Record, F: AsyncFunction<I, O> + Clone> AsyncIo<Stream<I>, I, O, F> {
    /// The results leave in the order of the records: one that is answered early waits. As Flink's `orderedWait`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new().parallelism(1);
    /// let slow_first = |number: u64| async move {
    ///     tokio::time::sleep(Duration::from_millis(10 / number)).await;
    ///     Ok(number)
    /// };
    /// let answers = env.from_collection([1, 2, 5]).map_async(slow_first).ordered().collect();
    /// env.execute("ordered")?;
    /// assert_eq!(answers.to_vec(), [1, 2, 5]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "orderedWait")]
    pub fn ordered(self) -> Stream<O> {
        self.waiting(OutputOrder::Ordered)
    }

    /// The results leave as they come, but none overtakes a watermark, nor is overtaken by one. As Flink's
    /// `unorderedWait`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new().parallelism(1);
    /// let slow_first = |number: u64| async move {
    ///     tokio::time::sleep(Duration::from_millis(100 / number)).await;
    ///     Ok(number)
    /// };
    /// let answers = env.from_collection([1, 5]).map_async(slow_first).unordered().collect();
    /// env.execute("unordered")?;
    /// assert_eq!(answers.to_vec(), [5, 1]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "unorderedWait")]
    pub fn unordered(self) -> Stream<O> {
        self.waiting(OutputOrder::Unordered)
    }

    fn waiting(self, order: OutputOrder) -> Stream<O> {
        wait(&self.source, self.function, AsyncSettings { order, ..self.settings }, None)
    }
}

impl<K: Key, T: Record, O: Record, F> AsyncIo<KeyedStream<K, T>, (K, T), O, F>
where
    F: AsyncFunction<(K, T), O> + Clone,
{
    /// The results leave in the order of the records. As Flink's `orderedWait`, but those of a key keep their order also
    /// when the job goes on with another parallelism.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new().parallelism(2);
    /// let numbers = env.from_collection([1, 2, 3, 4]).parallelism(1).key_by(|number| number % 2);
    /// let answers = numbers.map_async(|(key, number)| async move { Ok((key, number)) }).ordered().collect();
    /// env.execute("ordered by key")?;
    /// let odd: Vec<_> = answers.to_vec().into_iter().filter(|(key, _)| *key == 1).collect();
    /// assert_eq!(odd, [(1, 1), (1, 3)]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "orderedWait")]
    pub fn ordered(self) -> Stream<O> {
        self.waiting(OutputOrder::Ordered)
    }

    /// The results leave as they come, but none overtakes a watermark, nor is overtaken by one. As Flink's
    /// `unorderedWait`. See [`AsyncIo::unordered`] of a stream without a key for an example.
    #[doc(alias = "unorderedWait")]
    pub fn unordered(self) -> Stream<O> {
        self.waiting(OutputOrder::Unordered)
    }

    fn waiting(self, order: OutputOrder) -> Stream<O> {
        let key_hash: KeyHash<(K, T)> = |(key, _)| millstream_state::stable_hash(key);
        wait(&self.source.pairs, self.function, AsyncSettings { order, ..self.settings }, Some(key_hash))
    }
}

impl<I: Record, O: Record, F: AsyncFunction<I, O> + Clone> AsyncIo<UnderTest, I, O, F> {
    /// The function under test, whose results leave in the order of the records.
    pub fn ordered(self) -> HarnessBuilder<PlainInput<I>, O> {
        self.waiting(OutputOrder::Ordered)
    }

    /// The function under test, whose results leave as they come.
    pub fn unordered(self) -> HarnessBuilder<PlainInput<I>, O> {
        self.waiting(OutputOrder::Unordered)
    }

    fn waiting(self, order: OutputOrder) -> HarnessBuilder<PlainInput<I>, O> {
        let (function, settings) = (self.function, AsyncSettings { order, ..self.settings });
        HarnessBuilder::new(Input::in_turn(), move |setup| {
            if let Some(problem) = settings.problem() {
                return Err(Error::new(ErrorKind::InvalidJob, problem));
            }
            OperatorHarness::with(setup, AsyncWait::new(function.clone(), settings.clone(), None))
        })
    }
}

fn wait<I: Record, O: Record>(
    stream: &Stream<I>,
    function: impl AsyncFunction<I, O> + Clone,
    settings: AsyncSettings<I, O>,
    key_hash: Option<KeyHash<I>>,
) -> Stream<O> {
    let problem = settings.problem();
    let waiting =
        stream.transform("Async wait", move |_| AsyncWait::new(function.clone(), settings.clone(), key_hash));
    let mut graph = waiting.graph.lock();
    graph.mark_side_outputs(waiting.node, []);
    if let Some(problem) = problem {
        graph.mark_problem(waiting.node, problem);
    }
    drop(graph);
    waiting
}
