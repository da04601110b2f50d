//! Why a value cannot go into a batch, in words.

use std::fmt;

use super::value::{MAX_TEXT_BYTES, Mismatch};

/// How many characters of a refused value an error shows.
const SHOWN_CHARACTERS: usize = 40;

/// Why a value is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Kind,
    Form,
    Range,
    Null,
    Long,
    Full,
    #[cfg(feature = "arrow")]
    Nanoseconds,
}

impl From<Mismatch> for Refusal {
    fn from(mismatch: Mismatch) -> Self {
        match mismatch {
            Mismatch::Range => Self::Range,
            Mismatch::Form | Mismatch::Utf8 => Self::Form,
            Mismatch::Type => Self::Kind,
        }
    }
}

impl Refusal {
    /// The reason for a value that was meant for a column of a type.
    pub(super) fn text(self, kind: &str, value: &dyn fmt::Display) -> String {
        match self {
            Self::Kind => format!("{} is not a value for {kind}", Short(value)),
            Self::Form => format!("{} is not a valid {kind}", Short(value)),
            Self::Range => format!("{} is outside the range of {kind}", Short(value)),
            Self::Null => "null in a column that does not allow it".to_owned(),
            Self::Long => format!("{} is longer than {MAX_TEXT_BYTES} bytes", Short(value)),
            #[cfg(feature = "arrow")]
            Self::Nanoseconds => {
                format!("{} ns is not a whole number of microseconds", Short(value))
            }
            Self::Full => "the batch would exceed 4 GiB".to_owned(),
        }
    }
}

/// Shows the beginning of a value on one line.
struct Short<'a>(&'a dyn fmt::Display);

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        let mut shown = Beginning {
            text: String::new(),
            left: SHOWN_CHARACTERS,
        };
        // Stops with an error once enough was written.
        if write!(shown, "{}", self.0).is_err() {
            shown.text.pop();
            shown.text.push('…');
        }
        write!(f, "`{}`", shown.text)
    }
}

struct Beginning {
    text: String,
    left: usize,
}

impl fmt::Write for Beginning {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
            self.text.push(if character.is_control() {
                ' '
            } else {
                character
            });
        }
        Ok(())
    }
}
