//! Scripts that read and write topics of a real Kafka node, killed on the way. What they wrote is read by Kafka's own consumer.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::broker::Broker;
use crate::support::{millstream, run, stderr, stdout};

/// How many orders there are.
const ORDERS: u64 = 120_000;

/// The customer of an order, and what it cost.
fn order(id: u64) -> (String, u64) {
    ((id % 97).to_string(), id * 7 % 100)
}

/// The tables of the tests; what is read of `orders` ends where it ends when the job starts.
fn tables(servers: &str) -> String {
    let kafka = |topic: &str| format!("'properties.bootstrap.servers' = '{servers}', 'topic' = '{topic}'");
    let exactly_once = |prefix: &str| {
        format!(
            "'sink.delivery-guarantee' = 'exactly-once', 'sink.transactional-id-prefix' = '{prefix}', \
             'properties.transaction.timeout.ms' = '600000'"
        )
    };
    format!(
        "CREATE TABLE orders (id BIGINT, customer STRING, cents BIGINT) WITH ('connector' = 'kafka', {},
             'key.format' = 'raw', 'key.fields' = 'customer', 'value.format' = 'json',
             'value.fields-include' = 'EXCEPT_KEY', 'scan.startup.mode' = 'earliest-offset',
             'scan.bounded.mode' = 'latest-offset');
         CREATE TABLE copies (id BIGINT, customer STRING, cents BIGINT) WITH ('connector' = 'kafka', {}, 'format' = 'csv',
             'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset', {});
         CREATE TABLE totals (customer STRING, orders BIGINT, cents BIGINT, PRIMARY KEY (customer) NOT ENFORCED) WITH (
             'connector' = 'upsert-kafka', {}, 'key.format' = 'raw', 'value.format' = 'json',
             'scan.bounded.mode' = 'latest-offset', {});",
        kafka("orders"),
        kafka("copies"),
        exactly_once("copies"),
        kafka("totals"),
        exactly_once("totals"),
    )
}

/// Runs a job; kills the process after a time, if that is said and it is not over before. Answers whether it was killed.
fn run_job(file: &Path, arguments: &[&str], kill: Option<Duration>) -> bool {
    let file = file.to_string_lossy();
    let arguments: Vec<&str> = [&["run", &file, "--progress", "0"], arguments].concat();
    let mut child = millstream(&arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    if let Some(after) = kill {
        std::thread::sleep(after);
        let _ = child.kill();
    }
    let output = child.wait_with_output().unwrap();
    let killed = output.status.code().is_none();
    assert!(killed || output.status.success(), "{}", stderr(&output));
    killed
}

#[test]
fn orders_are_copied_and_counted_exactly_once_whenever_the_process_is_killed() {
    let Some(broker) = Broker::start() else { return };
    for (topic, partitions) in [("orders", 3), ("copies", 2), ("totals", 2)] {
        broker.create_topic(topic, partitions);
    }
    let tables = tables(&broker.servers());
    let filled = run(
        &["sql", "-D", "parallelism.default=2"],
        &format!(
            "{tables}
             CREATE TABLE numbers (id BIGINT) WITH ('connector' = 'datagen', 'fields.id.kind' = 'sequence',
                 'fields.id.start' = '1', 'fields.id.end' = '{ORDERS}', 'rows-per-second' = '10000000');
             SET 'table.dml-sync' = 'true';
             INSERT INTO orders SELECT id, CAST(MOD(id, 97) AS STRING), MOD(id * 7, 100) FROM numbers;"
        ),
    );
    assert!(filled.status.success(), "{}", stderr(&filled));

    let folder = tempfile::tempdir().unwrap();
    let (file, checkpoints) = (folder.path().join("job.sql"), folder.path().join("checkpoints"));
    let job = format!(
        "SET 'execution.checkpointing.interval' = '100 ms';
         {tables}
         EXECUTE STATEMENT SET BEGIN
             INSERT INTO copies SELECT * FROM orders;
             INSERT INTO totals SELECT customer, COUNT(*), SUM(cents) FROM orders GROUP BY customer;
         END;"
    );
    std::fs::write(&file, job).unwrap();
    let checkpoints = checkpoints.to_string_lossy();
    let restore = ["--checkpoints", &checkpoints, "--restore", &checkpoints, "--or-start"];
    let mut kills = 0;
    for (round, millis) in [300, 900, 500, 1_300, 700, 200, 1_100, 600].into_iter().enumerate() {
        let parallelism = (round % 3 + 1).to_string();
        let arguments = [&restore[..], &["--parallelism", &parallelism]].concat();
        kills += u32::from(run_job(&file, &arguments, Some(Duration::from_millis(millis))));
        if round == 3 {
            broker.kill();
            broker.restart();
        }
    }
    assert!(kills > 2, "the job was killed {kills} times");
    run_job(&file, &restore, None);

    // Each order once, as Kafka's own consumer sees it.
    let mut copies: Vec<u64> = Vec::new();
    for line in broker.committed("copies", usize::try_from(ORDERS).unwrap()) {
        let row: Vec<&str> = line.strip_prefix("null:").unwrap().split(',').collect();
        let id = row[0].parse().unwrap();
        let (customer, cents) = order(id);
        assert_eq!((row[1], row[2]), (&*customer, &*cents.to_string()), "{line}");
        copies.push(id);
    }
    copies.sort_unstable();
    assert!(copies.iter().copied().eq(1..=ORDERS), "{} copies after {kills} kills", copies.len());

    // Each count of each customer once, and the last of them right.
    let mut expected = BTreeMap::<String, (u64, u64)>::new();
    for (customer, cents) in (1..=ORDERS).map(order) {
        let total = expected.entry(customer).or_default();
        *total = (total.0 + 1, total.1 + cents);
    }
    let mut counts = BTreeMap::<String, Vec<u64>>::new();
    let mut last = BTreeMap::<String, (u64, u64)>::new();
    for line in broker.committed("totals", usize::try_from(ORDERS).unwrap()) {
        let (customer, value) = line.split_once(':').unwrap();
        let value: serde_json::Value = serde_json::from_str(value).unwrap();
        assert_eq!(value["customer"], customer, "{line}");
        let (orders, cents) = (value["orders"].as_u64().unwrap(), value["cents"].as_u64().unwrap());
        counts.entry(customer.to_owned()).or_default().push(orders);
        let newest = last.entry(customer.to_owned()).or_default();
        *newest = (*newest).max((orders, cents));
    }
    assert_eq!(last, expected);
    for (customer, mut counts) in counts {
        counts.sort_unstable();
        assert!(
            counts.iter().copied().eq(1..=expected[&customer].0),
            "customer {customer}: {} rows",
            counts.len()
        );
    }

    // The topic of the newest rows, read as a table.
    let read = run(
        &["sql", "--style", "plain"],
        &format!("{tables} SELECT COUNT(*), SUM(orders), SUM(cents) FROM totals;"),
    );
    let (orders, cents) = expected.values().fold((0, 0), |sum, total| (sum.0 + total.0, sum.1 + total.1));
    let text = stdout(&read);
    let row = text.lines().last().unwrap_or_default();
    let numbers: Vec<u64> =
        row.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok()).collect();
    assert!(numbers.ends_with(&[97, orders, cents]), "{text}\n{}", stderr(&read));
}

