//! The curve of growth: MB/s by number of identifiers.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::report::{Row, short};
use crate::output::BOLD;

/// Widest bar of the text chart, in characters.
const BAR_COLUMNS: f64 = 50.0;

/// The curves of one log as bars, each case's points together.
pub(super) fn text(rows: &[&Row]) -> String {
    let rows = &curves(rows)[..];
    let fastest = rows.iter().map(|row| row.mb_per_s).fold(f64::MIN_POSITIVE, f64::max);
    let width = rows.iter().map(|row| row.case.len()).max().unwrap_or(0);
    let mut text = format!("{BOLD}MB/s by number of identifiers, {}{BOLD:#}\n", rows[0].corpus);
    for case in cases(rows) {
        let points = rows.iter().filter(|row| row.case == case);
        for (index, row) in points.enumerate() {
            let name = if index == 0 { case } else { "" };
            let eighths = (row.mb_per_s / fastest * BAR_COLUMNS * 8.0).round().max(1.0) as usize;
            let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
            let bar = "█".repeat(eighths / 8) + rest;
            let (identifiers, speed) = (row.identifiers, short(row.mb_per_s));
            let _ = writeln!(text, "{name:width$} {identifiers:>4} {bar} {speed}");
        }
    }
    text
}

/// The names of the cases, each once, in order.
fn cases<'a>(rows: &[&'a Row]) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for row in rows {
        if !names.contains(&row.case.as_str()) {
            names.push(&row.case);
        }
    }
    names
}

/// The rows of cases that have more than one point: a curve.
fn curves<'a>(rows: &[&'a Row]) -> Vec<&'a Row> {
    let points = |case: &str| rows.iter().filter(|row| row.case == case).count();
    rows.iter().copied().filter(|row| points(&row.case) > 1).collect()
}

const COLOURS: [&str; 8] =
    ["#0b5fff", "#d1495b", "#2e8b57", "#b8860b", "#6a4c93", "#00838f", "#7a4b24", "#555555"];

/// Size of the picture and its margins, in its own units.
const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 150.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 50.0;

/// The curves of one log as a picture; both axes are logarithmic.
pub(super) fn svg(rows: &[&Row]) -> String {
    let rows = &curves(rows)[..];
    let scale = |values: Vec<f64>| {
        let least = values.iter().copied().fold(f64::MAX, f64::min).max(1e-3);
        let most = values.iter().copied().fold(f64::MIN_POSITIVE, f64::max).max(least * 1.01);
        move |value: f64| ((value.max(1e-3) / least).ln() / (most / least).ln()).clamp(0.0, 1.0)
    };
    // The powers of ten below and above, between which the axis has lines.
    let decades = |row: &&Row| {
        let power = row.mb_per_s.max(1e-3).log10();
        [power.floor() as i32, power.ceil() as i32]
    };
    let across = scale(rows.iter().map(|row| row.identifiers as f64).collect());
    let up = scale(rows.iter().flat_map(decades).map(|power| 10_f64.powi(power)).collect());
    let x = |identifiers: usize| LEFT + across(identifiers as f64) * (WIDTH - LEFT - RIGHT);
    let y = |speed: f64| HEIGHT - BOTTOM - up(speed) * (HEIGHT - TOP - BOTTOM);

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n"
    );
    let label = |x: f64, y: f64, anchor: &str, colour: &str, text: &str| {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        format!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" \
             fill=\"{colour}\">{text}</text>\n"
        )
    };
    let title = format!("MB/s of one core by number of identifiers: {}", rows[0].corpus);
    svg += &label(LEFT, TOP - 18.0, "start", "black", &title);
    let numbers: BTreeSet<usize> = rows.iter().map(|row| row.identifiers).collect();
    for number in numbers {
        svg += &label(x(number), HEIGHT - BOTTOM + 22.0, "middle", "black", &number.to_string());
        svg += &line(x(number), TOP, x(number), HEIGHT - BOTTOM);
    }
    for power in rows.iter().flat_map(decades).collect::<BTreeSet<_>>() {
        let speed = 10_f64.powi(power);
        svg += &label(LEFT - 8.0, y(speed) + 4.0, "end", "black", &speed.to_string());
        svg += &line(LEFT, y(speed), WIDTH - RIGHT, y(speed));
    }
    for (case, colour) in cases(rows).into_iter().zip(COLOURS.iter().cycle()) {
        let points: Vec<_> = rows.iter().filter(|row| row.case == case).collect();
        let path: Vec<_> = points
            .iter()
            .map(|row| format!("{:.1},{:.1}", x(row.identifiers), y(row.mb_per_s)))
            .collect();
        let path = path.join(" ");
        let _ = writeln!(
            svg,
            "<polyline points=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>"
        );
        if let Some(last) = points.last() {
            let named = format!("{case} {}", short(last.mb_per_s));
            svg +=
                &label(x(last.identifiers) + 8.0, y(last.mb_per_s) + 4.0, "start", colour, &named);
        }
    }
    svg + "</svg>\n"
}

fn line(x1: f64, y1: f64, x2: f64, y2: f64) -> String {
    format!("<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"#ddd\"/>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(case: &str, identifiers: usize, mb_per_s: f64) -> Row {
        Row {
            case: case.to_owned(),
            identifiers,
            corpus: "a<b".to_owned(),
            events: 1,
            mb: 1.0,
            mb_per_s,
            ns_p50: 1.0,
            ns_p99: 1.0,
            findings: 0,
            compile_ms: 1.0,
            policy_bytes: 1,
            more: crate::bench::report::More::default(),
        }
    }

    #[test]
    fn bars_are_as_long_as_fast() {
        let rows = [
            row("logveil", 1, 800.0),
            row("logveil", 98, 400.0),
            row("meta", 1, 1.0),
            row("meta", 2, 1.0),
        ];
        let rows: Vec<&Row> = rows.iter().collect();
        let expected = format!(
            "logveil    1 {} 800\n          98 {} 400\n\
             meta       1 ▏ 1.00\n           2 ▏ 1.00\n",
            "█".repeat(50),
            "█".repeat(25)
        );
        assert_eq!(text(&rows).split_once('\n').expect("a title").1, expected);
    }

    #[test]
    fn pictures_hold_a_curve_for_each_case() {
        let rows = [
            row("logveil", 1, 800.0),
            row("logveil", 98, 400.0),
            row("meta", 1, 1.0),
            row("meta", 2, 1.0),
        ];
        let svg = svg(&rows.iter().collect::<Vec<_>>());
        assert_eq!(svg.matches("<polyline").count(), 2);
        assert!(svg.contains("a&lt;b") && !svg.contains("NaN") && !svg.contains("inf"));
    }
}
