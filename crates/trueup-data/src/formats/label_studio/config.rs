//! The labelling configuration of a project: which questions are asked of which data, with which labels.
//!
//! It is XML: a `<View>` with object tags (`<Text name="text" value="$review"/>`) and control tags (`<Labels>`,
//! `<Choices>`, `<Taxonomy>`) that name the object they are about. Templates wrap the same XML in YAML. Definition: the
//! tags' reference in Label Studio's documentation ("Tags", labelstud.io/tags).

use roxmltree::{Document, Node};

use crate::corpus::Outline;

/// Control tags whose results are spans of a text.
const SPAN_TAGS: &[&str] = &["Labels", "HyperTextLabels", "ParagraphLabels"];
/// Control tags whose results are labels of the whole text.
const CHOICE_TAGS: &[&str] = &["Choices", "Taxonomy"];
/// Object tags that show a text.
const TEXT_TAGS: &[&str] = &["Text", "HyperText", "Paragraphs"];

/// What a project asks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    /// Object tags: their name, their kind and the data field that they show.
    pub objects: Vec<Object>,
    /// Control tags, in their order.
    pub controls: Vec<Control>,
}

/// A tag that shows data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// What controls name it by.
    pub name: String,
    /// The tag, such as `Text`.
    pub kind: String,
    /// The field of `data`, without the `$`.
    pub field: String,
}

/// A tag that asks a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// What results name it by (`from_name`).
    pub name: String,
    /// The tag, such as `Labels`.
    pub kind: String,
    /// The object it is about.
    pub to_name: String,
    /// Its labels as results write them, in order; levels are joined by `:`.
    pub labels: Vec<String>,
    /// Whether several labels may be chosen.
    pub several: bool,
}

impl Config {
    /// The data field that an object shows.
    pub fn field_of(&self, to_name: &str) -> Option<&str> {
        self.objects.iter().find(|object| object.name == to_name).map(|object| object.field.as_str())
    }

    /// The object of that name, where it shows a text.
    pub fn is_text(&self, to_name: &str) -> bool {
        self.objects.iter().any(|object| object.name == to_name && TEXT_TAGS.contains(&object.kind.as_str()))
    }

    /// Controls whose results are spans.
    pub fn spans(&self) -> impl Iterator<Item = &Control> {
        self.controls.iter().filter(|control| SPAN_TAGS.contains(&control.kind.as_str()))
    }

    /// Controls whose results are labels of the text.
    pub fn choices(&self) -> impl Iterator<Item = &Control> {
        self.controls.iter().filter(|control| CHOICE_TAGS.contains(&control.kind.as_str()))
    }

    /// Declares the labels, and whether a text may have several.
    pub(crate) fn declare(&self, outline: &mut Outline) {
        self.spans().flat_map(|control| &control.labels).for_each(|label| outline.declare_span(label));
        self.choices().flat_map(|control| &control.labels).for_each(|label| outline.declare_label(label));
        let several: Vec<bool> = self.choices().map(|control| control.several).collect();
        outline.several = match several.as_slice() {
            [] => outline.several,
            [one] => Some(*one),
            // Answers to several questions, one each, are no set of labels, and no single one either.
            all => all.contains(&true).then_some(true),
        };
    }
}

/// Reads a configuration: XML, or a template with the XML inside. An error is a noun phrase.
pub fn read_config(text: &str) -> Result<Config, String> {
    let from = text.find("<View").ok_or("no <View> in it")?;
    let close = text.rfind("</View>").ok_or("no </View> at its end")? + "</View>".len();
    let xml = text.get(from..close).ok_or("no </View> after its <View>")?;
    let document = Document::parse(xml).map_err(|error| format!("broken XML ({error})"))?;
    let mut config = Config::default();
    for node in document.root_element().descendants().filter(Node::is_element) {
        let tag = node.tag_name().name();
        let Some(name) = node.attribute("name") else {
            continue;
        };
        if let Some(to_name) = node.attribute("toName") {
            let labels = labels(node, tag == "Taxonomy" && node.attribute("leafsOnly") != Some("true"));
            let several = match tag {
                "Choices" => node.attribute("choice") == Some("multiple"),
                "Taxonomy" => node.attribute("maxUsages") != Some("1"),
                _ => true,
            };
            let (name, kind, to_name) = (name.to_owned(), tag.to_owned(), to_name.to_owned());
            config.controls.push(Control { name, kind, to_name, labels, several });
        } else if let Some(value) = node.attribute("value").or_else(|| node.attribute("valueUrl")) {
            let field = value.strip_prefix('$').unwrap_or(value).to_owned();
            config.objects.push(Object { name: name.to_owned(), kind: tag.to_owned(), field });
        }
    }
    Ok(config)
}

