//! The cases of one format, one after the other, and what to say of those that fail.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, Once, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use trueup_data::Format;
use trueup_data::memory::Files;

use crate::check::{How, Measured, check};
use crate::mutate::{Random, mutate};
use crate::seeds;

/// How many cases of a format there are without a wish.
const CASES: u64 = 400;
/// How long one case may take before the whole run is given up: it hangs.
const HANGS: u64 = 60;
/// How many faults of one format are told apart before it is enough.
const ENOUGH: usize = 20;
/// How often an input is cut to find a smaller one that fails alike.
const CUTS: usize = 3_000;

/// The number of the case under way plus one; 0 where none is.
static CASE: AtomicU64 = AtomicU64::new(0);

fn wish<T: FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name}={value} is no number")))
}

/// Tries the cases of a format.
pub fn format(name: &str) {
    // The memory that is counted is that of the process: one at a time.
    static ALONE: Mutex<()> = Mutex::new(());
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let format: Format = name.parse().unwrap();
    let (times, seconds, only) =
        (wish::<u64>("TRUEUP_FUZZ"), wish::<u64>("TRUEUP_FUZZ_SECONDS"), wish::<u64>("TRUEUP_FUZZ_CASE"));
    let real = times.is_some() || seconds.is_some() || only.is_some();
    let seeds = seeds::of(format, real);
    assert!(seeds.len() > 1 || !format.is_written(), "{name}: {} seeds", seeds.len());
    let folder = folder(name);
    let watch = Watch::new(&folder);
    let cases = match (only, seconds) {
        (Some(one), _) => one..one + 1,
        (None, Some(_)) => wish("TRUEUP_FUZZ_FROM").unwrap_or(0)..u64::MAX,
        (None, None) => 0..CASES * times.unwrap_or(1),
    };
    let start = Instant::now();
    let mut tally = Tally::default();
    let mut faults: BTreeMap<String, String> = BTreeMap::new();
    for case in cases {
        if seconds.is_some_and(|s| start.elapsed() > Duration::from_secs(s)) || faults.len() >= ENOUGH {
            break;
        }
        watch.begin(case);
        let (files, how) = make(format, &seeds, case);
        if only.is_some() {
            keep(&folder.join(case.to_string()), &files);
        }
        match check(&files, how) {
            Ok(measured) => tally.add(case, measured),
            Err(why) => {
                let kind = kind(&why);
                if faults.contains_key(&kind) {
                    continue;
                }
                Watch::end();
                let small = smaller(files, |files| check(files, how).is_err_and(|why| self::kind(&why) == kind));
                let why = check(&small, how).err().unwrap_or(why);
                keep(&folder.join(case.to_string()), &small);
                faults.insert(kind, format!("case {case}, {how:?}: {}\n  {}", shorter(&why, 3000), shown(&small)));
            }
        }
        Watch::end();
    }
    eprintln!("{name}: {} in {:.0} s", tally.line(), start.elapsed().as_secs_f64());
    drop(alone);
    let told: Vec<&str> = faults.values().map(String::as_str).collect();
    assert!(told.is_empty(), "{name}: {} faults; inputs in {}\n{}", told.len(), folder.display(), told.join("\n\n"));
}

/// The case of that number.
fn make(format: Format, seeds: &[Files], case: u64) -> (Files, How) {
    let mut random = Random::new(case);
    let written: Vec<Format> = Format::all().filter(|format| format.is_written()).collect();
    let how =
        How { from: (!random.once_in(10)).then_some(format), strict: random.once_in(8), to: *random.of(&written) };
    // First the seeds as they are.
    let Some(seed) = seeds.get(case as usize) else {
        let mut files = random.of(seeds).clone();
        mutate(&mut files, seeds, &mut random);
        return (files, how);
    };
    (seed.clone(), how)
}

/// What is measured over all cases.
#[derive(Default)]
struct Tally {
    cases: u64,
    read: u64,
    slowest: (f64, u64),
    most: (usize, u64),
}

