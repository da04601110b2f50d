//! A progress bar where a person looks, and plain tables.

use indicatif::{ProgressBar, ProgressStyle};

use crate::Failure;

/// A bar on standard error; nothing is drawn when that is not a terminal.
pub fn progress(total: usize, what: &'static str) -> Result<ProgressBar, Failure> {
    let bar = ProgressBar::new(total as u64);
    bar.set_style(
        ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len}")?.progress_chars("=> "),
    );
    bar.set_message(what);
    Ok(bar)
}

/// Prints rows in columns of equal width; the first row is the header.
pub fn table(rows: &[Vec<String>]) {
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    for row in rows {
        let cells = row
            .iter()
            .enumerate()
            .map(|(column, cell)| format!("{cell:<0$}", width(column)));
        println!("  {}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}

/// The beginning of a checksum, enough to tell it from another one.
pub fn short(checksum: &str) -> String {
    checksum.chars().take(16).collect()
}