/// The labels of a control in document order; those inside others with their levels. With `inner` a label that holds
/// others is one itself.
fn labels(control: Node, inner: bool) -> Vec<String> {
    let is_label = |node: &Node| node.is_element() && matches!(node.tag_name().name(), "Label" | "Choice");
    let mut found = Vec::new();
    for node in control.descendants().filter(is_label) {
        let holds_others = node.children().any(|child| is_label(&child));
        if holds_others && !inner {
            continue;
        }
        // Results have the alias where there is one.
        let mut path: Vec<&str> = node
            .ancestors()
            .take_while(|above| *above != control)
            .filter(is_label)
            .filter_map(|above| above.attribute("alias").or_else(|| above.attribute("value")))
            .collect();
        path.reverse();
        if !path.is_empty() {
            found.push(path.join(":"));
        }
    }
    found
}

/// A configuration that asks for what `outline` declares and for the further types of spans and labels of texts, for a
/// project into which the written tasks are imported. Names are those that `label-studio` writes.
pub fn config_for(outline: &Outline, spans: &[String], labels: &[String]) -> String {
    let together = |declared: &[String], more: &[String]| {
        let mut all: Vec<String> = declared.to_vec();
        all.extend(more.iter().filter(|label| !declared.contains(label)).cloned());
        all
    };
    let spans = together(&outline.declared_spans, spans);
    let labels = together(&outline.declared_labels, labels);
    let names = super::Names::of(outline);
    let mut out = "<View>\n".to_owned();
    if !spans.is_empty() {
        out += &format!("  <Labels name=\"{}\" toName=\"{}\">\n", super::SPANS, escape(&names.to_name));
        spans.iter().for_each(|label| out += &format!("    <Label value=\"{}\"/>\n", escape(label)));
        out += "  </Labels>\n";
    }
    let (object, field) = (escape(&names.to_name), escape(&names.text));
    out += &format!("  <Text name=\"{object}\" value=\"${field}\"/>\n");
    if !labels.is_empty() {
        let name = super::choices_name(!spans.is_empty());
        let choice = if outline.is_multilabel() { "multiple" } else { "single" };
        out += &format!("  <Choices name=\"{name}\" toName=\"{}\" choice=\"{choice}\">\n", escape(&names.to_name));
        labels.iter().for_each(|label| out += &format!("    <Choice value=\"{}\"/>\n", escape(label)));
        out += "  </Choices>\n";
    }
    out += "</View>\n";
    out
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // An attribute's line breaks and tabs become spaces unless they are written so.
            '\n' | '\r' | '\t' => out += &format!("&#{};", c as u32),
            // XML 1.0 has no way to write other control characters.
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn controls_objects_and_labels_are_found_wherever_they_stand() {
        let xml = r#"config: '<View><Text name="text" value="$ner"/><View>
            <Labels name="label" toName="text"><Label value="Person" alias="PER"/><Label value="ORG"/></Labels>
            <Choices name="mood" toName="text" choice="multiple"><Choice value="a &amp; b"/></Choices></View>
            <Taxonomy name="kind" toName="text"><Choice value="x"><Choice value="y"/></Choice></Taxonomy>
            </View>'"#;
        let config = read_config(xml).unwrap();
        assert_eq!(config.field_of("text"), Some("ner"));
        assert!(config.is_text("text"));
        assert_eq!(config.spans().next().unwrap().labels, ["PER", "ORG"]);
        let choices: Vec<_> = config.choices().collect();
        assert_eq!((choices[0].labels.as_slice(), choices[0].several), (&["a & b".to_owned()][..], true));
        assert_eq!(choices[1].labels, ["x", "x:y"]);
        assert!(read_config("<a/>").unwrap_err().contains("<View>"));
        assert!(read_config("<View><a></View>").unwrap_err().contains("broken XML"));
        assert!(read_config("</View><View").is_err());
    }

    #[test]
    fn what_is_generated_is_read_again() {
        let mut outline = Outline::default();
        outline.declare_span("PER");
        outline.several = Some(true);
        let xml = config_for(&outline, &["PER".into(), "<&\"\n>".into()], &["x:y".into()]);
        let config = read_config(&xml).unwrap();
        assert_eq!(config.spans().next().unwrap().labels, ["PER", "<&\"\n>"]);
        let choices = config.choices().next().unwrap();
        assert_eq!((choices.labels[0].as_str(), choices.several, choices.name.as_str()), ("x:y", true, "choices"));
        assert_eq!(config.field_of("text"), Some("text"));
    }
}
