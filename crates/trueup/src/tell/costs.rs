//! What models cost, as people read it.

/// A cost's name for people: `training time` for `train_seconds`; an unknown one is its own.
pub fn cost_title(name: &str) -> &str {
    match name {
        "train_seconds" => "training time",
        "train_cpu_seconds" => "CPU time of training",
        "train_peak_memory_bytes" => "peak memory of training",
        "model_bytes" => "size of the model",
        "latency_p50_ms" => "median latency",
        "latency_p99_ms" => "latency, 99th percentile",
        name => name,
    }
}

/// A cost with its unit, which is at the end of its name: `1.5 min`, `165 MiB`, `0.42 ms`; `n/a` when it is unknown.
pub fn cost_value(name: &str, value: Option<f64>) -> String {
    let Some(value) = value else { return "n/a".to_owned() };
    // The largest unit of which it is at least one.
    let scaled = |units: &[(f64, &str)]| {
        let least = units.last().copied().unwrap_or((1.0, ""));
        let (size, unit) = units.iter().copied().find(|(size, _)| value >= *size).unwrap_or(least);
        format!("{} {unit}", short(value / size))
    };
    match name.rsplit('_').next() {
        Some("seconds") => scaled(&[(3600.0, "h"), (60.0, "min"), (1.0, "s")]),
        Some("bytes") => scaled(&[(1_073_741_824.0, "GiB"), (1_048_576.0, "MiB"), (1024.0, "KiB"), (1.0, "bytes")]),
        Some("ms") => format!("{} ms", short(value)),
        _ => short(value),
    }
}

/// Three digits, as far as there are so many.
fn short(value: f64) -> String {
    let places = match value.abs() {
        size if size >= 99.95 || value == 0.0 => 0,
        size if size >= 9.995 => 1,
        _ => 2,
    };
    format!("{value:.places$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_have_units() {
        let value = |name, value| cost_value(name, Some(value));
        assert_eq!(value("train_seconds", 12.34), "12.3 s");
        assert_eq!(value("train_seconds", 0.5), "0.50 s");
        assert_eq!(value("train_cpu_seconds", 90.0), "1.50 min");
        assert_eq!(value("train_seconds", 5400.0), "1.50 h");
        assert_eq!(value("model_bytes", 173_015_040.0), "165 MiB");
        assert_eq!(value("model_bytes", 0.0), "0 bytes");
        assert_eq!(value("latency_p99_ms", 0.417), "0.42 ms");
        assert_eq!(cost_value("model_bytes", None), "n/a");
        assert_eq!(cost_title("model_bytes"), "size of the model");
    }
}
