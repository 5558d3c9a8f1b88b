//! Scripts whose tables and checkpoints are on an object store, killed on the way. What they wrote is read from the disk of the
//! store's server.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::script::Script;
use crate::services;
use crate::support::{millstream, stderr, stdout};

const ORDERS: u64 = 40_000;
const SERVER: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "testtest")];

/// A server with a bucket `lake`, whose objects are files.
struct Lake {
    port: u16,
    script: Script,
}

impl Lake {
    fn start() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let script = Script::new("s3.sh", [("S3_PORT", port.to_string())]);
        let can_be_had = || script.try_run(&["install"]).map_err(|said| eprintln!("{said}")).is_ok();
        if services::is_skipped("a server of S3's protocol", "versitygw", can_be_had) {
            return None;
        }
        script.run(&["start"]);
        let lake = Self { port, script };
        lake.script.run(&["bucket", "lake"]);
        Some(lake)
    }

    fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn folder(&self, name: &str) -> PathBuf {
        services::home().join(format!("versitygw-on-{}/data/lake/{name}", self.port))
    }

    /// All objects in a folder that readers of it see.
    fn objects(&self, name: &str) -> Vec<PathBuf> {
        fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    gather(&path, files);
                } else if !path.file_name().unwrap().to_str().unwrap().starts_with(['.', '_']) {
                    files.push(path);
                }
            }
        }
        let mut files = Vec::new();
        gather(&self.folder(name), &mut files);
        files
    }

    /// Starts a script as a job that goes on from its checkpoints, if there are any.
    fn run(&self, file: &Path, folder: &Path) -> Child {
        let arguments =
            ["run", file.to_str().unwrap(), "--progress", "0", "--restore", "s3://lake/jobs", "--or-start"];
        let log = std::fs::File::options().create(true).append(true).open(folder.join("log")).unwrap();
        let mut command = millstream(&arguments);
        command.envs(SERVER).env("AWS_ENDPOINT_URL", self.endpoint());
        command.stdout(Stdio::null()).stderr(log).spawn().unwrap()
    }
}

impl Drop for Lake {
    fn drop(&mut self) {
        let _ = self.script.try_run(&[if std::thread::panicking() { "kill" } else { "clean" }]);
    }
}

/// The ids of all orders in JSON lines, sorted.
fn ids(files: &[PathBuf]) -> Vec<u64> {
    let texts = files.iter().map(|file| std::fs::read_to_string(file).unwrap());
    let id = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_u64().unwrap();
    let mut ids: Vec<_> = texts.flat_map(|text| text.lines().map(id).collect::<Vec<_>>()).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn a_job_that_is_stopped_and_killed_writes_each_order_once() {
    let Some(lake) = Lake::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orders.sql");
    let table = "CREATE TABLE lake (id BIGINT, cents INT, customer INT) PARTITIONED BY (customer) WITH (
                 'connector' = 'filesystem', 'path' = 's3://lake/orders', 'format' = 'json');";
    let script = format!(
        "SET 'execution.checkpointing.interval' = '200 ms';
         SET 'execution.checkpointing.dir' = 's3://lake/jobs';
         CREATE TABLE orders (id BIGINT, customer INT, cents INT) WITH ('connector' = 'datagen',
             'number-of-rows' = '{ORDERS}', 'rows-per-second' = '8000',
             'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '{ORDERS}',
             'fields.customer.min' = '1', 'fields.customer.max' = '3');
         {table}
         INSERT INTO lake SELECT id, cents, customer FROM orders;"
    );
    std::fs::write(&file, script).unwrap();
    let said = || std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
    let mut written = 0;
    for signal in ["KILL", "TERM", "KILL", "KILL"] {
        let mut job = lake.run(&file, folder.path());
        let began = Instant::now();
        while lake.objects("orders").len() <= written {
            let ended = job.try_wait().unwrap();
            assert!(ended.is_none() && began.elapsed() < Duration::from_secs(120), "{ended:?}: {}", said());
            std::thread::sleep(Duration::from_millis(20));
        }
        let sent = Command::new("kill").args([&format!("-{signal}"), &job.id().to_string()]).status();
        assert!(sent.unwrap().success());
        let ended = job.wait().unwrap();
        assert_eq!(ended.success(), signal == "TERM", "{ended}: {}", said());
        written = lake.objects("orders").len();
    }
    assert!(said().contains("--restore s3://lake/jobs/savepoints/savepoint-"), "{}", said());
    let ended = lake.run(&file, folder.path()).wait().unwrap();
    assert!(ended.success(), "{}", said());
    assert!(ids(&lake.objects("orders")).into_iter().eq(1..=ORDERS), "{:?}", lake.objects("orders").len());

    // The session says where the store is, and who asks.
    let settings = format!(
        "SET 's3.endpoint' = '{}'; SET 's3.access-key' = 'test'; SET 's3.secret-key' = 'testtest';",
        lake.endpoint()
    );
    let query = format!("{settings} {table} SELECT COUNT(*), SUM(id), MAX(customer) FROM lake;");
    let query = format!("SET 'execution.runtime-mode' = 'batch'; {query}");
    let read = millstream(&["sql", "--style", "plain", "-e", &query]).output().unwrap();
    assert!(read.status.success(), "{}", stderr(&read));
    let expected = format!("{ORDERS}, {}, 3", ORDERS * (ORDERS + 1) / 2);
    assert!(stdout(&read).contains(&expected), "{}", stdout(&read));

    // A secret does not stand in a URL, and the option that was meant is named.
    for (options, expected) in
        [("?token=hush", "must not stand in a URL"), ("?regoin=x", "did you mean `region`?")]
    {
        let query = format!(
            "{settings} CREATE TABLE t (line STRING) WITH ('connector' = 'filesystem', 'format' = 'raw',
                             'path' = 's3://lake/orders{options}'); SELECT * FROM t;"
        );
        let refused = millstream(&["sql", "-e", &query]).output().unwrap();
        assert!(!refused.status.success() && stderr(&refused).contains(expected), "{}", stderr(&refused));
    }
}
