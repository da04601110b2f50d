//! Filling in templates.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

/// Fills in a template of Jinja's language. A line that holds only a block leaves no trace.
///
/// A mistake in a template is met by the first run of the generator, so it ends the program.
pub(crate) fn render(source: &str, view: &impl Serialize) -> String {
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()
        .unwrap_or_default();
    let mut environment = Environment::new();
    environment.set_syntax(syntax);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment
        .render_str(source, Serde(view))
        .unwrap_or_else(|error| panic!("template: {error:#}"))
}
