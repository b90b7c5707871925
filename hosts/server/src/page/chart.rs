//! Detections by identifier over time, as stacked bars: SVG without script.

use std::collections::BTreeMap;

use logveil::FindingsHour;

use super::html::Html;
use super::time;

const HOUR_MS: i64 = 60 * 60 * 1000;

/// Identifiers that have a colour of their own; the rest is summed up.
const COLOURS: usize = 8;

/// Where its axes are in the picture of 960 by 240.
const LEFT: f64 = 56.0;
const RIGHT: f64 = 952.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 210.0;

/// Classes of colours, the last for the rest.
const CLASSES: [&str; COLOURS + 1] = ["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "rest"];

/// What is drawn: bars of some hours each, up to now.
struct Series<'a> {
    /// By total, the largest first.
    totals: Vec<(&'a str, u64)>,
    /// From the first hour drawn.
    bars: Vec<Vec<u64>>,
    first_ms: i64,
}

impl<'a> Series<'a> {
    /// A day when nothing is older, or else a week.
    fn new(hours: &'a [FindingsHour], now_ms: i64) -> Self {
        let last_hour = now_ms.div_euclid(HOUR_MS);
        let age = |hour: &FindingsHour| last_hour - hour.start.div_euclid(HOUR_MS);
        let drawn = |hour: &&FindingsHour| (0..7 * 24).contains(&age(hour));
        let oldest = hours.iter().filter(drawn).map(age).max().unwrap_or(0);
        let count = if oldest < 24 { 24 } else { 7 * 24 };
        let mut totals = BTreeMap::<&str, u64>::new();
        for (identifier, count) in hours.iter().filter(drawn).flat_map(|hour| &hour.detections) {
            *totals.entry(identifier).or_default() += count;
        }
        let mut totals: Vec<_> = totals.into_iter().collect();
        totals.sort_by_key(|(name, total)| (std::cmp::Reverse(*total), *name));
        let mut bars = vec![vec![0; COLOURS + 1]; count];
        for hour in hours.iter().filter(drawn) {
            let bar = &mut bars[count - 1 - usize::try_from(age(hour)).expect("it is drawn")];
            for (identifier, detections) in &hour.detections {
                let place = totals.iter().position(|(name, _)| name == identifier);
                bar[place.unwrap_or(COLOURS).min(COLOURS)] += detections;
            }
        }
        let first_ms = (last_hour + 1 - i64::try_from(count).expect("few")) * HOUR_MS;
        Self { totals, bars, first_ms }
    }

    /// The end of the scale: 2, 4 or 10 with noughts, so that its half is a whole number.
    fn scale(&self) -> u64 {
        let highest = self.bars.iter().map(|bar| bar.iter().sum::<u64>()).max().unwrap_or(0);
        let steps = (0..19).flat_map(|nought| [2, 4, 10].map(|first| first * 10_u64.pow(nought)));
        steps.into_iter().find(|step| *step >= highest).unwrap_or(u64::MAX)
    }
}

/// The picture, and the table that says the same in numbers.
pub(super) fn draw(html: &mut Html, hours: &[FindingsHour], now_ms: i64) {
    let series = Series::new(hours, now_ms);
    if series.totals.is_empty() {
        html.raw("<p class=\"quiet\">No findings in the last seven days.</p>");
        return;
    }
    let days = series.bars.len() / 24;
    html.raw("<figure><svg viewBox=\"0 0 960 240\" role=\"img\" aria-label=\"");
    html.raw(if days == 1 {
        "Detections per hour, last 24 hours"
    } else {
        "Detections per hour, last seven days"
    });
    html.raw("\">");
    axes(html, &series);
    bars(html, &series);
    html.raw("</svg><figcaption>Detections per hour, ");
    html.raw(if days == 1 { "last 24 hours" } else { "last seven days" })
        .raw(" (UTC)</figcaption></figure>");
    legend(html, &series);
}

fn axes(html: &mut Html, series: &Series<'_>) {
    let scale = series.scale();
    for (part, value) in [(0.0, 0), (0.5, scale / 2), (1.0, scale)] {
        let y = BOTTOM - (BOTTOM - TOP) * part;
        html.raw("<line class=\"grid\" x1=\"").at(LEFT).raw("\" x2=\"").at(RIGHT);
        html.raw("\" y1=\"").at(y).raw("\" y2=\"").at(y).raw("\"/>");
        html.raw("<text class=\"axis y\" x=\"").at(LEFT - 8.0).raw("\" y=\"").at(y + 4.0);
        html.raw("\">").number(value).raw("</text>");
    }
    let hours = series.bars.len();
    let every = if hours == 24 { 3 } else { 24 };
    for at in 0..hours {
        let start_ms = series.first_ms + i64::try_from(at).expect("few") * HOUR_MS;
        if start_ms.div_euclid(HOUR_MS).rem_euclid(every) == 0 {
            html.raw("<text class=\"axis x\" x=\"").at(left_of(at, hours)).raw("\" y=\"");
            html.at(BOTTOM + 18.0).raw("\">");
            let label =
                if every == 24 { time::day(start_ms) } else { time::minute_of_day(start_ms) };
            html.text(&label).raw("</text>");
        }
    }
}

fn left_of(bar: usize, bars: usize) -> f64 {
    LEFT + (RIGHT - LEFT) * bar as f64 / bars as f64
}

fn bars(html: &mut Html, series: &Series<'_>) {
    let (count, scale) = (series.bars.len(), series.scale() as f64);
    let gap = if count == 24 { 4.0 } else { 1.0 };
    for (at, bar) in series.bars.iter().enumerate() {
        let (left, right) = (left_of(at, count), left_of(at + 1, count));
        let mut below = 0;
        for (place, detections) in bar.iter().enumerate().filter(|(_, detections)| **detections > 0)
        {
            let y = |value: u64| BOTTOM - (BOTTOM - TOP) * value as f64 / scale;
            let (top, bottom) = (y(below + detections), y(below));
            html.raw("<rect class=\"").raw(CLASSES[place]).raw("\" x=\"").at(left + gap / 2.0);
            html.raw("\" y=\"").at(top).raw("\" width=\"").at(right - left - gap);
            html.raw("\" height=\"").at((bottom - top).max(1.0)).raw("\"><title>");
            let start_ms = series.first_ms + i64::try_from(at).expect("few") * HOUR_MS;
            html.text(&time::minute(start_ms)).raw(" UTC, ").text(name(series, place));
            html.raw(": ").number(*detections).raw("</title></rect>");
            below += detections;
        }
    }
}

fn name<'a>(series: &Series<'a>, place: usize) -> &'a str {
    match series.totals.get(place) {
        Some((name, _)) if place < COLOURS => name,
        _ => "all others",
    }
}

fn legend(html: &mut Html, series: &Series<'_>) {
    html.raw(
        "<table class=\"legend\"><thead><tr><th>Identifier</th><th class=\"n\">Detections</th></tr>\
         </thead><tbody>",
    );
    for (place, (name, total)) in series.totals.iter().enumerate() {
        html.raw("<tr><td><span class=\"key ").raw(CLASSES[place.min(COLOURS)]).raw("\"></span>");
        html.text(name).raw("</td>").count(*total).raw("</tr>");
    }
    html.raw("</tbody></table>");
}
