//! Kills a serving emulator in the middle of its work, several times, and finds everything again that it had
//! acknowledged.
//!
//! Run with `serve DIRECTORY` as arguments the program is the emulator that gets killed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use hubstream_emulator::{Emulator, Limits};
use serde_json::{Value, json};

const SHARDS: usize = 3;
const WRITERS: usize = 4;
const ROUNDS: usize = 4;
/// Acknowledged writes after which a round's emulator is killed.
const ENOUGH: usize = 150;

const TOPIC: &str = "/projects/crash/topics/blobs";

const NAME: &str = "acknowledged_writes_survive_kill";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [mode, directory] = arguments.as_slice()
        && mode == "serve"
    {
        return serve(Path::new(directory));
    }
    // The part of the test runners' conventions that is needed to be found, filtered and run.
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let is_filter = |argument: &&String| !argument.starts_with("--") && *argument != "terse";
    let filters: Vec<&String> = arguments.iter().filter(is_filter).collect();
    let wanted = filters.is_empty() || filters.iter().any(|filter| NAME.contains(filter.as_str()));
    if !wanted || has("--ignored") {
        return;
    }
    if has("--list") {
        println!("{NAME}: test");
        return;
    }
    acknowledged_writes_survive_kill();
    println!("test {NAME} ... ok");
}

#[tokio::main(flavor = "current_thread")]
async fn serve(directory: &Path) {
    let emulator = Emulator::builder()
        .datahub("127.0.0.1:0")
        .no_auth(true)
        .limits(Limits::Relaxed)
        .data_dir(directory)
        .start()
        .await
        .expect("start");
    println!("{}", emulator.datahub_url().expect("url"));
    std::future::pending::<()>().await;
}

/// An emulator in a process of its own.
struct Served {
    process: Child,
    address: String,
}

impl Served {
    fn start(directory: &Path) -> Self {
        let mut process = Command::new(std::env::current_exe().expect("own path"))
            .arg("serve")
            .arg(directory)
            .stdout(Stdio::piped())
            .spawn()
            .expect("spawn");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("stdout"))
            .read_line(&mut line)
            .expect("address");
        let address = line
            .trim()
            .strip_prefix("http://")
            .expect("an address")
            .to_owned();
        Self { process, address }
    }

    /// Ends the process without giving it a chance to finish anything.
    fn kill(mut self) {
        self.process.kill().expect("kill");
        self.process.wait().expect("wait");
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).expect("connect")
    }

    fn ok(&self, method: &str, target: &str, body: &Value) -> Value {
        let (status, reply) = call(&mut self.connect(), method, target, body).expect("reply");
        assert!(status < 400, "{method} {target}: {reply}");
        reply
    }
}

/// Sends a request and reads its reply; nothing if the server is gone.
fn call(
    connection: &mut TcpStream,
    method: &str,
    target: &str,
    body: &Value,
) -> Option<(u16, Value)> {
    let body = body.to_string();
    let length = body.len();
    let head =
        format!("{method} {target} HTTP/1.1\r\nhost: emulator\r\ncontent-length: {length}\r\n\r\n");
    connection.write_all((head + &body).as_bytes()).ok()?;
    let mut received = Vec::new();
    let mut byte = [0];
    while !received.ends_with(b"\r\n\r\n") {
        connection.read_exact(&mut byte).ok()?;
        received.push(byte[0]);
    }
    let head = String::from_utf8(received).ok()?.to_ascii_lowercase();
    let length = head
        .split("content-length: ")
        .nth(1)?
        .split("\r\n")
        .next()?
        .parse()
        .ok()?;
    let mut body = vec![0; length];
    connection.read_exact(&mut body).ok()?;
    Some((
        head.split(' ').nth(1)?.parse().ok()?,
        serde_json::from_slice(&body).ok()?,
    ))
}

fn put(records: &[String], shard: usize) -> Value {
    let records: Vec<Value> = records
        .iter()
        .map(|record| json!({"ShardId": shard.to_string(), "Data": record}))
        .collect();
    json!({"Action": "pub", "Records": records})
}

/// All records of a shard, in order.
fn read_all(served: &Served, shard: usize) -> Vec<String> {
    let target = format!("{TOPIC}/shards/{shard}");
    let mut cursor = served.ok(
        "POST",
        &target,
        &json!({"Action": "cursor", "Type": "OLDEST"}),
    )["Cursor"]
        .clone();
    let mut all = Vec::new();
    loop {
        let page = served.ok(
            "POST",
            &target,
            &json!({"Action": "sub", "Cursor": cursor, "Limit": 1000}),
        );
        let records = page["Records"].as_array().expect("records");
        if records.is_empty() {
            return all;
        }
        all.extend(
            records
                .iter()
                .map(|record| record["Data"].as_str().expect("data").to_owned()),
        );
        cursor = page["NextCursor"].clone();
    }
}

