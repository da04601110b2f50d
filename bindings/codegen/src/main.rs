//! Writes the façades of every language from the descriptions in the core.
//!
//! `cargo codegen` writes the files, `cargo codegen --check` fails when one of them differs.

#[cfg(test)]
mod complete;
mod description;
mod docs;
mod python;
mod template;
mod typescript;
mod uniffi;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A file of generated text.
struct Output {
    /// Path below the root of the repository.
    path: String,
    /// The whole content.
    text: String,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let check = match arguments.as_slice() {
        [] => false,
        [flag] if flag == "--check" => true,
        _ => {
            eprintln!("usage: cargo codegen [--check]");
            return ExitCode::from(2);
        }
    };
    let outputs = [
        docs::render(),
        python::render(),
        typescript::render(),
        uniffi::render(),
    ]
    .into_iter()
    .flatten();
    let mut differing = 0;
    for output in outputs {
        let path = root().join(&output.path);
        let current = std::fs::read_to_string(&path).unwrap_or_default();
        if current == output.text {
            continue;
        }
        differing += 1;
        if check {
            eprintln!("differs from its description: {}", output.path);
        } else if let Err(error) = write(&path, &output.text) {
            eprintln!("{}: {error}", output.path);
            return ExitCode::FAILURE;
        } else {
            println!("wrote {}", output.path);
        }
    }
    if check && differing > 0 {
        eprintln!("{differing} generated files differ; run `cargo codegen`");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text)
}
