//! Printing a stream's records to standard output.

use std::fmt::{Debug, Write as _};
use std::io::{self, Write};
use std::marker::PhantomData;
use std::sync::Arc;

use millstream_runtime::batch::Batch;
use millstream_runtime::chain::TaskContext;
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Record;
use parking_lot::Mutex;

use super::{Committer, Sink, SinkOutput, SinkWriter, StreamSink};
use crate::Stream;

/// So much may wait to be printed, in bytes, before upstream has to wait too.
const BUFFER_BYTES: usize = 1 << 20;

/// Where lines go.
pub(super) trait Printer: Send + Sync + 'static {
    fn print(&self, text: &[u8]) -> io::Result<()>;

    /// What it is, for errors.
    fn name(&self) -> &'static str {
        "standard output"
    }
}

/// Standard output, as it is when something is printed.
pub(super) struct StandardOutput;

impl Printer for StandardOutput {
    fn print(&self, text: &[u8]) -> io::Result<()> {
        let mut output = io::stdout().lock();
        output.write_all(text)?;
        output.flush()
    }
}

/// Standard error.
struct StandardError;

impl Printer for StandardError {
    fn print(&self, text: &[u8]) -> io::Result<()> {
        io::stderr().lock().write_all(text)
    }

    fn name(&self) -> &'static str {
        "standard error"
    }
}

/// Makes the function that formats the records of a subtask of so many.
type MakeFormat<F> = Arc<dyn Fn(u32, u32) -> F + Send + Sync>;

/// Prints a line for each record, at least once: what was printed since the last checkpoint is
/// printed again after a failure.
pub struct PrintSink<T, F> {
    format: MakeFormat<F>,
    printer: Arc<dyn Printer>,
    _record: PhantomData<fn(T)>,
}

impl<T: Record, F: Fn(&T, &mut String) + Clone + Send + Sync + 'static> PrintSink<T, F> {
    /// A sink that prints what `format` appends for each record; the end of the line is added.
    pub fn new(format: F) -> Self {
        Self::to(Arc::new(StandardOutput), format)
    }

    /// A sink that prints what the functions append that `make` makes for each subtask: it is given the
    /// number of the subtask, from 0, and how many there are.
    ///
    /// ```
    /// use millstream::prelude::*;
    /// use millstream::sink::PrintSink;
    ///
    /// let env = Environment::new();
    /// let sink = PrintSink::for_subtasks(|subtask, _| {
    ///     move |number: &u64, line: &mut String| line.push_str(&format!("{subtask}> {number}"))
    /// });
    /// let _settings = env.from_collection([7_u64]).sink_to(sink.standard_error());
    /// env.execute("print")?;
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn for_subtasks(make: impl Fn(u32, u32) -> F + Send + Sync + 'static) -> Self {
        Self { format: Arc::new(make), printer: Arc::new(StandardOutput), _record: PhantomData }
    }

    /// The same sink, which prints to standard error.
    #[must_use]
    pub fn standard_error(self) -> Self {
        self.printing_to(Arc::new(StandardError))
    }

    pub(super) fn printing_to(self, printer: Arc<dyn Printer>) -> Self {
        Self { printer, ..self }
    }

    pub(super) fn to(printer: Arc<dyn Printer>, format: F) -> Self {
        Self { format: Arc::new(move |_, _| format.clone()), printer, _record: PhantomData }
    }
}

impl<T: Record, F: Fn(&T, &mut String) + Clone + Send + Sync + 'static> Sink for PrintSink<T, F> {
    type Record = T;
    type Writer = PrintWriter<T, F>;

    fn kind(&self) -> &'static str {
        "Print"
    }

    fn writer(&self, subtask: u32) -> PrintWriter<T, F> {
        self.writer_for(subtask, 1)
    }

    fn writer_for(&self, subtask: u32, parallelism: u32) -> PrintWriter<T, F> {
        let queue = Arc::new(Queue {
            printer: self.printer.clone(),
            waiting: Mutex::default(),
            turn: Mutex::default(),
        });
        PrintWriter { format: (self.format)(subtask, parallelism), queue, _record: PhantomData }
    }
}

