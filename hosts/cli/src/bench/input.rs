//! The logs that `bench` measures on.

use std::io::Read;
use std::path::Path;

use logveil::text_from_utf8_lossy;
use logveil_corpora::{Corpus, clean, dense, hostile};

use crate::args::{BenchArgs, Made};
use crate::files;
use crate::output::{Failure, shown, warning};

/// Most bytes of a file that are measured on: more says nothing new.
const FILE_BYTES_MAX: u64 = 16_000_000;

/// A log smaller than this is repeated, or the clock would say nothing.
const CORPUS_BYTES_MIN: usize = 1_000_000;

/// Size of a made-up log, in bytes; that of the clean one in lines is about as much.
const MADE_BYTES: usize = 1_500_000;
const MADE_LINES: usize = 18_000;

/// The logs asked for; at least one.
pub(super) fn corpora(args: &BenchArgs) -> Result<Vec<Corpus>, Failure> {
    let mut corpora = Vec::new();
    for path in &args.files {
        corpora.push(read(path)?);
    }
    let first = corpora.first().map(|corpus| corpus.text.clone());
    let first = first.unwrap_or_else(|| clean(MADE_LINES).text);
    let all = [Made::Clean, Made::Dense, Made::Hostile];
    let unasked = args.files.is_empty() && args.corpus.is_empty();
    for made in if unasked { &all[..] } else { &args.corpus } {
        corpora.push(match made {
            Made::Clean => clean(MADE_LINES),
            Made::Dense => dense(&first),
            Made::Hostile => hostile(MADE_BYTES),
        });
    }
    Ok(corpora)
}

fn read(path: &Path) -> Result<Corpus, Failure> {
    let mut bytes = Vec::new();
    let read = files::open(path)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::reading(shown(path), &error))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        bytes.truncate(FILE_BYTES_MAX as usize);
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
        bytes.truncate(whole);
        warning(&format!("of {} the first 16 MB are measured", shown(path)));
    }
    let mut text = text_from_utf8_lossy(&bytes).into_owned();
    if text.trim_ascii().is_empty() {
        return Err(Failure::because(format!("{} holds no event", shown(path))));
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let times = CORPUS_BYTES_MIN.div_ceil(text.len());
    if times > 1 {
        warning(&format!("{} is small: it is measured {times} times in a row", shown(path)));
    }
    Ok(Corpus::new(&files::base_name(path), text.repeat(times)))
}
