//! The program against moto: `deliver --to aws`. `bash .ci/aws` installs moto and runs this.

#[path = "../../../aws/tests/aws/moto.rs"]
mod moto;

use std::io::Write;
use std::process::{Command, Output, Stdio};

const STREAM: &str = "arn:aws:kinesis:us-east-1:123456789012:stream/none";

fn logveil(args: &[&str], stdin: &str, credentials: bool) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_logveil"));
    command.args(args).env("AWS_EC2_METADATA_DISABLED", "true");
    if credentials {
        command.env("AWS_ACCESS_KEY_ID", "x").env("AWS_SECRET_ACCESS_KEY", "y");
    } else {
        command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    }
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().expect("the program starts");
    let mut to = child.stdin.take().expect("piped");
    let _ = to.write_all(stdin.as_bytes());
    drop(to);
    child.wait_with_output().expect("the program ends")
}

#[test]
fn a_filter_on_a_stream_that_is_not_there_keeps_what_waits() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let filter = ["-g", "/app", "-n", "all", "--to", STREAM, "--no-originals", "--data", data];
    assert!(logveil(&[&["subscribe", "put"][..], &filter].concat(), "", true).status.success());
    let ingest = ["ingest", "-g", "/app", "-s", "web", "--no-originals", "--data", data];
    assert!(logveil(&ingest, "one\ntwo\n", true).status.success());
    let deliver = ["deliver", "--data", data, "--to", "aws", "--endpoint-url", moto::url()];
    for credentials in [true, false] {
        let ran = logveil(&deliver, "", credentials);
        assert_eq!(ran.status.code(), Some(1), "{}", String::from_utf8_lossy(&ran.stderr));
    }
}
