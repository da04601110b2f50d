//! `hubstream emulator`: the local emulator as a server.

use std::io::Write as _;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command};
use hubstream_emulator::{Emulator, EmulatorBuilder, Limits, StartError};
use serde_json::json;

use crate::failure::Failure;
use crate::seed::Seed;

/// Where DataHub is served when no address is given at all.
const DATAHUB_ADDRESS: &str = "127.0.0.1:4710";
/// Where DIS is served when no address is given at all.
const DIS_ADDRESS: &str = "127.0.0.1:4711";

/// The sub-command.
pub(crate) fn command() -> Command {
    Command::new("emulator")
        .about("Run a local emulator of the services until it is interrupted")
        .long_about(
            "Run a local emulator of the services until it is interrupted (SIGINT or SIGTERM).\n\n\
             When it is ready it prints one line of JSON with the URLs of what it serves, as in \
             {\"datahub\":\"http://127.0.0.1:4710\",\"dis\":\"http://127.0.0.1:4711\"}. Without --datahub and \
             --dis it serves both on these addresses.",
        )
        .arg(address("datahub", "Serve DataHub on this address"))
        .arg(address("dis", "Serve DIS on this address"))
        .args(credentials())
        .arg(
            Arg::new("limits")
                .long("limits")
                .default_value("standard")
                .value_parser(PossibleValuesParser::new(["strict", "standard", "relaxed"]))
                .help(
                    "Limits to enforce: all; all but throughput, dates, and numbers of projects, topics and \
                     subscriptions; or only what keeps requests well-formed",
                ),
        )
        .arg(
            Arg::new("data-dir")
                .long("data-dir")
                .value_name("DIR")
                .value_parser(clap::value_parser!(std::path::PathBuf))
                .help("Keep all state in this directory; without it, in memory"),
        )
        .arg(
            Arg::new("load")
                .long("load")
                .value_name("FILE")
                .value_parser(clap::value_parser!(std::path::PathBuf))
                .help("Create the DataHub projects, topics and records of this JSON or TOML file first"),
        )
        .arg(
            Arg::new("no-fault-api")
                .long("no-fault-api")
                .action(ArgAction::SetTrue)
                .help("Do not let programs on this machine set faults over HTTP"),
        )
}

/// Who is accepted.
fn credentials() -> [Arg; 3] {
    [
        Arg::new("access-id")
            .long("access-id")
            .value_name("ID")
            .env("HUBSTREAM_EMULATOR_ACCESS_ID")
            .default_value("emulator")
            .help("The only access id that is accepted"),
        Arg::new("access-key")
            .long("access-key")
            .value_name("KEY")
            .env("HUBSTREAM_EMULATOR_ACCESS_KEY")
            .hide_env_values(true)
            .default_value("emulator")
            .help("The key that requests must be signed with"),
        Arg::new("no-auth")
            .long("no-auth")
            .action(ArgAction::SetTrue)
            .help("Accept every request, signed or not"),
    ]
}

fn address(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name("ADDR")
        .value_parser(read_address)
        .help(format!(
            "{help}: HOST:PORT, or PORT on the loopback interface; port 0 takes a free one"
        ))
}

fn read_address(text: &str) -> Result<String, String> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, port),
        None => ("", text),
    };
    port.parse::<u16>()
        .map_err(|_| "must be HOST:PORT or PORT, the port between 0 and 65535".to_owned())?;
    let host = if host.is_empty() { "127.0.0.1" } else { host };
    Ok(format!("{host}:{port}"))
}

/// Serves until a signal comes.
pub(crate) async fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let signal = Signal::install()?;
    let seed = matches
        .get_one::<std::path::PathBuf>("load")
        .map(|path| Seed::read(path).map(|seed| (path, seed)))
        .transpose()?;
    let emulator = builder(matches)?
        .start()
        .await
        .map_err(|error| match error {
            StartError::Listen { .. } => Failure::unavailable(error.to_string()),
            error => Failure::other(error.to_string()),
        })?;
    if let Some((path, seed)) = seed {
        let planted = seed.plant(&emulator).await;
        planted.map_err(|failure| failure.within(&path.display().to_string()))?;
    }
    announce(&emulator)?;
    signal.wait().await;
    emulator.shutdown().await;
    Ok(())
}

fn builder(matches: &ArgMatches) -> Result<EmulatorBuilder, Failure> {
    let text = |name| matches.get_one::<String>(name).cloned();
    let (mut datahub, mut dis) = (text("datahub"), text("dis"));
    if datahub.is_none() && dis.is_none() {
        datahub = Some(DATAHUB_ADDRESS.to_owned());
        dis = Some(DIS_ADDRESS.to_owned());
    }
    let limits: Limits = text("limits")
        .unwrap_or_default()
        .parse()
        .map_err(|error: hubstream_emulator::UnknownLimits| Failure::usage(error.to_string()))?;
    let mut builder = Emulator::builder()
        .credentials(
            text("access-id").unwrap_or_default(),
            text("access-key").unwrap_or_default(),
        )
        .no_auth(matches.get_flag("no-auth"))
        .fault_api(!matches.get_flag("no-fault-api"))
        .limits(limits);
    if let Some(address) = datahub {
        builder = builder.datahub(address);
    }
    if let Some(address) = dis {
        builder = builder.dis(address);
    }
    if let Some(directory) = matches.get_one::<std::path::PathBuf>("data-dir") {
        builder = builder.data_dir(directory);
    }
    Ok(builder)
}

fn announce(emulator: &Emulator) -> Result<(), Failure> {
    let mut urls = serde_json::Map::new();
    if let Some(url) = emulator.datahub_url() {
        urls.insert("datahub".to_owned(), json!(url));
    }
    if let Some(url) = emulator.dis_url() {
        urls.insert("dis".to_owned(), json!(url));
    }
    let line = serde_json::Value::Object(urls).to_string();
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}")
        .and_then(|()| output.flush())
        .map_err(|error| Failure::output(&error))
}

/// The signals that end the emulator.
struct Signal {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signal {
    /// Catches the signals from now on, so that none is lost before the server is up.
    #[cfg(unix)]
    fn install() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let catch = |kind| {
            signal(kind).map_err(|error| Failure::other(format!("cannot catch signals: {error}")))
        };
        Ok(Self {
            interrupt: catch(SignalKind::interrupt())?,
            terminate: catch(SignalKind::terminate())?,
        })
    }

    #[cfg(not(unix))]
    fn install() -> Result<Self, Failure> {
        Ok(Self {})
    }

    #[cfg(unix)]
    async fn wait(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn wait(self) {
        // An error means that no signal can ever come; stopping is then the only safe answer.
        let _ = tokio::signal::ctrl_c().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_default_to_loopback() {
        assert_eq!(read_address("0").as_deref(), Ok("127.0.0.1:0"));
        assert_eq!(read_address(":81").as_deref(), Ok("127.0.0.1:81"));
        assert_eq!(read_address("[::1]:81").as_deref(), Ok("[::1]:81"));
        assert_eq!(read_address("0.0.0.0:81").as_deref(), Ok("0.0.0.0:81"));
        for bad in ["", "host", "host:", "host:70000", "[::1]"] {
            assert!(read_address(bad).is_err(), "{bad}");
        }
    }
}
