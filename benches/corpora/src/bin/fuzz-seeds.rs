//! Writes seeds of the fuzz targets: `fuzz-seeds FOLDER` fills `FOLDER/detect` with the worst
//! inputs and with hostile, dense and clean lines, each with the number of a policy before it, as
//! that target reads its inputs.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use logveil_corpora::{WORST, clean, dense, hostile, one_event};

/// Each text once for each set of managed identifiers that the target knows, and more.
const POLICIES: u8 = 6;

/// Of each made-up log.
const LINES: usize = 100;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else { return ExitCode::from(2) };
    match write(&Path::new(&folder).join("detect")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn write(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut texts: Vec<String> = WORST.iter().map(|worst| one_event(worst, 200)).collect();
    let lines = clean(LINES);
    for corpus in [dense(&lines.text), hostile(LINES * 200), lines] {
        texts.extend(corpus.lines().take(LINES).map(str::to_owned));
    }
    for (index, text) in texts.iter().enumerate() {
        let policy = (index % usize::from(POLICIES)) as u8;
        let mut seed = vec![policy];
        seed.extend_from_slice(text.as_bytes());
        fs::write(folder.join(format!("seed-{index:04}")), seed)?;
    }
    Ok(())
}
