//! All printing: to stdout with every error handled, to stderr as far as it goes.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::panic::{self, PanicHookInfo};
use std::path::Path;

use anstyle::{AnsiColor, Style};

/// Keywords of tables and messages.
pub(crate) const BOLD: Style = Style::new().bold();
/// What is asked to be looked at.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// Faults.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// Line numbers and frames.
pub(crate) const FRAME: Style = AnsiColor::Blue.on_default();

/// How a command ended that did its job.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Done {
    /// Nothing to report: exit code 0.
    Clean,
    /// `check` found faults, `--fail-on-findings` findings, or `pattern` no line: exit code 1.
    Found,
}

/// Why a command could not do its job.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Whoever read our output has gone: nothing is left to do, and nothing to complain about.
    ReaderLeft,
    /// A sentence that says what went wrong and what to do; it quotes no text of a log.
    Because(String),
    /// The reasons are on stderr already.
    Said,
}

impl Failure {
    pub(crate) fn because(why: impl Into<String>) -> Self {
        Self::Because(why.into())
    }

    /// Reading `what` failed.
    pub(crate) fn reading(what: impl Display, error: &io::Error) -> Self {
        Self::Because(format!("cannot read {what}: {error}"))
    }

    /// Writing to `what` failed.
    pub(crate) fn writing(what: impl Display, error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => Self::ReaderLeft,
            _ => Self::Because(format!("cannot write to {what}: {error}")),
        }
    }
}

/// Prints a command's answer. Its colours are dropped unless stdout is a terminal and `NO_COLOR`
/// is not set.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = anstream::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    written.map_err(|error| Failure::writing("stdout", &error))
}

/// Prints a pretty JSON answer.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let mut text = serde_json::to_string_pretty(value).expect("our own shapes can be written");
    text.push('\n');
    print(&text)
}

/// Says something beside the answer, on stderr. Nobody can be told when that fails.
pub(crate) fn say(text: &str) {
    let mut stderr = anstream::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

/// Says what went wrong, on stderr.
pub(crate) fn error(why: &str) {
    say(&format!("{BAD}logveil: error:{BAD:#} {why}\n"));
}

/// Says what is to be looked at, on stderr.
pub(crate) fn warning(what: &str) {
    say(&format!("{BAD}logveil: warning:{BAD:#} {what}\n"));
}

/// A path for messages; `-` is stdin.
pub(crate) fn shown(path: &Path) -> String {
    if path == Path::new("-") { "stdin".to_owned() } else { path.display().to_string() }
}

/// Has every panic reported by [`bug`] alone.
pub(crate) fn keep_panics_quiet() {
    panic::set_hook(Box::new(|info| error(&bug(info))));
}

/// A panic says where, never what: its message could quote the text at hand.
fn bug(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map(|at| format!(" ({}:{})", at.file(), at.line()));
    format!("this is a bug in logveil, please report it{}", place.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_panic_says_where_and_never_what() {
        let (to, from) = channel();
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| drop(to.send(bug(info)))));
        let line = line!() + 1;
        let ended = panic::catch_unwind(|| panic!("{} kanarienvogel", 536));
        panic::set_hook(before);
        assert!(ended.is_err());
        let place = format!("{}:{line}", file!());
        let expected = format!("this is a bug in logveil, please report it ({place})");
        assert!(from.recv().expect("the hook was called") == expected);
    }
}
