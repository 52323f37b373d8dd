//! Texts by language.

use std::collections::BTreeMap;

use crate::args::Language;

type Sections = BTreeMap<String, BTreeMap<String, String>>;

/// The texts of one language.
#[derive(Debug, Clone)]
pub struct Messages {
    /// The language.
    pub language: Language,
    sections: Sections,
}

const EN: &str = include_str!("../lang/en.toml");
const FR: &str = include_str!("../lang/fr.toml");
const DE: &str = include_str!("../lang/de.toml");

impl Messages {
    /// The texts of a language.
    pub fn of(language: Language) -> Messages {
        let text = match language {
            Language::En => EN,
            Language::Fr => FR,
            Language::De => DE,
        };
        // The files are embedded and tested; an empty map would show keys instead of texts.
        Messages { language, sections: toml::from_str(text).unwrap_or_default() }
    }

    /// The language asked for: by the flag, else by `GIGATWIN_LANG`, else English.
    pub fn language(flag: Option<Language>, environment: Option<&str>) -> Language {
        flag.unwrap_or_else(|| match environment.and_then(|v| v.get(..2)).map(str::to_lowercase).as_deref() {
            Some("fr") => Language::Fr,
            Some("de") => Language::De,
            _ => Language::En,
        })
    }

    /// A text by `section.key`; the key itself where there is none.
    pub fn say<'a>(&'a self, key: &'a str) -> &'a str {
        self.find(key).unwrap_or(key)
    }

    /// A text by `section.key`, if there is one.
    pub fn find(&self, key: &str) -> Option<&str> {
        let (section, name) = key.split_once('.')?;
        self.sections.get(section)?.get(name).map(String::as_str)
    }

    /// A text with its `{placeholders}` put in.
    pub fn fill(&self, key: &str, values: &[(&str, &str)]) -> String {
        let mut rest = self.say(key);
        let mut out = String::with_capacity(rest.len() + 32);
        while let Some(open) = rest.find('{') {
            out.push_str(&rest[..open]);
            let Some(length) = rest[open..].find('}') else { break };
            let name = &rest[open + 1..open + length];
            match values.iter().find(|v| v.0 == name) {
                Some((_, value)) => out.push_str(value),
                None => out.push_str(&rest[open..=open + length]),
            }
            rest = &rest[open + length + 1..];
        }
        out.push_str(rest);
        out
    }

    /// The label of a figure; the English one where the language has none.
    pub fn label<'a>(&'a self, english: &'a str) -> &'a str {
        self.sections.get("label").and_then(|s| s.get(english)).map_or(english, String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|part| part.split_once('}').map(|p| p.0)).collect()
    }

    fn sections(text: &str) -> Sections {
        toml::from_str(text).expect("a message file is sections of texts")
    }

    #[test]
    fn all_languages_have_the_same_keys_and_placeholders() {
        let english = sections(EN);
        for (name, other) in [("fr", sections(FR)), ("de", sections(DE))] {
            for (section, texts) in &english {
                let theirs = other.get(section).unwrap_or_else(|| panic!("{name}: no [{section}]"));
                let (a, b): (Vec<_>, Vec<_>) = (texts.keys().collect(), theirs.keys().collect());
                assert_eq!(a, b, "{name} [{section}]");
                for (key, text) in texts {
                    assert_eq!(placeholders(text), placeholders(&theirs[key]), "{name} {section}.{key}");
                }
            }
            for section in other.keys() {
                assert!(section == "label" || english.contains_key(section), "{name}: [{section}] too many");
            }
        }
    }

    #[test]
    fn every_label_of_the_registry_is_translated() {
        for (name, texts) in [("fr", sections(FR)), ("de", sections(DE))] {
            let labels = &texts["label"];
            let missing: BTreeSet<&str> = gigatwin_factory::metric::METRICS
                .iter()
                .map(|d| d.label)
                .filter(|l| !labels.contains_key(*l))
                .collect();
            assert!(missing.is_empty(), "{name}: {missing:?}");
        }
    }

    #[test]
    fn every_key_in_the_code_has_a_text_and_every_text_is_used() {
        let mut code = String::new();
        let mut folders = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("source folder").flatten() {
                match entry.path() {
                    p if p.is_dir() => folders.push(p),
                    p => code.push_str(&std::fs::read_to_string(p).expect("source file")),
                }
            }
        }
        let english = sections(EN);
        for call in ["say(\"", "fill(\"", "fill(\n"] {
            for part in code.split(call).skip(1) {
                let key = part.trim_start().trim_start_matches('"').split('"').next().unwrap_or("");
                let Some((section, name)) = key.split_once('.') else { continue };
                let known = english.get(section).is_some_and(|s| s.contains_key(name));
                assert!(known, "no text for {key}");
            }
        }
        for (section, texts) in &english {
            // Units, scales and statuses are looked up by a key made at run time.
            if matches!(section.as_str(), "unit" | "scale" | "status" | "number") {
                continue;
            }
            for key in texts.keys() {
                let key = format!("\"{section}.{key}\"");
                assert!(code.contains(&key), "{key} is not used");
            }
        }
    }

    #[test]
    fn placeholders_are_put_in() {
        let m = Messages::of(Language::En);
        assert_eq!(m.fill("{a} of {b}", &[("a", "1")]), "1 of {b}");
    }

    #[test]
    fn the_flag_goes_before_the_environment() {
        assert_eq!(Messages::language(Some(Language::De), Some("fr")), Language::De);
        assert_eq!(Messages::language(None, Some("fr_FR.UTF-8")), Language::Fr);
        assert_eq!(Messages::language(None, Some("C")), Language::En);
        assert_eq!(Messages::language(None, Some("é")), Language::En);
    }
}
