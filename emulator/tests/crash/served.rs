//! An emulator in a process of its own, and connections to it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use hubstream_emulator::{Emulator, Limits};
use serde_json::{Value, json};

use crate::reply;

/// The argument that makes this program the emulator.
pub(crate) const MODE: &str = "serve";

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn serve(directory: &Path) {
    let emulator = Emulator::builder()
        .datahub("127.0.0.1:0")
        .dis("127.0.0.1:0")
        .no_auth(true)
        .limits(Limits::Relaxed)
        .data_dir(directory)
        .start()
        .await
        .expect("start");
    println!(
        "{}",
        json!({"datahub": emulator.datahub_url(), "dis": emulator.dis_url()})
    );
    std::future::pending::<()>().await;
}

/// A running emulator.
pub(crate) struct Served {
    process: Child,
    pub(crate) datahub: String,
    pub(crate) dis: String,
}

impl Served {
    /// Starts one without waiting until it serves.
    pub(crate) fn spawn(directory: &Path) -> Self {
        let process = Command::new(std::env::current_exe().expect("own path"))
            .arg(MODE)
            .arg(directory)
            .stdout(Stdio::piped())
            .spawn()
            .expect("spawn");
        Self {
            process,
            datahub: String::new(),
            dis: String::new(),
        }
    }

    /// Starts one and waits until it serves.
    pub(crate) fn start(directory: &Path) -> Self {
        let mut served = Self::spawn(directory);
        let mut line = String::new();
        BufReader::new(served.process.stdout.take().expect("stdout"))
            .read_line(&mut line)
            .expect("addresses");
        let urls: Value = serde_json::from_str(&line).expect("it starts on what a crash left");
        let address = |name: &str| urls[name].as_str().expect("a URL").replace("http://", "");
        (served.datahub, served.dis) = (address("datahub"), address("dis"));
        served
    }

    /// Ends the process without giving it a chance to finish anything.
    pub(crate) fn kill(mut self) {
        self.process.kill().expect("kill");
        self.process.wait().expect("wait");
    }

    /// Makes a call that must succeed.
    pub(crate) fn ok(&self, method: &str, target: &str, body: &Value) -> Value {
        let mut wire = Wire::new(&self.datahub, &self.dis);
        let (status, reply) = wire.call(method, target, body).expect("a reply");
        assert!(status < 300, "{method} {target}: {reply}");
        reply
    }

    /// Makes a call of which any answer will do.
    pub(crate) fn call(&self, method: &str, target: &str, body: &Value) -> (u16, Value) {
        let mut wire = Wire::new(&self.datahub, &self.dis);
        wire.call(method, target, body).expect("a reply")
    }
}

/// A connection to each service, made when it is needed.
pub(crate) struct Wire {
    addresses: [String; 2],
    streams: [Option<BufReader<TcpStream>>; 2],
}

impl Wire {
    pub(crate) fn new(datahub: &str, dis: &str) -> Self {
        Self {
            addresses: [datahub.to_owned(), dis.to_owned()],
            streams: [None, None],
        }
    }

    /// Sends a request and reads its reply; nothing if the emulator is gone.
    pub(crate) fn call(
        &mut self,
        method: &str,
        target: &str,
        body: &Value,
    ) -> Option<(u16, Value)> {
        let service = usize::from(target.starts_with("/v2/"));
        let stream = match &mut self.streams[service] {
            Some(stream) => stream,
            empty => empty.insert(BufReader::new(
                TcpStream::connect(&self.addresses[service]).ok()?,
            )),
        };
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let head = format!(
            "{method} {target} HTTP/1.1\r\nhost: emulator\r\nx-auth-token: emulator\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.get_mut().write_all((head + &body).as_bytes()).ok()?;
        let (status, body) = reply::read(stream)?;
        let reply = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&body).ok()?
        };
        Some((status, reply))
    }

    /// Makes a write that must succeed if it is answered.
    pub(crate) fn write(&mut self, method: &str, target: &str, body: &Value) -> Option<Value> {
        let (status, reply) = self.call(method, target, body)?;
        assert!(status < 300, "{method} {target} {body}: {reply}");
        Some(reply)
    }
}
