//! `bench`: how fast logveil is, on the logs and with the policy of whoever asks.

mod cases;
mod chart;
mod input;
mod measure;
mod report;
mod sets;
mod worst;

use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressStyle};
use logveil_corpora::{Corpus, WORST};

use crate::args::{BenchArgs, Peer};
use crate::files::Output;
use crate::output::{Done, Failure, print};
use cases::Case;
use measure::{Subject, clock_ns};
use report::{More, Row, costs, rounded, speeds};
use sets::Set;

pub(crate) fn run(args: &BenchArgs) -> Result<Done, Failure> {
    let sets = sets::chosen(args)?;
    if args.svg.is_some() && sets.len() < 2 {
        return Err(Failure::because(
            "--svg draws a curve of growth; name its points, such as --identifiers 1,10,50,all",
        ));
    }
    // A picture that cannot be written is told before the work, not after it.
    let picture = args.svg.as_deref().map(Output::create).transpose()?;
    let corpora = input::corpora(args)?;
    if args.worst {
        return worst(args, &sets, &corpora[0]);
    }
    let mut subjects = subjects(args, &sets)?;
    let rounds = usize::from(args.rounds);
    let steps = measure::steps(subjects.len(), rounds) + args.threads.map_or(0, |_| rounds);
    let bar = progress(args, steps * corpora.len());
    let mut rows = Vec::new();
    for corpus in &corpora {
        let measured = measure::measure(&mut subjects, corpus, rounds, || bar.inc(1))?;
        let new = subjects.iter().zip(&measured).map(|(it, of)| Row::new(it, corpus, of));
        rows.extend(new);
        if let Some(threads) = args.threads {
            let first = rows.len() - subjects.len();
            let row = on_threads(&sets[0], corpus, threads, rounds, &rows[first], &bar)?;
            rows.push(row);
        }
    }
    bar.finish_and_clear();
    print(&answer(args, &rows, &corpora, sets.len(), subjects.len()))?;
    if let Some(mut picture) = picture {
        let rows: Vec<&Row> = rows.iter().filter(|row| row.corpus == corpora[0].name).collect();
        picture.write(chart::svg(&rows).as_bytes())?;
    }
    Ok(Done::Clean)
}

/// Every case for every set; logveil with the first set, to which others are compared, first.
fn subjects(args: &BenchArgs, sets: &[Set]) -> Result<Vec<Subject>, Failure> {
    let mut peers: Vec<Option<Peer>> = vec![None];
    peers.extend(args.against.iter().copied().map(Some));
    let mut subjects = Vec::new();
    for peer in peers {
        // What only reads does so whatever is looked for.
        let sets = if peer == Some(Peer::Memchr) { &sets[..1] } else { sets };
        for set in sets {
            let (name, count) = (cases::name(peer), set.identifiers.len());
            subjects.push(Subject::new(name, count, || Case::new(peer, set))?);
        }
    }
    Ok(subjects)
}

/// The first set on several threads.
fn on_threads(
    set: &Set,
    corpus: &Corpus,
    threads: u16,
    rounds: usize,
    alone: &Row,
    bar: &ProgressBar,
) -> Result<Row, Failure> {
    let cases: Result<Vec<_>, _> = (0..threads).map(|_| Case::new(None, set)).collect();
    let (of_one, speed) = measure::threads(&mut cases?, corpus, rounds, || bar.inc(1));
    Ok(Row {
        case: format!("threads-{threads}"),
        corpus: corpus.name.clone(),
        mb_per_s: rounded(speed, 3),
        more: More { of_first: of_one, ..alone.more },
        ..*alone
    })
}

fn answer(
    args: &BenchArgs,
    rows: &[Row],
    corpora: &[Corpus],
    sets: usize,
    subjects: usize,
) -> String {
    if args.json {
        return rows.iter().map(Row::json).collect();
    }
    let mut text = String::new();
    let (clock, rounds) = (clock_ns(), usize::from(args.rounds));
    for corpus in corpora {
        let of_corpus: Vec<&Row> = rows.iter().filter(|row| row.corpus == corpus.name).collect();
        text += &speeds(&of_corpus, clock, rounds);
        text.push('\n');
        if sets > 1 {
            text += &chart::text(&of_corpus);
            text.push('\n');
        }
    }
    text + &costs(&rows[..subjects])
}

/// `--worst`, for every set.
fn worst(args: &BenchArgs, sets: &[Set], clean: &Corpus) -> Result<Done, Failure> {
    let bar = progress(args, sets.len() * WORST.len());
    let mut text = String::new();
    for set in sets {
        let count = set.identifiers.len();
        let mut subject = Subject::new("logveil", count, || Case::new(None, set))?;
        let rounds = usize::from(args.rounds);
        let all = worst::measure(&mut subject.case, clean, rounds, || bar.inc(1));
        if args.json {
            text.extend(
                all.iter().flat_map(|hurt| worst::rows(hurt, &subject)).map(|row| row.json()),
            );
        } else {
            text += &worst::text(&all, &clean.name, count);
        }
    }
    bar.finish_and_clear();
    print(&text)?;
    Ok(Done::Clean)
}

/// A bar on stderr, when someone can see it.
fn progress(args: &BenchArgs, steps: usize) -> ProgressBar {
    if args.quiet || !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("measuring {bar:40} {percent} %, {eta}");
    ProgressBar::new(steps as u64).with_style(style.expect("the template is ours"))
}