/// The scripts of `examples/sql`, on a node of this test's own.
#[test]
fn orders_and_their_payments_are_joined() {
    let Some(broker) = Broker::start() else { return };
    for (topic, partitions) in [("orders", 3), ("payments", 3), ("paid", 2), ("revenue", 2)] {
        broker.create_topic(topic, partitions);
    }
    let folder = tempfile::tempdir().unwrap();
    let script = |name: &str| {
        let text =
            std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/sql").join(name));
        let file = folder.path().join(name);
        std::fs::write(&file, text.unwrap().replace("localhost:19092", &broker.servers())).unwrap();
        file
    };
    let filled = run(&["sql", "-f", &script("kafka_fill.sql").to_string_lossy()], "");
    assert!(filled.status.success(), "{}", stderr(&filled));
    let checkpoints = folder.path().join("checkpoints");
    let checkpoints = checkpoints.to_string_lossy();
    let restore = ["--checkpoints", &checkpoints, "--restore", &checkpoints, "--or-start"];
    let job = script("kafka_orders.sql");
    for millis in [700, 400] {
        run_job(&job, &restore, Some(Duration::from_millis(millis)));
    }
    run_job(&job, &restore, None);

    let mut expected = Vec::new();
    let mut revenue = BTreeMap::<String, (u64, u64)>::new();
    for id in (1..=20_000_u64).filter(|id| id % 10 > 0) {
        let (customer, total) = (format!("customer {}", id % 50), 100 + id * 37 % 900);
        let parts = if id % 7 == 0 { vec![50, total - 50] } else { vec![total] };
        for (part, cents) in (1..).zip(parts) {
            expected.push((id, customer.clone(), part, cents, total));
            let paid = revenue.entry(customer.clone()).or_default();
            *paid = (paid.0 + 1, paid.1 + cents);
        }
    }
    let paid = broker.committed("paid", expected.len()).into_iter().map(|line| {
        let row: serde_json::Value = serde_json::from_str(line.strip_prefix("null:").unwrap()).unwrap();
        let number = |name: &str| row[name].as_u64().unwrap();
        let customer = row["customer"].as_str().unwrap().to_owned();
        (number("id"), customer, number("part"), number("cents"), number("total"))
    });
    let mut paid: Vec<_> = paid.collect();
    paid.sort_unstable();
    assert_eq!(paid.len(), expected.len());
    assert_eq!(paid, expected);
    let mut last = BTreeMap::<String, (u64, u64)>::new();
    for line in broker.committed("revenue", expected.len()) {
        let (customer, value) = line.split_once(':').unwrap();
        let value: serde_json::Value = serde_json::from_str(value).unwrap();
        let newest = last.entry(customer.to_owned()).or_default();
        *newest = (*newest).max((value["payments"].as_u64().unwrap(), value["cents"].as_u64().unwrap()));
    }
    assert_eq!(last, revenue);
}