/// Puts records and commits offsets until the server is gone. Sends every acknowledged write as (shard, records).
fn write_until_killed(
    address: &str,
    writer: usize,
    round: usize,
    acknowledged: &std::sync::mpsc::Sender<(usize, Vec<String>)>,
) {
    let Ok(mut connection) = TcpStream::connect(address) else {
        return;
    };
    for number in 0.. {
        let shard = (writer + number) % SHARDS;
        // Valid Base64 that tells who wrote it when.
        let records: Vec<String> = (0..3)
            .map(|part| format!("{writer:04}{round:04}{number:07}{part}"))
            .collect();
        match call(
            &mut connection,
            "POST",
            &format!("{TOPIC}/shards"),
            &put(&records, shard),
        ) {
            Some((200, reply)) => assert_eq!(reply["FailedRecordCount"], 0, "{reply}"),
            Some(other) => panic!("{other:?}"),
            None => return,
        }
        if acknowledged.send((shard, records)).is_err() {
            return;
        }
    }
}

/// Lets writers work, kills the emulator in the middle of it and returns what was acknowledged.
fn crash_while_writing(served: Served, round: usize) -> Receiver<(usize, Vec<String>)> {
    let (sender, receiver) = channel();
    let (forward, kept) = channel();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (sender, address) = (sender.clone(), served.address.clone());
            scope.spawn(move || write_until_killed(&address, writer, round, &sender));
        }
        drop(sender);
        for (count, write) in (1..).zip(&receiver) {
            forward.send(write).expect("kept");
            if count == ENOUGH {
                served.kill();
                break;
            }
        }
        for write in receiver {
            forward.send(write).expect("kept");
        }
    });
    kept
}

fn acknowledged_writes_survive_kill() {
    let directory = tempfile::tempdir().expect("tempdir");
    let served = Served::start(directory.path());
    served.ok("POST", "/projects/crash", &json!({"Comment": "c"}));
    let topic = json!({"ShardCount": SHARDS, "Lifecycle": 7, "RecordType": "BLOB", "Comment": "t"});
    served.ok("POST", TOPIC, &topic);
    let create = json!({"Action": "create"});
    let subscription = served.ok("POST", &format!("{TOPIC}/subscriptions"), &create);
    let id = subscription["SubId"].as_str().expect("id");
    let offsets = format!("{TOPIC}/subscriptions/{id}/offsets");
    served.kill();

    let mut expected: Vec<Vec<String>> = vec![Vec::new(); SHARDS];
    for round in 0..ROUNDS {
        work_and_crash(directory.path(), &offsets, round, &mut expected);
        check_and_crash(directory.path(), &offsets, round, &mut expected);
    }
    assert!(expected.iter().map(Vec::len).sum::<usize>() >= ROUNDS * ENOUGH * 3);
    shards_and_deletions_survive(directory.path());
}

/// Opens a session, commits an offset, puts records and crashes. Adds what was acknowledged.
fn work_and_crash(directory: &Path, offsets: &str, round: usize, expected: &mut [Vec<String>]) {
    let served = Served::start(directory);
    let open = json!({"Action": "open", "ShardIds": ["0"]});
    let opened = served.ok("POST", offsets, &open);
    let session = &opened["Offsets"]["0"]["SessionId"];
    assert_eq!(*session, round + 1, "sessions are counted across crashes");
    let commit = json!({"Sequence": round, "Timestamp": round, "Version": 0, "SessionId": session});
    let commit = json!({"Action": "commit", "Offsets": {"0": commit}});
    served.ok("PUT", offsets, &commit);
    for (shard, records) in crash_while_writing(served, round) {
        expected[shard].extend(records);
    }
}

/// Finds everything that was acknowledged, and takes what it finds as the truth for the next round.
fn check_and_crash(directory: &Path, offsets: &str, round: usize, expected: &mut [Vec<String>]) {
    let served = Served::start(directory);
    for (shard, acknowledged) in expected.iter_mut().enumerate() {
        let found = read_all(&served, shard);
        for record in acknowledged.iter() {
            assert!(
                found.contains(record),
                "round {round}: shard {shard} lost {record}"
            );
        }
        // Writes without an answer may or may not have happened, but never by halves.
        assert_eq!(
            found.len() % 3,
            0,
            "round {round}: shard {shard} holds half a write"
        );
        *acknowledged = found;
    }
    let get = json!({"Action": "get", "ShardIds": ["0"]});
    let found = served.ok("POST", offsets, &get);
    assert_eq!(found["Offsets"]["0"]["Sequence"], round);
    served.kill();
}

fn shards_and_deletions_survive(directory: &Path) {
    let served = Served::start(directory);
    let split = served.ok(
        "POST",
        &format!("{TOPIC}/shards"),
        &json!({"Action": "split", "ShardId": "0"}),
    );
    served.kill();
    let served = Served::start(directory);
    let shards = served.ok("GET", &format!("{TOPIC}/shards"), &Value::Null);
    assert_eq!(
        shards["Shards"][SHARDS]["EndHashKey"],
        split["NewShards"][0]["EndHashKey"]
    );
    assert_eq!(shards["Shards"][0]["State"], "CLOSED");
    served.ok("DELETE", TOPIC, &Value::Null);
    served.kill();
    let served = Served::start(directory);
    assert_eq!(
        served.ok("GET", "/projects/crash/topics", &Value::Null),
        json!({"TopicNames": []})
    );
    served.ok("DELETE", "/projects/crash", &Value::Null);
    served.kill();
    let served = Served::start(directory);
    assert_eq!(
        served.ok("GET", "/projects", &Value::Null),
        json!({"ProjectNames": []})
    );
    served.kill();
}
