//! Where results go: stdout, or files that are written whole or not at all.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use trueup::core::document::Review;
use trueup::core::words;
use trueup::data::write::{OutputSet, check_file, check_folder};
use trueup::tell;

use crate::args::OutputArgs;

/// Prints to stdout, colour only where it shows. A reader that went away is no error: it has seen what it wanted, and
/// the rest of the work and its exit code stay as they are.
pub fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = anstream::stdout();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result.context("cannot write to stdout"),
    }
}

/// Says a line on stderr. What acts on a terminal, as a file's name may, is shown as an escape.
pub fn say(text: &str) {
    // Talk that nobody can hear must not end the work.
    let _ = writeln!(anstream::stderr(), "{}", words::printable(text));
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
    /// Reads the options, and refuses what cannot be had before any work is done. The `inputs` of the command are
    /// never written to.
    pub fn new(args: &OutputArgs, inputs: &[&Path]) -> anyhow::Result<Self> {
        let mut wanted = Self { dir: args.out.clone(), files: Vec::new(), stdout: None };
        let asked = [(&args.json, Form::Json), (&args.html, Form::Html), (&args.markdown, Form::Markdown)];
        for (path, form) in asked {
            match path {
                Some(path) if path == Path::new("-") => match wanted.stdout {
                    None => wanted.stdout = Some(form),
                    Some(_) => anyhow::bail!("only one of --json, --html and --markdown can go to stdout (-)"),
                },
                Some(path) => {
                    // The folder of `-o` is made; any other must be there.
                    if args.out.is_none() || args.out.as_deref() != path.parent() {
                        check_file(path)?;
                    }
                    wanted.add(path.clone(), form, inputs)?;
                }
                None => {}
            }
        }
        if args.html.is_some() && !tell::has_page() {
            return Err(trueup::Error::NoPage.into());
        }
        if let Some(dir) = &args.out {
            check_folder(dir)?;
            wanted.add(dir.join("review.json"), Form::Json, inputs)?;
            wanted.add(dir.join("review.md"), Form::Markdown, inputs)?;
            if tell::has_page() {
                wanted.add(dir.join("review.html"), Form::Html, inputs)?;
            } else if !args.quiet {
                say("note: no review.html: this binary was built without the page (cargo xtask build)");
            }
        }
        Ok(wanted)
    }

    /// One more file; one that would replace an input, or another form, is refused.
    fn add(&mut self, path: PathBuf, form: Form, inputs: &[&Path]) -> anyhow::Result<()> {
        let here = place(&path);
        let shown = words::printable(&path.display().to_string());
        // A device takes all that comes.
        if std::fs::metadata(&path).is_ok_and(|kind| !kind.is_file() && !kind.is_dir()) {
            self.files.push((path, form));
            return Ok(());
        }
        if inputs.iter().any(|input| place(input) == here) {
            anyhow::bail!("{shown}: this file is read, and writing would replace it; valid: another name");
        }
        match self.files.iter().find(|(other, _)| place(other) == here) {
            None => self.files.push((path, form)),
            Some((_, other)) if *other == form => {}
            Some(_) => anyhow::bail!("{shown}: named for two outputs; valid: a file for each"),
        }
        Ok(())
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

/// Writes `text` to a file, or prints it where the path is `-`. One of the `inputs` is never written to.
pub fn write_or_print(path: &Path, text: &str, inputs: &[&PathBuf]) -> anyhow::Result<()> {
    if path == Path::new("-") {
        return print(text);
    }
    if inputs.iter().any(|input| place(input) == place(path)) {
        let shown = words::printable(&path.display().to_string());
        anyhow::bail!("{shown}: named for something else; valid: another name");
    }
    Ok(trueup::data::write::write_file(path, text.as_bytes())?)
}

/// The file that a path names, by whatever way it is reached.
pub fn place(path: &Path) -> PathBuf {
    let path = trueup::models::place(path);
    path.canonicalize().unwrap_or_else(|_| {
        let folder = path.parent().map(|folder| if folder == Path::new("") { Path::new(".") } else { folder });
        match (folder.and_then(|folder| folder.canonicalize().ok()), path.file_name()) {
            (Some(folder), Some(name)) => folder.join(name),
            _ => path.clone(),
        }
    })
}

fn render(review: &Review, form: Form) -> anyhow::Result<String> {
    Ok(match form {
        Form::Json => inert(&tell::json(review)),
        Form::Html => tell::html(review)?,
        Form::Markdown => tell::markdown(review),
    })
}

/// The same JSON without characters that act on a terminal, which JSON lets stand raw: they occur in strings only, and
/// become escapes.
pub fn inert(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        // Of these all are in the first plane, so one escape a character will do.
        if c != '\n' && words::acts(c) {
            out += &format!("\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}
