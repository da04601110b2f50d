//! Writes the Ruby, Kotlin and Swift sources of hubstream from its compiled library.
//!
//! `hubstream-uniffi-bindgen LIBRARY CONFIG FOLDER` writes into `FOLDER/{ruby,kotlin,swift}`.

use std::process::ExitCode;

use camino::Utf8PathBuf;
use uniffi_bindgen::bindings::{GenerateOptions, TargetLanguage, generate_with_bindgen_paths};
use uniffi_bindgen::{BindgenPaths, BindgenPathsLayer};

/// Knows one crate only, so that cargo need not be asked.
struct OneCrate {
    config: Utf8PathBuf,
}

impl BindgenPathsLayer for OneCrate {
    fn get_config_path(&self, _: &str) -> Option<Utf8PathBuf> {
        Some(self.config.clone())
    }
}

fn main() -> ExitCode {
    let arguments: Vec<Utf8PathBuf> = std::env::args().skip(1).map(Utf8PathBuf::from).collect();
    let [library, config, folder] = arguments.as_slice() else {
        eprintln!("usage: hubstream-uniffi-bindgen LIBRARY CONFIG FOLDER");
        return ExitCode::from(2);
    };
    let languages = [
        ("ruby", TargetLanguage::Ruby),
        ("kotlin", TargetLanguage::Kotlin),
        ("swift", TargetLanguage::Swift),
    ];
    for (name, language) in languages {
        let options = GenerateOptions {
            languages: vec![language],
            source: library.clone(),
            out_dir: folder.join(name),
            ..GenerateOptions::default()
        };
        let mut paths = BindgenPaths::default();
        paths.add_layer(OneCrate {
            config: config.clone(),
        });
        if let Err(error) = generate_with_bindgen_paths(options, paths) {
            eprintln!("{name}: {error:?}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
