//! What was measured, as lines on the screen and as a file.

use std::fmt;
use std::path::Path;

use hubstream::error::{Error, Result};

use crate::measure::Side;

/// Stands above the lines.
pub(crate) const HEAD: &str =
    "CPU time in ns per record              hubstream      floor   ratio   spreads";

/// What was measured of one case.
pub(crate) struct Measured {
    /// The name of the case.
    pub(crate) name: String,
    /// Bytes of the body per record, as sent or received.
    pub(crate) bytes: usize,
    /// Records per call.
    pub(crate) units: usize,
    /// hubstream: CPU time of one call.
    pub(crate) ours: Side,
    /// The floor: CPU time of one call.
    pub(crate) floor: Side,
}

impl Measured {
    #[allow(
        clippy::cast_precision_loss,
        reason = "there are few records in a call"
    )]
    fn per_record(&self, side: &Side) -> f64 {
        side.median() / self.units as f64
    }

    fn ratio(&self) -> f64 {
        self.ours.median() / self.floor.median()
    }

    fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "case": self.name,
            "bytes_per_record": self.bytes,
            "records": self.units,
            "ns_per_record": self.per_record(&self.ours),
            "floor_ns_per_record": self.per_record(&self.floor),
            "ratio": self.ratio(),
            "spread": self.ours.spread(),
            "floor_spread": self.floor.spread(),
        })
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<37} {:>10.1} {:>10.1} {:>7.2} {:>4.1}% {:>4.1}%",
            self.name,
            self.per_record(&self.ours),
            self.per_record(&self.floor),
            self.ratio(),
            self.ours.spread() * 100.0,
            self.floor.spread() * 100.0,
        )
    }
}

/// Writes everything that was measured as a list of JSON objects.
pub(crate) fn write(path: &Path, all: &[Measured]) -> Result<()> {
    let list: Vec<serde_json::Value> = all.iter().map(Measured::json).collect();
    let text = format!("{:#}\n", serde_json::Value::Array(list));
    std::fs::write(path, text).map_err(|error| {
        Error::invalid_argument("json", "the file cannot be written").with_source(error)
    })
}
