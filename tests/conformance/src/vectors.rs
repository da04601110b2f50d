//! Loading vectors, running them one by one and summing up.

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

/// The variable that names another directory of vectors.
pub const DIRECTORY_VARIABLE: &str = "HUBSTREAM_VECTORS";

/// One case of a file.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name, unique in the file.
    pub name: String,
    /// The whole case.
    pub all: Value,
}

impl Case {
    /// What the case starts from.
    pub fn input(&self) -> &Value {
        &self.all["input"]
    }

    /// What must come out.
    pub fn expected(&self) -> &Value {
        &self.all["expected"]
    }

    /// The name of the operation, or an empty text.
    pub fn operation(&self) -> &str {
        self.input()["op"].as_str().unwrap_or_default()
    }
}

/// What became of a case that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All of it holds.
    Passed,
    /// The vector records what another client does and this library means to do otherwise; the
    /// difference is named.
    Deviates(&'static str),
    /// The operation does not exist yet.
    NotBuilt,
}

/// The result of running a case: an error says what differs.
pub type Verdict = Result<Outcome, String>;

/// The directory of a service's vectors, if there is one.
pub fn directory(service: &str) -> Option<PathBuf> {
    let root = match std::env::var_os(DIRECTORY_VARIABLE) {
        Some(root) => PathBuf::from(root),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors"),
    };
    Some(root.join(service)).filter(|directory| directory.is_dir())
}

/// Reads the cases of a file: a list, or an object whose member `cases` is one and whose member
/// `count` tells how many there are.
pub fn load(path: &Path) -> Vec<Case> {
    let text = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut root: Value =
        serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let stated = root["count"].as_u64();
    let cases = match root.get_mut("cases") {
        Some(cases) => cases.take(),
        None => root,
    };
    let Value::Array(cases) = cases else {
        panic!("{}: there is no list of cases", path.display());
    };
    let found = cases.len() as u64;
    assert_eq!(stated.unwrap_or(found), found, "{}", path.display());
    cases
        .into_iter()
        .map(|all| Case {
            name: ["name", "id"]
                .iter()
                .find_map(|member| all[*member].as_str())
                .unwrap_or("?")
                .to_owned(),
            all,
        })
        .collect()
}

/// Runs all cases of a file, prints a summary and panics with the names of all cases that failed.
///
/// A file that is absent from a directory named by [`DIRECTORY_VARIABLE`] is reported and passes.
pub fn run(service: &str, file: &str, check: impl Fn(&Case) -> Verdict) {
    let Some(path) = directory(service)
        .map(|directory| directory.join(file))
        .filter(|path| path.is_file())
    else {
        let is_chosen = std::env::var_os(DIRECTORY_VARIABLE).is_some();
        assert!(is_chosen, "the repository has no vectors {service}/{file}");
        report(&format!("{service}/{file}: absent\n"));
        return;
    };
    let cases = load(&path);
    assert!(!cases.is_empty(), "{service}/{file} has no cases");
    let mut passed = 0;
    let mut not_built = Vec::new();
    let mut deviating: Vec<(&str, &str)> = Vec::new();
    let mut failures = String::new();
    let mut failed = 0;
    for case in &cases {
        let verdict = catch_unwind(AssertUnwindSafe(|| check(case)))
            .unwrap_or_else(|_| Err("panicked; see above".to_owned()));
        match verdict {
            Ok(Outcome::Passed) => passed += 1,
            Ok(Outcome::Deviates(difference)) => deviating.push((&case.name, difference)),
            Ok(Outcome::NotBuilt) => not_built.push(case.name.as_str()),
            Err(difference) => {
                failed += 1;
                let _ = writeln!(failures, "  {}: {}", case.name, shortened(&difference));
            }
        }
    }
    let mut summary = format!(
        "{service}/{file}: {} cases, {passed} passed, {failed} failed, {} not built, {} deviate on purpose\n",
        cases.len(),
        not_built.len(),
        deviating.len()
    );
    for name in &not_built {
        let _ = writeln!(summary, "  not built: {name}");
    }
    for (name, difference) in &deviating {
        let _ = writeln!(summary, "  deviates: {name} ({difference})");
    }
    report(&summary);
    assert!(
        failures.is_empty(),
        "{failed} cases of {service}/{file} failed:\n{failures}"
    );
}

/// Prints even when the test runner captures the output of tests that pass.
fn report(text: &str) {
    use std::io::Write as _;
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= 600 {
        return text.to_owned();
    }
    text.chars().take(600).chain("…".chars()).collect()
}

/// The bytes that a vector writes as hexadecimal digits or as a rule.
pub fn bytes(notation: &Value) -> Result<Vec<u8>, String> {
    if let Some(digits) = notation["hex"].as_str() {
        return unhex(digits);
    }
    if notation["prefix_hex"].is_string() && notation["gen"].is_null() {
        return recovered(notation);
    }
    let rule = if notation["gen"].is_object() {
        &notation["gen"]
    } else {
        notation
    };
    let number = |name: &str| {
        rule[name]
            .as_u64()
            .ok_or_else(|| format!("no number `{name}` in {rule}"))
    };
    let made = match rule["kind"].as_str() {
        Some("repeat") => {
            let unit = unhex(rule["unit_hex"].as_str().unwrap_or_default())?;
            unit.repeat(number("count")? as usize)
        }
        Some("lcg") => generated(number("seed")?, number("len")?),
        Some("lcg_text") => generated(number("seed")?, number("len")?)
            .iter()
            .map(|byte| 0x21 + byte % 94)
            .collect(),
        _ => return Err(format!("unknown notation of bytes: {notation}")),
    };
    if notation["sha256"].is_string() {
        same_bytes(notation, &made)?;
    }
    Ok(made)
}

