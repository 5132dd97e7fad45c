//! Where results go: stdout, or files that are written whole or not at all.

use std::io::Write;
use std::path::{Path, PathBuf};

use trueup::core::document::Review;
use trueup::data::write::OutputSet;
use trueup::tell;

use crate::args::OutputArgs;

/// Prints to stdout, colour only where it shows.
pub fn print(text: &str) -> std::io::Result<()> {
    let mut stdout = anstream::stdout();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Says something on stderr.
pub fn say(text: &str) {
    // Talk that nobody can hear must not end the work.
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// The forms a review is asked for in.
pub struct Wanted {
    dir: Option<PathBuf>,
    files: Vec<(PathBuf, Form)>,
    stdout: Option<Form>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Html,
    Markdown,
}

impl Wanted {
    /// Reads the options, and refuses what cannot be had before any work is done.
    pub fn new(args: &OutputArgs) -> anyhow::Result<Self> {
        let mut wanted = Self { dir: args.out.clone(), files: Vec::new(), stdout: None };
        let asked = [(&args.json, Form::Json), (&args.html, Form::Html), (&args.markdown, Form::Markdown)];
        for (path, form) in asked {
            match path {
                Some(path) if path == Path::new("-") => match wanted.stdout {
                    None => wanted.stdout = Some(form),
                    Some(_) => anyhow::bail!("only one of --json, --html and --markdown can go to stdout (-)"),
                },
                Some(path) => wanted.files.push((path.clone(), form)),
                None => {}
            }
        }
        if args.html.is_some() && !tell::has_page() {
            return Err(trueup::Error::NoPage.into());
        }
        if let Some(dir) = &args.out {
            wanted.files.push((dir.join("review.json"), Form::Json));
            wanted.files.push((dir.join("review.md"), Form::Markdown));
            if tell::has_page() {
                wanted.files.push((dir.join("review.html"), Form::Html));
            } else {
                say("note: no review.html: this binary was built without the page (cargo xtask build)");
            }
        }
        Ok(wanted)
    }

    /// Whether the terminal's form is to be printed.
    pub fn prints(&self) -> bool {
        self.stdout.is_none()
    }

    /// Whether anything goes to a file or, as data, to stdout.
    pub fn any(&self) -> bool {
        self.stdout.is_some() || !self.files.is_empty()
    }

    /// The files that will be written.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|(path, _)| path.as_path())
    }

    /// Writes all files or none, then the form for stdout.
    pub fn write(&self, review: &Review) -> anyhow::Result<()> {
        let mut set = OutputSet::new();
        if let Some(dir) = &self.dir {
            set.create_dir(dir)?;
        }
        for (path, form) in &self.files {
            set.add(path, render(review, *form)?.as_bytes())?;
        }
        set.commit()?;
        if let Some(form) = self.stdout {
            print(&render(review, form)?)?;
        }
        Ok(())
    }
}

fn render(review: &Review, form: Form) -> anyhow::Result<String> {
    Ok(match form {
        Form::Json => tell::json(review),
        Form::Html => tell::html(review)?,
        Form::Markdown => tell::markdown(review),
    })
}
