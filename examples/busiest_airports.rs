//! Where did New York fly to? The five busiest destinations of the last day, every six hours: counts of sliding windows,
//! ranked by a keyed function that waits until the counts of a window are complete.
//!
//! ```text
//! cargo run --release --example busiest_airports
//! cargo run --release --example busiest_airports -- --rate 40000 --kill-after 50000   # dies half way
//! cargo run --release --example busiest_airports -- --restore ./snapshots             # and goes on
//! ```

mod support;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Parser;
use millstream::prelude::*;
use support::Options;
use support::flights::{Departure, departures};

const HOUR: Duration = Duration::from_secs(3_600);

/// The busiest destinations of the last day, every six hours.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    /// The folder with flights-*.csv(.gz)
    #[arg(long, value_name = "DIR", default_value_os_t = support::data())]
    data: PathBuf,
    /// How many destinations of each day are of interest
    #[arg(long, value_name = "N", default_value_t = 5)]
    top: usize,
}

/// Ranks the counts of a window, by whose end they are keyed.
#[derive(Clone)]
struct Rank {
    top: usize,
}

/// A destination, and how many flights went there.
type Count = (String, u64);

impl KeyedProcessFunction<Timestamp, Count, String> for Rank {
    type State = ListState<Count>;

    fn open(&mut self, cx: &mut KeyedOpenContext<'_, Timestamp>) -> FunctionResult<ListState<Count>> {
        cx.list_state("counts")
    }

    fn process(
        &mut self,
        count: Count,
        counts: &ListState<Count>,
        cx: &mut KeyedContext<'_, Timestamp>,
        _: &mut Emitter<'_, String>,
    ) -> FunctionResult {
        counts.add(cx, count);
        // The watermark gets to the end of a window behind all that the window has emitted.
        let end = *cx.key();
        cx.register_event_time_timer(end)
    }

    fn on_timer(
        &mut self,
        timer: Timer,
        counts: &ListState<Count>,
        cx: &mut KeyedContext<'_, Timestamp>,
        out: &mut Emitter<'_, String>,
    ) -> FunctionResult {
        let mut counts = counts.take(cx);
        counts.sort_by(|one, other| (Reverse(one.1), &one.0).cmp(&(Reverse(other.1), &other.0)));
        for (place, (airport, flights)) in (1..=self.top).zip(counts) {
            out.emit(format!("{},{place},{airport},{flights}", timer.time))?;
        }
        Ok(())
    }
}

fn build(env: &Environment, arguments: &Arguments) {
    let options = &arguments.options;
    let rows = env.from_source(departures(&arguments.data, options.rate)).name("flights").uid("flights");
    let counts = rows
        .inspect(options.kill_switch())
        .filter(Departure::has_left)
        .key_by(|departure| departure.dest.clone())
        .window(SlidingEventTimeWindows::of(24 * HOUR, 6 * HOUR))
        .count()
        .name("counts")
        .uid("counts");
    let ranks = counts
        .map(|count| (count.window.end, (count.key, count.value)))
        .keyed()
        .process(Rank { top: arguments.top })
        .name("ranks")
        .uid("ranks");
    let results = FileSink::text(&options.output, String::clone).overwrite();
    ranks.sink_to(results).name("results").uid("results");
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let env = arguments.options.environment();
    build(&env, &arguments);
    let Some(metrics) = arguments.options.run(&env, "busiest_airports")? else { return Ok(()) };

    let lines = support::results(&arguments.options.output)?;
    let mut first = BTreeMap::<&str, usize>::new();
    for line in &lines {
        let mut fields = line.split(',');
        if let (Some("1"), Some(airport)) = (fields.nth(1), fields.next()) {
            *first.entry(airport).or_default() += 1;
        }
    }
    let mut busiest: Vec<_> = first.into_iter().collect();
    busiest.sort_by_key(|(airport, times)| (Reverse(*times), *airport));
    println!("airport  days at the top");
    busiest.iter().for_each(|(airport, times)| println!("{airport:<7} {times:>16}"));
    println!("\n{} places", lines.len());
    println!("late records: {}", metrics.operator("counts").late_records);
    Ok(())
}