/// Seeds that the vectors may have used where they tell only a digest.
const SEEDS: std::ops::Range<u64> = 0..10_000;

/// Finds bytes of which only length, digest and beginning are given, if one of the rules made them.
fn recovered(notation: &Value) -> Result<Vec<u8>, String> {
    let prefix = unhex(notation["prefix_hex"].as_str().unwrap_or_default())?;
    let length = notation["len"].as_u64().unwrap_or_default();
    let first = prefix.first().copied().ok_or("an empty beginning")?;
    let made = if prefix.iter().all(|byte| *byte == first) {
        vec![first; length as usize]
    } else {
        let seed = SEEDS
            .into_iter()
            .find(|seed| generated(*seed, prefix.len() as u64) == prefix);
        generated(
            seed.ok_or_else(|| format!("no rule makes these bytes: {notation}"))?,
            length,
        )
    };
    same_bytes(notation, &made)?;
    Ok(made)
}

fn generated(seed: u64, length: u64) -> Vec<u8> {
    let mut state = seed;
    (0..length)
        .map(|_| {
            state = (state * 1_103_515_245 + 12345) % (1 << 31);
            (state >> 16) as u8
        })
        .collect()
}

/// The text that a vector writes as such or as a rule.
pub fn text(notation: &Value) -> Result<String, String> {
    match notation.as_str() {
        Some(text) => Ok(text.to_owned()),
        None => String::from_utf8(bytes(notation)?).map_err(|error| error.to_string()),
    }
}

/// Compares bytes with a notation: hexadecimal digits, a rule, or length and digest.
pub fn same_bytes(expected: &Value, actual: &[u8]) -> Result<(), String> {
    if let Some(digits) = expected["hex"].as_str() {
        let actual = hex(actual);
        return if digits == actual {
            Ok(())
        } else {
            Err(format!("expected {digits}, got {actual}"))
        };
    }
    let Some(digest) = expected["sha256"].as_str() else {
        return if bytes(expected)? == actual {
            Ok(())
        } else {
            Err("generated bytes differ".to_owned())
        };
    };
    let length = expected["len"].as_u64().unwrap_or_default() as usize;
    if actual.len() != length {
        return Err(format!("expected {length} bytes, got {}", actual.len()));
    }
    let found = sha256_hex(actual);
    if digest != found {
        let start = hex(&actual[..actual.len().min(64)]);
        return Err(format!(
            "digests differ; starts with {start}, expected {}",
            expected["prefix_hex"]
        ));
    }
    Ok(())
}

/// The SHA-256 digest in hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes as hexadecimal digits in lower case.
pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// Hexadecimal digits as bytes.
pub fn unhex(digits: &str) -> Result<Vec<u8>, String> {
    if !digits.is_ascii() || !digits.len().is_multiple_of(2) {
        return Err("not hexadecimal digits".to_owned());
    }
    (0..digits.len())
        .step_by(2)
        .map(|place| {
            u8::from_str_radix(&digits[place..place + 2], 16).map_err(|error| error.to_string())
        })
        .collect()
}

/// Fails with both values if they differ.
pub fn same<T: PartialEq + std::fmt::Debug + ?Sized>(
    what: &str,
    expected: &T,
    actual: &T,
) -> Result<(), String> {
    if expected == actual {
        Ok(())
    } else {
        Err(format!("{what}: expected {expected:?}, got {actual:?}"))
    }
}

/// The outcome of a case whose vector demands an error.
pub fn must_fail<T: std::fmt::Debug>(
    expected: &Value,
    result: hubstream::error::Result<T>,
) -> Verdict {
    match result {
        Ok(value) => Err(format!(
            "expected the error {}, got {value:?}",
            expected["error"]
        )),
        Err(error) if error.kind() == hubstream::error::ErrorKind::Internal => {
            Err(format!("internal error: {error}"))
        }
        Err(_) => Ok(Outcome::Passed),
    }
}

/// The outcome of a case whose vector demands that nothing is made of its input.
pub fn must_be_refused<T: std::fmt::Debug>(expected: &Value, made: Result<T, String>) -> Verdict {
    match made {
        Ok(value) => Err(format!(
            "expected the error {}, got {value:?}",
            expected["error"]
        )),
        Err(_) => Ok(Outcome::Passed),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rules_make_the_documented_bytes() {
        assert_eq!(bytes(&json!({"hex": "00ff"})).unwrap(), [0, 255]);
        assert_eq!(
            bytes(&json!({"gen": {"kind": "repeat", "unit_hex": "6162", "count": 2}})).unwrap(),
            b"abab"
        );
        // From the rule, by hand: 5 * 1103515245 + 12345, modulo 2^31, bits 16 to 23.
        assert_eq!(
            bytes(&json!({"kind": "lcg", "seed": 5, "len": 1})).unwrap(),
            [0xdf]
        );
        assert!(bytes(&json!({"gen": {"kind": "repeat", "unit_hex": "61", "count": 1}, "len": 1, "sha256": "00"})).is_err());
        assert!(same_bytes(&json!({"hex": "00"}), &[1]).is_err());
    }
}
