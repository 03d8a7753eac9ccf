//! Generates the typed Kotlin, Swift and Python sources of `bindings/` from the built library.
//! It does not know what the door offers: the library says so itself.

use std::path::Path;

use uniffi_bindgen::bindings::{GenerateOptions, TargetLanguage};

use crate::products;

/// The languages that apps are written in, by the names that the command line takes.
const LANGUAGES: &[(&str, TargetLanguage)] = &[
    ("kotlin", TargetLanguage::Kotlin),
    ("swift", TargetLanguage::Swift),
    ("python", TargetLanguage::Python),
];

/// Writes the sources for `language` below `out`, which is made when it is not there.
pub fn generate(language: &str, out: &Path) -> Result<(), String> {
    let Some((_, target)) = LANGUAGES.iter().find(|(name, _)| *name == language) else {
        let known: Vec<&str> = LANGUAGES.iter().map(|(name, _)| *name).collect();
        return Err(format!(
            "there is no language `{language}`; there are: {}",
            known.join(", ")
        ));
    };
    let text = |path: &Path| {
        path.to_str()
            .map(str::to_owned)
            .ok_or_else(|| format!("{} is not UTF-8", path.display()))
    };
    let options = GenerateOptions {
        languages: vec![target.clone()],
        source: text(&products::folder()?.join(products::library()))?.into(),
        out_dir: text(out)?.into(),
        config_override: Some(text(&products::workspace().join("bindings/languages.toml"))?.into()),
        ..GenerateOptions::default()
    };
    uniffi_bindgen::bindings::generate(options).map_err(|error| format!("{error:#}"))
}
