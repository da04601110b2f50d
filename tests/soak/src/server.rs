//! The emulator in a process of its own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use hubstream::time::{Clock, SystemClock};
use hubstream::transport::BoxFuture;
use hubstream_emulator::{Emulator, Limits};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::block_in_place;

use crate::Failure;
use crate::memory::Allocated;

/// The argument that makes this program the emulator.
pub(crate) const MODE: &str = "serve";

/// Longer than any record is kept: two days.
const EXPIRY: Duration = Duration::from_secs(2 * 86_400);

/// Serves until standard input ends. Every line of it moves the clock by so many seconds; the answer is the number of
/// bytes in use.
pub(crate) async fn serve() -> Result<(), Failure> {
    let emulator = Emulator::builder()
        .datahub("127.0.0.1:0")
        .dis("127.0.0.1:0")
        .limits(Limits::Relaxed)
        .start()
        .await?;
    println!(
        "{}",
        json!({"datahub": emulator.datahub_url(), "dis": emulator.dis_url()})
    );
    let clock = emulator.clock();
    // Served by the other threads of the runtime meanwhile.
    block_in_place(|| {
        for line in std::io::stdin().lines() {
            clock.advance(Duration::from_secs(line?.parse()?));
            let Allocated { now, most } = Allocated::here();
            println!("{now} {most}");
        }
        Ok::<_, Failure>(())
    })?;
    emulator.shutdown().await;
    Ok(())
}

/// The machine's clock, ahead by as much as that of the emulator.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ahead {
    machine: Arc<SystemClock>,
    seconds: Arc<AtomicU64>,
}

impl Clock for Ahead {
    fn now(&self) -> SystemTime {
        SystemTime::now() + Duration::from_secs(self.seconds.load(Ordering::SeqCst))
    }

    fn elapsed(&self) -> Duration {
        self.machine.elapsed()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        self.machine.sleep(time)
    }
}

/// A running emulator; it ends with its input, at the latest when this is dropped.
pub(crate) struct Server {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    pub(crate) datahub: String,
    pub(crate) dis: String,
    /// The clock to sign requests by.
    pub(crate) clock: Ahead,
}

impl Server {
    pub(crate) fn start() -> Result<Self, Failure> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg(MODE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = process.stdin.take().ok_or("no input")?;
        let output = process.stdout.take().ok_or("no output")?;
        let mut output = BufReader::new(output);
        let mut ready = String::new();
        output.read_line(&mut ready)?;
        let ready: Value = serde_json::from_str(&ready)?;
        let url = |name: &str| ready[name].as_str().unwrap_or_default().to_owned();
        Ok(Self {
            datahub: url("datahub"),
            dis: url("dis"),
            process,
            input,
            output,
            clock: Ahead::default(),
        })
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Lets everything that was written expire.
    pub(crate) fn forget_records(&mut self) -> Result<(), Failure> {
        self.advance(EXPIRY)?;
        let seconds = &self.clock.seconds;
        seconds.fetch_add(EXPIRY.as_secs(), Ordering::SeqCst);
        Ok(())
    }

    /// The bytes that the emulator has in use.
    pub(crate) fn allocated(&mut self) -> Result<Allocated, Failure> {
        self.advance(Duration::ZERO)
    }

    fn advance(&mut self, time: Duration) -> Result<Allocated, Failure> {
        let mut line = String::new();
        block_in_place(|| {
            writeln!(self.input, "{}", time.as_secs())?;
            self.output.read_line(&mut line)
        })?;
        let (now, most) = line.trim().split_once(' ').ok_or("no numbers")?;
        Ok(Allocated {
            now: now.parse()?,
            most: most.parse()?,
        })
    }

    /// Ends the process and looks at how it ended.
    pub(crate) fn stop(self) -> Result<(), Failure> {
        let Self {
            mut process, input, ..
        } = self;
        drop(input);
        let status = block_in_place(|| process.wait())?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("the emulator ended with {status}").into())
        }
    }

    /// Asks for the faults, or sets them.
    pub(crate) async fn faults(&self, plan: Option<&Value>) -> Result<Value, Failure> {
        let address = self.datahub.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).await?;
        let method = if plan.is_some() { "PUT" } else { "GET" };
        let body = plan.map(Value::to_string).unwrap_or_default();
        let request = format!(
            "{method} /_hubstream/faults HTTP/1.1\r\nhost: emulator\r\nconnection: close\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await?;
        let (head, body) = reply.split_once("\r\n\r\n").ok_or("half a reply")?;
        if head.starts_with("HTTP/1.1 200") {
            Ok(serde_json::from_str(body)?)
        } else {
            Err(format!("the faults were refused: {body}").into())
        }
    }
}
