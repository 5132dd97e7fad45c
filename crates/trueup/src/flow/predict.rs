//! Prediction: a kept model answers the records of a file, block by block, and its answers go beside what the file says.

use std::path::Path;

use trueup_core::{Annotation, Example, Task, Token};
use trueup_data::corpus::Record;
use trueup_data::{Answering, Conversion, ConvertOptions, Destination, What, convert_changed};
use trueup_model::Predictor;

use crate::error::Error;
use crate::models::{self, About};
use crate::options::PredictOptions;

/// What was answered.
#[derive(Debug)]
pub struct Answers {
    /// The model.
    pub about: About,
    /// How the file was read and written.
    pub conversion: Conversion,
    /// How often each label (type of spans) was answered, in the model's order.
    pub counts: Vec<(String, u64)>,
    /// Records without a text.
    pub without_text: u64,
}

/// Answers a file, of any size, by the model in a folder.
///
/// # Errors
///
/// When the model cannot be opened, the file cannot be read, or the answers not be written.
pub fn predict(model: &Path, input: &Path, to: Destination, options: &PredictOptions) -> Result<Answers, Error> {
    let kept = models::open(model)?;
    let mut counts = vec![0u64; kept.model.labels().len()];
    let mut without_text = 0;
    let mut answer = |records: &[Record]| {
        without_text += records.iter().filter(|record| record.text.is_none()).count() as u64;
        let examples: Vec<Example> = records.iter().map(|record| example(record, kept.about.task)).collect();
        let answers = kept.model.predict(&examples.iter().collect::<Vec<_>>());
        for answer in &answers.answers {
            match answer {
                Annotation::Spans(spans) => spans.iter().for_each(|span| counts[span.label as usize] += 1),
                labels => labels.labels().iter().for_each(|&label| counts[label as usize] += 1),
            }
        }
        Ok(answers)
    };
    let what = What {
        model: kept.about.learner.clone(),
        task: kept.about.task,
        labels: kept.model.labels().clone(),
        scores: options.scores,
    };
    let how =
        ConvertOptions { read: options.read.clone(), to: options.to, as_input: true, refuse_loss: options.read.strict };
    let conversion = convert_changed(input, to, &how, &mut Answering::new(what, &mut answer))?;
    let names = kept.model.labels().names().iter().cloned();
    Ok(Answers { counts: names.zip(counts).collect(), about: kept.about, conversion, without_text })
}

/// A record as a model sees it: its text, and its tokens where it came with them and they matter.
fn example(record: &Record, task: Task) -> Example {
    let tokens = if task == Task::Ner { record.tokens.as_slice() } else { &[] };
    Example {
        id: String::new(),
        text: record.text().to_owned(),
        gold: Annotation::Labels(Vec::new()),
        tokens: tokens.iter().map(|t| Token { start: t.start as u32, end: t.end as u32, tag: None }).collect(),
        group: None,
        time: None,
        metadata: Vec::new(),
        line: record.place.number,
    }
}
