//! The example of orders, payments and customers, whole: `examples/kafka_orders/run` starts Kafka, Postgres and S3, kills them and the job
//! in turns, and compares what is in Kafka and on S3 with what Postgres computes.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::services;

#[test]
fn orders_go_through_kafka_postgres_and_s3_exactly_once_whatever_is_killed() {
    if services::is_skipped("Kafka, Postgres and S3", "java", services::has_java) {
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/kafka_orders/run");
    let said = tempfile::NamedTempFile::new().unwrap();
    let status = Command::new(script)
        .args(["5000", "6"])
        .env("MILLSTREAM", env!("CARGO_BIN_EXE_millstream"))
        .env("SERVICES_HOME", services::home())
        .envs(
            ["KAFKA_PORT", "POSTGRES_PORT", "S3_PORT"].map(|name| (name, services::free_ports().to_string())),
        )
        .stdin(Stdio::null())
        .stdout(said.reopen().unwrap())
        .stderr(said.reopen().unwrap())
        .status()
        .unwrap();
    let said = std::fs::read_to_string(said.path()).unwrap();
    assert!(status.success(), "{status}\n{said}");
    assert!(said.contains("are what Postgres computes from the same input"), "{said}");
}
