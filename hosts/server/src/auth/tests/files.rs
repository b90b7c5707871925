//! Credentials files: what is taken, and what is refused where.

use serde::Deserialize;
use serde_json::Value;

use super::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused {
    name: String,
    /// As JSON, or the text itself.
    file: Value,
    message: String,
}

#[test]
fn what_is_wrong_is_refused_in_its_place_and_not_quoted() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/credentials.json");
    let cases: Vec<Refused> =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(cases.len() > 20);
    for case in cases {
        let text = match &case.file {
            Value::String(text) => text.clone(),
            file => file.to_string(),
        };
        let error = Credentials::parse(&text).expect_err(&case.name);
        assert!(error.to_string().contains(&case.message), "{}: {error}", case.name);
        assert!(!format!("{error} {error:?}").contains("QUOTED"), "{}: {error}", case.name);
    }
}

#[test]
fn the_example_is_taken() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/credentials.json");
    let text = std::fs::read_to_string(path).unwrap();
    let credentials = Credentials::parse(&text).unwrap();
    assert_eq!(format!("{credentials:?}"), "Credentials(3 access keys)");
}

#[test]
fn nothing_shows_a_secret() {
    let credentials = credentials(Some("sessionTokenOfTheKey"), None);
    let shown = format!("{credentials:?} {:?}", Gate::Credentials(self::credentials(None, None)));
    assert!(!shown.contains("wJalr") && !shown.contains("sessionToken"), "{shown}");
    let sent = Sent::post("ListLogGroups", "{}");
    let token = Some("sessionTokenOfTheKey".to_owned());
    let sent = sent.signed(&Signer { token, ..Signer::default() });
    let caller = sent.admit(&credentials, "logs", NOW_MS).unwrap();
    let shown = format!("{caller:?}");
    assert!(!shown.contains("wJalr") && !shown.contains("sessionToken"), "{shown}");
}

#[cfg(unix)]
#[test]
fn a_file_that_others_may_read_is_refused() {
    use std::fs::{Permissions, set_permissions, write};
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("credentials.json");
    write(&path, r#"{"principals": []}"#).unwrap();
    for mode in [0o600, 0o400] {
        set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        assert!(Credentials::read(&path).is_ok(), "{mode:o}");
    }
    for mode in [0o640, 0o604, 0o660, 0o644] {
        set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let error = Credentials::read(&path).unwrap_err().to_string();
        assert!(error.contains("may be read by others; do: chmod 600"), "{error}");
    }
    let missing = Credentials::read(&folder.path().join("none")).unwrap_err().to_string();
    assert!(missing.contains("not found"), "{missing}");
    set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    write(&path, b"{\"principals\": [\xff]}").unwrap();
    assert!(Credentials::read(&path).is_err());
}
