//! How a command fails: one line on standard error, for people or in JSON, and an exit code that says what
//! kind of failure it was.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use clap::error::ErrorKind as ClapKind;
use hubstream::error::{Error, ErrorKind};
use serde_json::{Value as Json, json};

/// The command line was wrong, or an argument was refused.
const USAGE: u8 = 2;
/// Anything without an exit code of its own.
const OTHER: u8 = 1;
/// The reader of the output went away: 128 + SIGPIPE, as shells report it.
const PIPE_CLOSED: u8 = 141;

/// How a failure is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// One line for people.
    Line,
    /// Everything that is known, for people.
    Long,
    /// One line of JSON.
    Json,
}

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    long: String,
    /// The facts of a failed call; of other failures there is only the message.
    facts: Option<Box<Json>>,
    exit: u8,
}

impl Failure {
    /// The command line or its input was wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        let refused = Error::new(ErrorKind::InvalidArgument, message.into()).with_sent(false);
        Self {
            facts: Some(Box::new(facts(&refused))),
            ..Self::new(refused.message().to_owned(), USAGE)
        }
    }

    /// Something outside of the services went wrong.
    pub(crate) fn other(message: impl Into<String>) -> Self {
        Self::new(message.into(), OTHER)
    }

    /// Something could not be reached.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(message.into(), ErrorKind::Unavailable.exit_code())
    }

    fn new(message: String, exit: u8) -> Self {
        Self {
            long: message.clone(),
            message,
            facts: None,
            exit,
        }
    }

    /// Writing the output failed.
    pub(crate) fn output(error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self::new(String::new(), PIPE_CLOSED);
        }
        Self::other(format!("cannot write the output: {error}"))
    }

    /// What went wrong.
    #[cfg(test)]
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Says where the failure lies.
    pub(crate) fn within(mut self, place: &str) -> Self {
        self.message = format!("{place}: {}", self.message);
        self.long = format!("{place}: {}", self.long);
        self
    }

    /// Shows the failure and gives its exit code.
    pub(crate) fn report(&self, style: Style) -> ExitCode {
        if !self.message.is_empty() {
            let text = match style {
                Style::Line => format!("error: {}", one_line(&self.message)),
                Style::Long => format!("error: {}", self.long),
                Style::Json => self.json().to_string(),
            };
            // There is no other place to say that standard error is gone.
            let _ = writeln!(std::io::stderr(), "{text}");
        }
        ExitCode::from(self.exit)
    }
}

impl Failure {
    /// The failure as it is shown in JSON.
    fn json(&self) -> Json {
        let mut members = serde_json::Map::new();
        members.insert("error".to_owned(), one_line(&self.message).into());
        members.insert("exit_code".to_owned(), self.exit.into());
        if let Some(Json::Object(facts)) = self.facts.as_deref() {
            members.extend(facts.clone());
        }
        members.into()
    }
}

/// Everything known about the failure of a call.
fn facts(error: &Error) -> Json {
    let context = error
        .context()
        .map(|(name, value)| (name.to_owned(), value.into()));
    json!({
        "kind": error.kind().name(),
        "status": error.status().name(),
        "code": error.code(),
        "message": error.message(),
        "detail": error.detail(),
        "service": error.service(),
        "operation": error.operation(),
        "http_status": error.http_status(),
        "request_id": error.request_id(),
        "attempts": error.attempts(),
        "retry_after": error.retry_after().map(|wait| wait.as_secs_f64()),
        "was_sent": error.was_sent(),
        "context": context.collect::<serde_json::Map<_, _>>(),
    })
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let mut message = error.to_string();
        if !error.detail().is_empty() {
            let _ = write!(message, ": {}", error.detail());
        }
        Self {
            message,
            long: format!("{error:?}"),
            facts: Some(Box::new(facts(&error))),
            exit: error.kind().exit_code(),
        }
    }
}

/// Shows help and version on standard output, and what is wrong with the command line in one line.
pub(crate) fn report_usage(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ClapKind::DisplayHelp | ClapKind::DisplayVersion => match error.print() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => Failure::output(&error).report(Style::Line),
        },
        ClapKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            // The exit code says it all if standard error is gone.
            let _ = error.print();
            ExitCode::from(USAGE)
        }
        _ => {
            let text = error.to_string();
            let told = text
                .split("\nUsage:")
                .next()
                .unwrap_or(&text)
                .trim()
                .trim_start_matches("error: ");
            Failure::usage(told).report(Style::Line)
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_one_line() {
        assert_eq!(one_line("a\n\n  b"), "a b");
    }
}
