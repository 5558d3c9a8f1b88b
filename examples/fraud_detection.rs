//! Someone who has stolen a card tries it with a small amount first, and then takes all they can.
//! So an account gets an alert if a transaction of less than $1 is followed, as its very next one
//! and within a minute, by one of more than $500. Flink's classic, with state and a timer for each
//! account.
//!
//! ```text
//! cargo run --release --example fraud_detection
//! cargo run --release --example fraud_detection -- --rate 20000 --kill-after 30000
//! cargo run --release --example fraud_detection -- --restore ./snapshots
//! ```
//!
//! Which transaction is an account's next one depends on their order. The generator is therefore a
//! single subtask, as if it read the bank's journal; the accounts are watched in parallel.

#![allow(clippy::disallowed_methods, reason = "an example")]

mod support;

use clap::Parser;
use millstream::prelude::*;
use serde::{Deserialize, Serialize};
use support::Options;

const SMALL_CENTS: u64 = 100;
const LARGE_CENTS: u64 = 50_000;
const MINUTE: Duration = Duration::from_secs(60);
/// 2024-01-01T00:00:00Z.
const BEGIN: Timestamp = Timestamp::from_millis(1_704_067_200_000);

/// Watches generated transactions for fraud.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    /// How many transactions to generate, one every 50 milliseconds of their own time
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    transactions: u64,
    /// How many accounts there are
    #[arg(long, value_name = "N", default_value_t = 500)]
    accounts: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Transaction {
    account: u64,
    time: Timestamp,
    cents: u64,
}

impl Transaction {
    /// The transaction of a number, always the same: one in twenty is small, one in twenty large.
    fn generate(number: u64, accounts: u64) -> Self {
        let random = scramble(number);
        let cents = match random % 20 {
            0 => 1 + (random >> 40) % (SMALL_CENTS - 1),
            1 => LARGE_CENTS + 1 + (random >> 40) % 100_000,
            _ => SMALL_CENTS + (random >> 40) % (LARGE_CENTS - SMALL_CENTS),
        };
        let time = BEGIN.saturating_add(Duration::from_millis(number * 50));
        Self { account: (random >> 8) % accounts.max(1), time, cents }
    }
}

/// SplitMix64: spreads numbers as if at random.
const fn scramble(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Alert {
    account: u64,
    tried: Timestamp,
    taken: Transaction,
}

/// Remembers, for each account, when a small transaction was its last one.
#[derive(Clone)]
struct FraudDetector;

impl KeyedProcessFunction<u64, Transaction, Alert> for FraudDetector {
    type State = ValueState<Timestamp>;

    fn open(&mut self, cx: &mut KeyedOpenContext<'_, u64>) -> FunctionResult<Self::State> {
        cx.value_state("small transaction")
    }

    fn process(
        &mut self,
        transaction: Transaction,
        small: &Self::State,
        cx: &mut KeyedContext<'_, u64>,
        out: &mut Emitter<'_, Alert>,
    ) -> FunctionResult {
        if let Some(tried) = small.take(cx) {
            cx.delete_event_time_timer(tried.saturating_add(MINUTE))?;
            // The timer may not have fired yet: it waits for a watermark.
            if transaction.cents > LARGE_CENTS && transaction.time.since(tried) <= MINUTE {
                return out.emit(Alert { account: *cx.key(), tried, taken: transaction });
            }
        }
        if transaction.cents < SMALL_CENTS {
            small.set(cx, transaction.time);
            cx.register_event_time_timer(transaction.time.saturating_add(MINUTE))?;
        }
        Ok(())
    }

    /// A minute has passed: nothing needs to be remembered of the account.
    fn on_timer(
        &mut self,
        _: Timer,
        small: &Self::State,
        cx: &mut KeyedContext<'_, u64>,
        _: &mut Emitter<'_, Alert>,
    ) -> FunctionResult {
        small.clear(cx);
        Ok(())
    }
}

fn build(env: &Environment, arguments: &Arguments) {
    let (options, accounts) = (&arguments.options, arguments.accounts);
    let generate = move |number| Transaction::generate(number, accounts);
    let strategy = WatermarkStrategy::monotonous().timestamp_assigner(|it: &Transaction| it.time);
    let transactions = env
        .from_source(GeneratorSource::new(Some(arguments.transactions), generate).rate(options.rate))
        .parallelism(1)
        .name("transactions")
        .uid("transactions")
        .inspect(options.kill_switch())
        .parallelism(1)
        .assign_timestamps_and_watermarks(strategy)
        .parallelism(1)
        .name("transaction time")
        .uid("transaction time");
    let alerts = transactions
        .key_by(|transaction| transaction.account)
        .process(FraudDetector)
        .name("fraud detector")
        .uid("fraud detector");
    let results = FileSink::text(&options.output, |alert: &Alert| {
        let Alert { account, tried, taken } = alert;
        let (dollars, cents) = (taken.cents / 100, taken.cents % 100);
        format!("{},account {account:>4},${dollars}.{cents:02} taken,tried at {tried}", taken.time)
    });
    alerts.sink_to(results.overwrite()).name("alerts").uid("alerts");
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let env = arguments.options.environment();
    build(&env, &arguments);
    if arguments.options.run(&env, "fraud_detection")?.is_none() {
        return Ok(());
    }
    let mut alerts = support::results(&arguments.options.output)?;
    alerts.sort_unstable();
    for alert in alerts.iter().take(10) {
        println!("{}", alert.replace(',', "  "));
    }
    if alerts.len() > 10 {
        println!("and so on");
    }
    println!(
        "\n{} alerts for {} transactions of {} accounts, in {}",
        alerts.len(),
        arguments.transactions,
        arguments.accounts,
        arguments.options.output.display()
    );
    Ok(())
}
