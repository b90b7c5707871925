//! `--help` of every command.

use std::fs;
use std::process::{Command, Stdio};

use crate::support::run;

#[test]
fn every_command_has_help_with_examples() {
    let commands: [&[&str]; 20] = [
        &["bench"],
        &["mask"],
        &["detect"],
        &["scan"],
        &["explain"],
        &["check"],
        &["pattern"],
        &["identifiers"],
        &["ingest"],
        &["read"],
        &["deliver"],
        &["subscribe", "put"],
        &["subscribe", "list"],
        &["subscribe", "delete"],
        &["policy", "template"],
        &["policy", "put"],
        &["policy", "get"],
        &["policy", "delete"],
        &["payload", "decode"],
        &["payload", "encode"],
    ];
    for command in commands {
        let ran = run(&[command, &["--help"]].concat(), "");
        assert_eq!(ran.code, 0);
        assert!(ran.out.contains("Examples:\n"), "{command:?}");
        assert_eq!(run(&[command, &["--no-such-option"]].concat(), "").code, 2);
    }
    let in_a_row = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for command in [&["mask"][..], &["scan"], &["explain"], &["payload", "encode"]] {
        let help = in_a_row(&run(&[command, &["--help"]].concat(), "").out);
        assert!(help.contains("these: AwsSecretKey, OpenSshPrivateKey, "), "the built-in set");
    }
    let help = run(&["mask", "--help"], "").out;
    let first = in_a_row(help.split_once("Usage").expect("there is one").0);
    assert!(first.contains("Logs in JSON want `--format ndjson`"), "{first}");
    assert_eq!(run(&[], "").code, 2);
    #[cfg(target_os = "linux")]
    for args in [&["--help"][..], &["mask", "--help"], &["--version"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
        let mut program = Command::new(env!("CARGO_BIN_EXE_logveil"));
        let status = program.args(args).stdout(full).stderr(Stdio::null()).status();
        assert_eq!(status.expect("the program starts").code(), Some(2), "{args:?}");
    }
}
