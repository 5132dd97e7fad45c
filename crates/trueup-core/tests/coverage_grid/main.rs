//! The coverage of 95 % intervals over a published grid: `docs/intervals.md` holds its table.
//!
//! `cargo test -p trueup-core --release --test coverage_grid -- --ignored --nocapture` draws 10,000 samples a cell,
//! checks what the page promises and prints the tables. With `TRUEUP_COVERAGE_WRITE=1` it writes them into the page,
//! between its markers; `TRUEUP_COVERAGE_DRAWS` sets another number of draws. A corner of the grid runs always.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod comparison;
mod worlds;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rayon::prelude::*;
use trueup_core::document::{Estimate, LabelRow};
use trueup_core::measure::{MeasureOptions, Measures, Selection, measure};
use trueup_core::{Pair, Rng, stats};
use worlds::{Clustered, Drawn, Labelled, Sets, Spans, Truth, World};

/// The numbers of units of the grid.
const SIZES: [usize; 3] = [100, 400, 2_000];

/// Gold of the rarest label from which on an interval is not wide.
const ENOUGH: f64 = 20.0;

fn grid() -> Vec<(Box<dyn World>, usize)> {
    let mut cells: Vec<(Box<dyn World>, usize)> = Vec::new();
    let shares: [(&str, &[f64], f64); 4] = [
        ("2 labels, even", &[0.5, 0.5], 1.0),
        ("2 labels, one of 5 %", &[0.05, 0.95], 1.5),
        ("4 labels, even", &[0.25; 4], 1.0),
        ("4 labels, one of 2 %", &[0.02, 0.18, 0.3, 0.5], 1.5),
    ];
    for (name, shares, factor) in shares {
        for right in [0.7, 0.9, 0.98] {
            for n in SIZES {
                cells.push((Box::new(Labelled::new(name, shares, right, factor)), n));
            }
        }
    }
    for n in SIZES {
        cells.push((Box::new(Clustered), n));
    }
    for n in SIZES {
        cells.push((Box::new(Spans), n));
    }
    for n in SIZES {
        cells.push((Box::new(Sets), n));
    }
    cells
}

fn measures(drawn: &Drawn, options: &MeasureOptions) -> Measures {
    let pair = Pair::new(drawn.task, &drawn.labels, &drawn.gold, &drawn.predictions, drawn.clusters.clone()).unwrap();
    measure(&pair, options)
}

/// The population's figure of `name`. A macro average runs over the labels of the sample, so what it estimates is the
/// mean of the population's terms over those labels.
fn figure(name: &str, truth: &Truth, sample: &Measures) -> Option<f64> {
    let (term, of_gold) = match name {
        "precision_macro" => (0, false),
        "recall_macro" => (1, false),
        "balanced_accuracy" => (1, true),
        "f1_macro" => (2, false),
        "precision of the rarest" => return Some(truth.terms[0][0]),
        "recall of the rarest" => return Some(truth.terms[0][1]),
        "F1 of the rarest" => return Some(truth.terms[0][2]),
        // Over the labels of the population; a sample that lacks one has another figure.
        _ if over_labels(name) && sample.labels.iter().any(|row| row.support == 0) => return None,
        _ => return truth.metrics.get(name).copied(),
    };
    let occurs = |row: &LabelRow| row.support + if of_gold { 0 } else { row.predicted } > 0;
    let of_sample = truth.terms.iter().zip(&sample.labels).filter(|(_, row)| occurs(row));
    let found: Vec<f64> = of_sample.map(|(terms, _)| terms[term]).collect();
    Some(found.iter().sum::<f64>() / found.len() as f64)
}

fn over_labels(name: &str) -> bool {
    ["_macro", "_ovr", "_ovo"].iter().any(|part| name.contains(part))
}

fn estimate<'a>(name: &str, sample: &'a Measures) -> Option<&'a Estimate> {
    match name {
        "precision of the rarest" => Some(&sample.labels[0].precision),
        "recall of the rarest" => Some(&sample.labels[0].recall),
        "F1 of the rarest" => Some(&sample.labels[0].f1),
        _ => sample.metrics.get(name),
    }
}

/// What the intervals of many samples did.
#[derive(Debug, Default, Clone, Copy)]
struct Held {
    /// Intervals seen, and those that lie below and above the population's figure.
    count: u64,
    low: u64,
    high: u64,
}

