//! Which of the services' limits the emulator enforces.

use std::fmt;
use std::str::FromStr;

/// How much of the services' limits is enforced.
///
/// | limit | `Strict` | `Standard` | `Relaxed` |
/// |---|---|---|---|
/// | names, counts, sizes of bodies and values | yes | yes | yes |
/// | partitions of a stream | yes | yes | no |
/// | a shard must be 5 seconds old before it is split or merged | yes | yes | no |
/// | projects of an account, topics of a project, subscriptions of a topic | yes | no | no |
/// | requests and bytes per second and shard | yes | no | no |
/// | a topic is deleted after its subscriptions and connectors, not with them | yes | no | no |
/// | requests are dated within 15 minutes | yes | no | no |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Limits {
    /// Everything that the services document.
    Strict,
    /// Everything but the limits on throughput, on deleting, on dates and on how much an account holds.
    #[default]
    Standard,
    /// Only what keeps requests well-formed and the emulator bounded.
    Relaxed,
}

impl Limits {
    /// Whether the number of partitions of a stream is limited.
    pub fn quotas(self) -> bool {
        !matches!(self, Self::Relaxed)
    }

    /// Whether the number of projects, topics and subscriptions is limited.
    pub fn holdings(self) -> bool {
        matches!(self, Self::Strict)
    }

    /// Whether a shard must have existed for a while before it may be split or merged.
    pub fn shard_age(self) -> bool {
        !matches!(self, Self::Relaxed)
    }

    /// Whether a topic with subscriptions or connectors stays.
    pub fn keeps_topics_in_use(self) -> bool {
        matches!(self, Self::Strict)
    }

    /// Whether requests must carry the time at which they are sent, more or less.
    pub fn dates(self) -> bool {
        matches!(self, Self::Strict)
    }

    /// Whether requests and bytes per second are limited.
    pub fn throughput(self) -> bool {
        matches!(self, Self::Strict)
    }
}

impl fmt::Display for Limits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Strict => "strict",
            Self::Standard => "standard",
            Self::Relaxed => "relaxed",
        })
    }
}

/// A text that names none of the variants of [`Limits`].
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown limits {0:?}: expected strict, standard or relaxed")]
pub struct UnknownLimits(String);

impl FromStr for Limits {
    type Err = UnknownLimits;

    fn from_str(text: &str) -> Result<Self, UnknownLimits> {
        match text {
            "strict" => Ok(Self::Strict),
            "standard" => Ok(Self::Standard),
            "relaxed" => Ok(Self::Relaxed),
            other => Err(UnknownLimits(other.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for limits in [Limits::Strict, Limits::Standard, Limits::Relaxed] {
            assert_eq!(limits.to_string().parse(), Ok(limits));
        }
        assert!("Strict".parse::<Limits>().is_err());
    }
}