/// What has been formatted and not been printed.
struct Queue {
    printer: Arc<dyn Printer>,
    waiting: Mutex<Waiting>,
    /// Held while printing, so that one piece of work does not overtake another.
    turn: Mutex<()>,
}

#[derive(Default)]
struct Waiting {
    text: String,
    failure: Option<Error>,
}

impl Queue {
    /// Prints everything that waits. On the I/O pool.
    fn print(&self) -> Result<()> {
        let _turn = self.turn.lock();
        let text = {
            let mut waiting = self.waiting.lock();
            if let Some(error) = &waiting.failure {
                return Err(error.clone());
            }
            std::mem::take(&mut waiting.text)
        };
        if text.is_empty() {
            return Ok(());
        }
        self.printer.print(text.as_bytes()).map_err(|error| {
            let problem = format!("cannot write to {}", self.printer.name());
            let error = Error::new(ErrorKind::External, problem).caused_by(error);
            self.waiting.lock().failure = Some(error.clone());
            error
        })
    }
}

/// Writes for a [`PrintSink`].
pub struct PrintWriter<T, F> {
    format: F,
    queue: Arc<Queue>,
    _record: PhantomData<fn(T)>,
}

impl<T: Record, F: Fn(&T, &mut String) + Clone + Send + Sync + 'static> SinkWriter for PrintWriter<T, F> {
    type Record = T;
    type State = ();
    type Committable = ();

    fn write(&mut self, batch: &mut Batch<T>, output: &mut SinkOutput<'_>) -> Result<()> {
        let work_is_due = {
            let text = &mut self.queue.waiting.lock().text;
            let was_empty = text.is_empty();
            for record in batch.records() {
                (self.format)(record, text);
                text.push('\n');
            }
            was_empty
        };
        // Otherwise work is under way already that has not come to the text yet, and takes it all.
        if work_is_due {
            let queue = self.queue.clone();
            // A failure is kept in the queue, where the next poll finds it.
            output.context().spawn_io(async move { queue.print() }).detach();
        }
        Ok(())
    }

    fn poll(&mut self, output: &mut SinkOutput<'_>) -> Result<()> {
        let waiting = self.queue.waiting.lock();
        if waiting.text.len() > BUFFER_BYTES {
            output.context().set_blocked();
        }
        waiting.failure.clone().map_or(Ok(()), Err)
    }

    fn prepare_commit(
        &mut self,
        _: &mut TaskContext,
    ) -> impl Future<Output = Result<Vec<()>>> + Send + 'static {
        let queue = self.queue.clone();
        async move { queue.print().map(|()| Vec::new()) }
    }

    fn state(&self) {}

    fn committer(&self) -> impl Committer<()> {
        |_: Vec<()>| async { Ok(()) }
    }
}

impl<T: Record> Stream<T> {
    /// Prints each record to standard output, a line each, as `Debug` shows it.
    ///
    /// At least once: after a failure, lines since the last checkpoint come again. Lines of one
    /// subtask keep their order.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// env.from_collection([("tea", 3), ("milk", 1)].map(|(name, n)| (name.to_owned(), n))).print();
    /// env.execute("print")?;
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn print(&self) -> StreamSink
    where
        T: Debug,
    {
        self.sink_to(PrintSink::new(|record: &T, line: &mut String| {
            // Appending to a string does not fail.
            let _ = write!(line, "{record:?}");
        }))
    }

    /// Prints what `format` makes of each record to standard output, a line each; see [`Stream::print`].
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// env.from_collection([("tea".to_owned(), 3)]).print_with(|(name, pieces)| format!("{pieces} × {name}"));
    /// env.execute("print")?;
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn print_with(&self, format: impl Fn(&T) -> String + Clone + Send + Sync + 'static) -> StreamSink {
        self.sink_to(PrintSink::new(move |record: &T, line: &mut String| line.push_str(&format(record))))
    }
}