impl Held {
    fn share(&self) -> f64 {
        1.0 - (self.low + self.high) as f64 / self.count as f64
    }
}

/// Each metric's intervals in `draws` samples of `n` units.
fn coverage(world: &dyn World, n: usize, draws: u64) -> BTreeMap<String, Held> {
    let mut truth = world.truth();
    let further = world.outcomes().map(worlds::figures).unwrap_or_default();
    let mut names: Vec<String> = world.metrics().iter().map(|&name| name.to_owned()).collect();
    let also: Vec<String> = further.keys().filter(|name| !names.contains(name)).cloned().collect();
    names.extend(also);
    further.into_iter().for_each(|(name, figure)| {
        truth.metrics.entry(name).or_insert(figure);
    });
    let drawn = |draw: u64| world.draw(&mut Rng::stream(n as u64, draw), n);
    let of_draw = |draw: u64| -> Vec<Option<(bool, bool)>> {
        let sample = drawn(draw);
        let options = MeasureOptions {
            seed: draw,
            resamples: 1_000,
            positive: Some(0),
            metrics: Selection::All,
            ..MeasureOptions::default()
        };
        let found = measures(&sample, &options);
        names
            .iter()
            .map(|name| {
                let (estimate, truth) = (estimate(name, &found)?, figure(name, &truth, &found)?);
                // The truth of an even population lies on an end of its range, short of rounding.
                Some((estimate.high? < truth - 1e-12, truth + 1e-12 < estimate.low?))
            })
            .collect()
    };
    let mut held: BTreeMap<String, Held> = BTreeMap::new();
    // Samples of a cell are marked wide all or none, as its intervals are: of a cell between, those that are not.
    let wide = n as f64 * world.rarest() < ENOUGH;
    let mut kept: Vec<u64> = (0..3 * draws).into_par_iter().filter(|&draw| drawn(draw).is_wide() == wide).collect();
    kept.truncate(draws as usize);
    for found in kept.into_par_iter().map(of_draw).collect::<Vec<_>>() {
        for (name, sides) in names.iter().zip(found) {
            if let Some((low, high)) = sides {
                let of = held.entry(name.clone()).or_default();
                of.count += 1;
                of.low += u64::from(low);
                of.high += u64::from(high);
            }
        }
    }
    held
}

/// A cell's line: the world, the units, the rarest label's expected gold, and each metric's coverage in per cent.
struct Line {
    world: &'static str,
    n: usize,
    right: f64,
    rarest: f64,
    names: &'static [&'static str],
    held: BTreeMap<String, Held>,
}

impl Line {
    fn empty(world: &dyn World, n: usize) -> Self {
        Self {
            world: world.name(),
            n,
            right: world.right(),
            rarest: n as f64 * world.rarest(),
            names: world.metrics(),
            held: BTreeMap::new(),
        }
    }

    fn wide(&self) -> bool {
        self.rarest < ENOUGH
    }
}

fn simulate(cells: Vec<(Box<dyn World>, usize)>, draws: u64) -> Vec<Line> {
    cells.into_iter().map(|(world, n)| Line { held: coverage(&*world, n, draws), ..Line::empty(&*world, n) }).collect()
}

/// Tables of the lines, one for each run of lines with the same metrics.
fn tables(lines: &[Line]) -> String {
    let mut text = String::new();
    for group in lines.chunk_by(|a, b| a.names == b.names) {
        let titles: Vec<String> = group[0].names.iter().map(|name| title(name)).collect();
        writeln!(text, "| population | n | right | rarest | {} |", titles.join(" | ")).unwrap();
        writeln!(text, "|---|--:|--:|--:|{}", "--:|".repeat(titles.len())).unwrap();
        for line in group {
            let shares: Vec<String> =
                line.names.iter().map(|name| format!("{:.1}", 100.0 * line.held[*name].share())).collect();
            writeln!(text, "{} {} |", key(line), shares.join(" | ")).unwrap();
        }
        text.push('\n');
    }
    text
}

/// The first columns of a line's row.
fn key(line: &Line) -> String {
    let wide = if line.wide() { " wide" } else { "" };
    format!("| {} | {} | {:.2} | {:.0}{wide} |", line.world, line.n, line.right, line.rarest)
}