impl Tally {
    fn add(&mut self, case: u64, measured: Measured) {
        self.cases += 1;
        self.read += u64::from(measured.read);
        // Of small inputs the constant part would count most.
        if measured.bytes > 16 << 10 {
            let each = measured.time.as_nanos() as f64 / measured.bytes as f64;
            if each > self.slowest.0 {
                self.slowest = (each, case);
            }
        }
        if measured.memory > self.most.0 {
            self.most = (measured.memory, case);
        }
    }

    fn line(&self) -> String {
        let Self { cases, read, slowest: (each, slow), most: (memory, much) } = *self;
        let memory = memory as f64 / f64::from(1 << 20);
        format!("{cases} cases, {read} read; at most {each:.0} ns a byte (case {slow}), {memory:.1} MiB (case {much})")
    }
}

/// The same fault has the same words at its beginning; numbers vary.
fn kind(why: &str) -> String {
    let first = why.lines().take(if why.contains("panicked at") { 2 } else { 1 }).collect::<Vec<_>>().join(" ");
    let place: String = first.chars().take(160).collect();
    let end = place.find(" of Record").unwrap_or(place.len());
    if place.contains("panicked at") {
        return place.split_whitespace().find(|word| word.contains(".rs:")).unwrap_or(&place).to_owned();
    }
    place[..end].chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// Cuts pieces out of the files as long as they fail alike.
fn smaller(mut files: Files, fails: impl Fn(&Files) -> bool) -> Files {
    let start = Instant::now();
    let mut tries = 0;
    let mut may = || {
        tries += 1;
        tries < CUTS && start.elapsed() < Duration::from_secs(20)
    };
    let names: Vec<String> = files.keys().cloned().collect();
    for name in &names {
        let mut fewer = files.clone();
        fewer.remove(name);
        if may() && !fewer.is_empty() && fails(&fewer) {
            files = fewer;
        }
    }
    let names: Vec<String> = files.keys().cloned().collect();
    for name in &names {
        let mut size = files[name].len().div_ceil(2);
        while size > 0 {
            let mut at = 0;
            while at < files[name].len() && may() {
                let mut fewer = files.clone();
                let bytes = fewer.get_mut(name).unwrap();
                bytes.drain(at..(at + size).min(bytes.len()));
                if fails(&fewer) {
                    files = fewer;
                } else {
                    at += size;
                }
            }
            size /= 2;
        }
    }
    files
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz").join(name)
}

/// Keeps an input for a closer look.
fn keep(folder: &Path, files: &Files) {
    for (i, (name, bytes)) in files.iter().enumerate() {
        let flat = name.replace('/', "__");
        let path = folder.join(if flat.len() < 100 { format!("{i}-{flat}") } else { i.to_string() });
        let kept = fs::create_dir_all(folder).and_then(|()| fs::write(&path, bytes));
        kept.unwrap_or_else(|error| eprintln!("{}: {error}", path.display()));
    }
}

fn shown(files: &Files) -> String {
    let shown = |(name, bytes): (&String, &Vec<u8>)| {
        format!("{name:?}: b\"{}\"", shorter(&bytes.escape_ascii().to_string(), 1500))
    };
    files.iter().map(shown).collect::<Vec<_>>().join("\n  ")
}

fn shorter(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// Ends the process when a case hangs, and leaves the number of the case under way behind where the process ends itself.
struct Watch {
    now: PathBuf,
}

impl Watch {
    fn new(folder: &Path) -> Self {
        static WATCHED: Once = Once::new();
        WATCHED.call_once(|| {
            thread::spawn(|| {
                let mut last = 0;
                let mut since = Instant::now();
                loop {
                    thread::sleep(Duration::from_secs(1));
                    let case = CASE.load(Relaxed);
                    if case != last || case == 0 {
                        (last, since) = (case, Instant::now());
                    } else if since.elapsed() > Duration::from_secs(HANGS) {
                        eprintln!("case {} hangs", case - 1);
                        std::process::abort();
                    }
                }
            });
        });
        fs::create_dir_all(folder).unwrap();
        Self { now: folder.join("now") }
    }

    fn begin(&self, case: u64) {
        CASE.store(case + 1, Relaxed);
        fs::write(&self.now, case.to_string()).unwrap();
    }

    fn end() {
        CASE.store(0, Relaxed);
    }
}
