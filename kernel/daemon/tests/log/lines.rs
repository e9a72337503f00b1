use std::sync::Arc;

use perilune_daemon::log::{Entry, Format, LineLayer, Output, Style, secrets};
use proptest::prelude::*;
use serde_json::Value;
use tracing::Level;
use tracing_subscriber::layer::SubscriberExt;

use super::*;

/// What becomes of what is logged meanwhile.
fn logged(style: Style, log: impl FnOnce()) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kernel.log");
    let file = Arc::new(open(&path, Limits::default()));
    let layer = LineLayer::new(style, Output::File(file));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), log);
    std::fs::read(path).unwrap()
}

const TEXT: Style = Style {
    format: Format::Text,
    colours: false,
    journal: false,
};
const JSON: Style = Style {
    format: Format::Json,
    ..TEXT
};

fn text(style: Style, log: impl FnOnce()) -> String {
    String::from_utf8(logged(style, log)).unwrap()
}

#[test]
fn a_line_of_text_says_when_how_grave_where_and_what() {
    let line = text(TEXT, || {
        tracing::warn!(target: "perilune", path = "/a b", count = 3, is_new = true, "took it");
    });
    let (time, rest) = line.split_at("2024-10-04T00:00:00.000Z".len());
    assert_eq!(
        rest,
        " WARN  perilune: took it path=\"/a b\" count=3 is_new=true\n"
    );
    assert!(time.ends_with('Z') && time.contains('T') && time.as_bytes()[19] == b'.');
    let entry = Entry::parse(line.trim_end().as_bytes());
    let age = SystemTime::now().duration_since(entry.time.unwrap());
    assert!(age.unwrap() < Duration::from_secs(60));
    assert_eq!(entry.level, Some(Level::WARN));
    assert_eq!(entry.target.unwrap(), "perilune");
    assert_eq!(entry.message, "took it path=\"/a b\" count=3 is_new=true");
}

#[test]
fn a_line_of_json_is_an_object_with_the_same_keys_each_time() {
    let line = text(JSON, || {
        tracing::error!(target: "perilune", count = 3, ratio = f64::NAN, "took \"it\"");
        tracing::info!("plain");
    });
    let objects: Vec<Value> = line
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for object in &objects {
        let keys: Vec<_> = object.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["timestamp", "level", "target", "message", "fields"]);
    }
    assert_eq!(objects[0]["level"], "ERROR");
    assert_eq!(objects[0]["message"], "took \"it\"");
    assert_eq!(objects[0]["fields"]["count"], 3);
    assert_eq!(objects[0]["fields"]["ratio"], "NaN");
    assert_eq!(objects[1]["fields"], serde_json::json!({}));
    let entry = Entry::parse(line.lines().next().unwrap().as_bytes());
    assert_eq!(entry.message, "took \"it\"");
    assert_eq!(entry.fields["count"], 3);
}

#[test]
fn the_journal_is_told_how_grave_it_is_and_not_the_time() {
    let style = Style {
        journal: true,
        ..TEXT
    };
    let lines = text(style, || {
        tracing::error!(target: "t", "a");
        tracing::warn!(target: "t", "b");
        tracing::info!(target: "t", "c");
        tracing::debug!(target: "t", "d");
    });
    assert_eq!(
        lines,
        "<3>ERROR t: a\n<4>WARN  t: b\n<6>INFO  t: c\n<7>DEBUG t: d\n"
    );
}

#[test]
fn colours_are_for_terminals() {
    let style = Style {
        colours: true,
        ..TEXT
    };
    assert!(text(style, || tracing::error!("a")).contains("\u{1b}[31mERROR"));
    assert!(!text(TEXT, || tracing::error!("a")).contains('\u{1b}'));
}

#[test]
fn nobody_can_write_a_line_of_his_own() {
    let forged = "x\n2024-10-04T00:00:00.000Z INFO  perilune: all is well\u{1b}[2J\u{9b}1m";
    for style in [TEXT, JSON] {
        let lines = text(style, || tracing::warn!(field = forged, "{forged}"));
        assert_eq!(lines.lines().count(), 1);
        assert!(!lines.contains('\u{1b}') && !lines.contains('\u{9b}'));
    }
    let object: Value = serde_json::from_str(&text(JSON, || {
        tracing::warn!(field = forged, "{forged}");
    }))
    .unwrap();
    assert_eq!(object["message"], forged, "nothing is lost by it");
    assert_eq!(object["fields"]["field"], forged);
}

#[test]
fn a_value_without_end_is_cut() {
    let long = "ä".repeat(1 << 20);
    for style in [TEXT, JSON] {
        let line = text(style, || tracing::warn!(long, "{long}"));
        assert!(line.len() < 80 << 10, "{}", line.len());
        assert_eq!(line.lines().count(), 1);
        assert_eq!(line.matches("bytes more)").count(), 2);
    }
}

#[test]
fn no_secret_is_in_a_line_whichever_way_it_came() {
    const CANARY: &str = "c4n4ry-of-the-lines";
    secrets().register(CANARY);
    for style in [TEXT, JSON] {
        let lines = text(style, || {
            let map = std::collections::BTreeMap::from([("x", CANARY)]);
            let error = std::io::Error::other(CANARY);
            tracing::error!("the key is {CANARY}");
            tracing::error!(a = CANARY, b = %CANARY, c = ?map, "fields");
            tracing::error!(error = &error as &dyn std::error::Error, "error");
            tracing::error!(
                token = "anything",
                key = "else",
                "Authorization: Bearer some-thing"
            );
        });
        for secret in [CANARY, "anything", "else", "some-thing"] {
            assert!(!lines.contains(secret), "{lines}");
        }
        assert_eq!(lines.matches("[secret]").count(), 8, "{lines}");
    }
}

fn any_text() -> impl Strategy<Value = String> {
    let nasty = prop::sample::select(vec![
        '\n',
        '\r',
        '\u{1b}',
        '\0',
        '"',
        '\\',
        '\u{85}',
        '\u{2028}',
        '\u{2029}',
        '\u{202e}',
        '\u{9b}',
        '\u{7f}',
        '{',
        '=',
        ' ',
        'ß',
        '\u{1f600}',
    ]);
    prop::collection::vec(prop_oneof![nasty, any::<char>()], 0..40)
        .prop_map(|characters| characters.into_iter().collect())
}

proptest! {
    #[test]
    fn one_event_is_one_line_whatever_is_in_it(message in any_text(), value in any_text()) {
        for style in [TEXT, JSON] {
            let lines = logged(style, || {
                tracing::warn!(value, other = ?value, "{message}");
            });
            let line = String::from_utf8(lines).unwrap();
            let line = line.strip_suffix('\n').unwrap();
            prop_assert!(!line.chars().any(char::is_control), "{line:?}");
            prop_assert!(!line.contains(['\u{2028}', '\u{2029}', '\u{202e}']), "{line:?}");
            let entry = Entry::parse(line.as_bytes());
            prop_assert_eq!(entry.level, Some(Level::WARN));
            if style.format == Format::Json {
                prop_assert_eq!(&entry.message, &message);
                prop_assert_eq!(&entry.fields["value"], &Value::String(value.clone()));
            }
        }
    }

    #[test]
    fn every_line_that_others_wrote_can_be_read(line in prop::collection::vec(any::<u8>(), 0..200)) {
        let entry = Entry::parse(&line);
        prop_assert_eq!(entry.line, String::from_utf8_lossy(&line));
    }
}