fn title(name: &str) -> String {
    match name {
        "recall of the rarest" => "recall*".to_owned(),
        "precision of the rarest" => "precision*".to_owned(),
        "F1 of the rarest" => "F1*".to_owned(),
        _ => match trueup_core::measure::catalogue::find(name) {
            Some(metric) if metric.name == name => metric.title.to_owned(),
            _ => format!("`{name}`"),
        },
    }
}

/// Each metric's mean and least coverage over the cells that are not wide, and over those that are.
fn summary(lines: &[Line]) -> String {
    let mut of: BTreeMap<&String, [Vec<f64>; 2]> = BTreeMap::new();
    for line in lines {
        for (name, held) in &line.held {
            of.entry(name).or_default()[usize::from(line.wide())].push(held.share());
        }
    }
    let mut text = String::from("| figure | mean | least | wide: mean | wide: least |\n|---|--:|--:|--:|--:|\n");
    for (name, shares) in &of {
        let cells = shares.each_ref().map(|shares| match shares.len() {
            0 => " | |".to_owned(),
            n => {
                let least = shares.iter().copied().fold(1.0, f64::min);
                format!(" {:.1} | {:.1} |", 100.0 * shares.iter().sum::<f64>() / n as f64, 100.0 * least)
            }
        });
        writeln!(text, "| {} |{}{}", title(name), cells[0], cells[1]).unwrap();
    }
    text.push('\n');
    text
}

/// The tables of comparisons, and what in them is not as promised.
fn comparisons(draws: u64) -> (String, Vec<String>) {
    let mut wrong = Vec::new();
    let mut text = String::from(
        "| n | part | difference | exact McNemar | mid-p | Tango | found: exact | mid-p | Tango |\n\
         |--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    let per_cent = |shares: &[f64]| shares.iter().map(|s| format!("{:.1}", 100.0 * s)).collect::<Vec<_>>().join(" | ");
    let slack = slack(draws);
    for cell in comparison::accuracy(draws) {
        let (covered, found) = (per_cent(&cell.covered), per_cent(&cell.found));
        let row = format!("| {} | {} | {} | {covered} | {found} |", cell.n, cell.discordance, cell.difference);
        let false_alarms = cell.difference > 0.0 || cell.found[0] <= 0.05 + slack;
        if cell.covered[0] < 0.945 - slack || cell.covered.iter().any(|&c| c < 0.93 - slack) || !false_alarms {
            wrong.push(row.clone());
        }
        writeln!(text, "{row}").unwrap();
    }
    text.push_str("\n| n | rarest | right A | right B | BCa | percentile | found |\n|--:|--:|--:|--:|--:|--:|--:|\n");
    for cell in comparison::bootstrap(draws) {
        let [a, b] = cell.right;
        let shares = per_cent(&[cell.covered[0], cell.covered[1], cell.found]);
        let row = format!("| {} | {} | {a} | {b} | {shares} |", cell.n, cell.rarest);
        if !cell.covered.iter().all(|&c| (0.925 - slack..=0.975 + slack).contains(&c)) {
            wrong.push(row.clone());
        }
        writeln!(text, "{row}").unwrap();
    }
    text.push('\n');
    (text, wrong)
}

/// Three standard errors of a share near 0.9 in fewer draws than the published number; none for those.
fn slack(draws: u64) -> f64 {
    if draws >= PUBLISHED { 0.0 } else { 3.0 * (0.09 / draws as f64).sqrt() }
}

const PUBLISHED: u64 = 10_000;

/// Where the least coverage and the mean do not lie where they must.
fn wrong(lines: &[Line], draws: u64) -> Vec<String> {
    let slack = slack(draws);
    let mut wrong = Vec::new();
    let mut of: BTreeMap<&String, Vec<f64>> = BTreeMap::new();
    for line in lines {
        for (name, held) in &line.held {
            let least = if line.wide() { 0.80 } else { 0.90 };
            if name.contains("_at_") {
                println!("LOW {} {name} {held:?}", key(line));
            }
            if held.share() < least - slack {
                wrong.push(format!("{} {name}: {held:?}", key(line)));
            }
            if !line.wide() {
                of.entry(name).or_default().push(held.share());
            }
        }
    }
    for (name, shares) in of {
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        if !(0.94 - slack..=0.98 + slack).contains(&mean) {
            wrong.push(format!("{name} covers {mean} on average"));
        }
    }
    wrong
}

fn page() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/intervals.md")
}

