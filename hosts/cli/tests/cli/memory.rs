//! What the program's memory holds of a log once its lines are kept: nothing.
#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::support::{folder, path, run, start};

/// How many times a line is written and its batch waited for.
const BATCHES: usize = 10_000;

/// In every value of the log, and nowhere else.
const HIDDEN: &str = "zeisig";

#[test]
fn after_10_000_batches_no_value_is_in_memory() {
    let folder = folder().join("memory");
    fs::create_dir_all(&folder).unwrap();
    let (data, key) = (folder.join("data"), folder.join("key"));
    let policy = run(&["policy", "template", "-i", "EmailAddress"], "").out;
    let put = ["policy", "put", "--account", "-", "--key-file", path(&key), "--data", path(&data)];
    assert_eq!(run(&put, &policy).code, 0);

    let ingest = ["ingest", "-g", "/app", "-s", "web", "--buffered", "--acks", "--quiet"];
    let places = ["--key-file", path(&key), "--data", path(&data)];
    let mut child = start(&[&ingest[..], &places].concat());
    let mut lines = child.stdin.take().unwrap();
    let mut acks = BufReader::new(child.stdout.take().unwrap()).lines();
    for batch in 0..BATCHES {
        // Longer and shorter ones, so that buffers grow and shrink.
        let clean = "x".repeat(batch * 37 % 3000);
        writeln!(lines, "{clean} mail to {HIDDEN}.{batch}@example.com and {HIDDEN}@example.org")
            .unwrap();
        let ack = acks.next().unwrap().unwrap();
        assert!(ack.contains(&format!("\"total\":{}}}", batch + 1)), "{ack}");
    }
    wait_until_it_waits(child.id());
    let found = search(child.id(), HIDDEN.as_bytes());
    let seen = search(child.id(), b"mail to ****");
    drop(lines);
    assert!(child.wait().unwrap().success());
    assert!(!seen.is_empty(), "the search sees what is masked");
    assert_eq!(found, Vec::<String>::new(), "the places that hold a value");
}

/// An acknowledgement comes a moment before the batch is let go: then one thread of the program
/// reads its stdin, and the first waits for that.
fn wait_until_it_waits(process: u32) {
    let call = |thread: &Path| fs::read_to_string(thread.join("syscall")).unwrap_or_default();
    let reads_stdin = |call: &String| call.split(' ').nth(1) == Some("0x0");
    let first = PathBuf::from(format!("/proc/{process}/task/{process}"));
    loop {
        let threads = fs::read_dir(first.parent().unwrap()).unwrap();
        let calls: Vec<_> = threads.map(|thread| call(&thread.unwrap().path())).collect();
        // A thread that does not run is in a call.
        let waits = call(&first).starts_with(|char: char| char.is_ascii_digit());
        if waits && calls.iter().any(reads_stdin) {
            return;
        }
        std::thread::yield_now();
    }
}

/// The regions of a process that hold the text, each with its name and how often.
fn search(process: u32, text: &[u8]) -> Vec<String> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
    let memory = File::open(format!("/proc/{process}/mem")).unwrap();
    let mut found = Vec::new();
    for line in maps.lines().filter(|line| !line.contains("[v")) {
        let (range, rest) = line.split_once(' ').unwrap();
        let (start, end) = range.split_once('-').unwrap();
        let number = |text| u64::from_str_radix(text, 16).unwrap();
        let mut bytes = vec![0; (number(end) - number(start)) as usize];
        // What nobody may read holds nothing that was written.
        if rest.starts_with('r') && memory.read_exact_at(&mut bytes, number(start)).is_ok() {
            let count = memchr::memmem::find_iter(&bytes, text).count();
            if count > 0 {
                let name = rest.split_whitespace().nth(4).unwrap_or("heap of a thread");
                found.push(format!("{name}: {count} times"));
            }
        }
    }
    found
}