/// What the page holds between the markers of `block`, with what stands before and after it.
fn block<'a>(page: &'a str, block: &str) -> (&'a str, &'a str, &'a str) {
    let (begin, end) = (format!("<!-- {block}: begin -->\n"), format!("<!-- {block}: end -->"));
    let from = page.find(&begin).unwrap() + begin.len();
    let to = page.find(&end).unwrap();
    (&page[..from], &page[from..to], &page[to..])
}

/// Writes `text` into the page where that is asked for.
fn write(name: &str, text: &str) {
    // The tests of this file run side by side.
    static PAGE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    if std::env::var_os("TRUEUP_COVERAGE_WRITE").is_some() {
        let _one = PAGE.lock().unwrap();
        let old = std::fs::read_to_string(page()).unwrap();
        let (before, _, after) = block(&old, name);
        std::fs::write(page(), format!("{before}\n{text}{after}")).unwrap();
    }
}

fn draws() -> u64 {
    std::env::var("TRUEUP_COVERAGE_DRAWS").map_or(PUBLISHED, |draws| draws.parse().unwrap())
}

#[test]
#[ignore = "ten minutes: 10,000 samples of each cell"]
fn the_published_grid_holds() {
    let lines = simulate(grid(), draws());
    let text = summary(&lines) + &tables(&lines);
    println!("{text}");
    let wrong = wrong(&lines, draws());
    assert!(wrong.is_empty(), "{wrong:#?}");
    write("coverage", &text);
}

#[test]
#[ignore = "two minutes: 10,000 samples of each cell"]
fn the_published_comparisons_hold() {
    let (text, wrong) = comparisons(draws());
    println!("{text}");
    assert!(wrong.is_empty(), "{wrong:#?}");
    write("comparisons", &text);
}

#[test]
fn a_corner_of_the_grid_holds() {
    let wanted = |world: &dyn World, n: usize| n == 100 && (world.rarest() > 0.3 || world.name() == "label sets");
    let corner: Vec<_> = grid().into_iter().filter(|(world, n)| wanted(&**world, *n)).collect();
    assert!(corner.len() > 4);
    let draws = 150;
    let slack = slack(draws);
    for line in simulate(corner, draws) {
        for (name, held) in &line.held {
            assert!(held.share() >= 0.9 - slack, "{} {name}: {held:?}", key(&line));
        }
    }
}

#[test]
fn the_page_holds_the_grid() {
    let text = std::fs::read_to_string(page()).unwrap();
    let (_, table, _) = block(&text, "coverage");
    for (world, n) in grid() {
        let line = Line::empty(&*world, n);
        assert!(table.contains(&key(&line)), "{} is not in the page: make it anew", key(&line));
    }
}

/// The rows of numbers of the page's table that begins with `heading`.
fn rows<'a>(text: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    let (_, rest) = text.split_once(heading).unwrap();
    let lines = rest.lines().skip(2).take_while(|line| line.starts_with('|'));
    lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

#[test]
fn the_plans_of_the_page_are_those_of_the_library() {
    let text = std::fs::read_to_string(page()).unwrap();
    let detectable = rows(&text, "| examples | part on 2 % | 5 % | 10 % | 20 % |");
    assert_eq!(detectable.len(), 7);
    for row in detectable {
        let n: u64 = row[0].parse().unwrap();
        for (cell, discordance) in row[1..].iter().zip([0.02, 0.05, 0.1, 0.2]) {
            let found = stats::paired_detectable(n, discordance, 0.8);
            assert_eq!(*cell, found.map_or("none".into(), |d| format!("{:.1}", 100.0 * d)), "{n} {discordance}");
        }
    }
    let widths = rows(&text, "| share | 0.1 | 0.05 | 0.02 | 0.01 |");
    assert_eq!(widths.len(), 5);
    for row in widths {
        for (cell, width) in row[1..].iter().zip([0.1, 0.05, 0.02, 0.01]) {
            let found = stats::examples_for_width(row[0].parse().unwrap(), width).unwrap();
            assert_eq!(*cell, found.to_string(), "{} {width}", row[0]);
        }
    }
    assert_eq!(format!("{:.3}", stats::unpaired_detectable(0.9, 1_000, 1_000, 0.8, false).unwrap()), "0.034");
}
