/** The review document as the page reads it: the same names as the published schema. Offsets are code points. */

export type Task = 'classification' | 'multilabel' | 'ner';
export type IntervalKind = 'wilson' | 'bootstrap' | 'delta' | 'delong' | 'none';

/** A number with its 95 % interval; `null` is a figure without a value. */
export interface Estimate {
  value: number | null;
  low: number | null;
  high: number | null;
  n: number;
  interval: IntervalKind;
  undefined?: string[];
  wide?: boolean;
}

export interface LabelRow {
  label: string;
  support: number;
  predicted: number;
  train_support: number | null;
  precision: Estimate;
  recall: Estimate;
  f1: Estimate;
  roc_auc?: Estimate;
}

/** `counts[gold][predicted]`; for NER the last label is `(none)`. */
export interface Confusion {
  labels: string[];
  counts: number[][];
  axes: { rows: string; columns: string };
}

export interface SliceRow {
  name: string;
  by: string;
  given?: boolean;
  n: number;
  inside: Estimate;
  outside: Estimate;
  metric: string;
  p: number | null;
}

export type Severity = 'error' | 'warning' | 'note';

export interface Finding {
  code: string;
  name: string;
  severity: Severity;
  title: string;
  message: string;
  count: number;
  evidence: Record<string, unknown>;
  examples: string[];
  action: { summary: string; command: string | null };
}

export interface NextStep {
  rank: number;
  action: string;
  gain: { metric: string; value: number; low: number; high: number } | null;
  price: string | null;
  command: string | null;
  code?: string;
}

export type State = 'ready' | 'not-ready' | 'undecided';

export interface Verdict {
  state: State;
  reasons: string[];
  summary: string;
  needed: number | null;
  metric: string;
  baseline: { answer: string; value: number; accuracy: number | null } | null;
  target: number | null;
}

export interface SpanRecord {
  start: number;
  end: number;
  label: string;
  score?: number;
}

/** A label, a set of labels, or spans, as the task has it. */
export type Answer = string | string[] | SpanRecord[];
export type Mark = 'match' | 'missed' | 'spurious' | 'wrong-type' | 'boundary' | 'type-and-boundary';

export interface MarkedSpan {
  start: number;
  end: number;
  gold: string | null;
  predicted: string | null;
  mark: Mark;
}

export interface ExampleRecord {
  text?: string;
  split: string;
  line: number;
  gold: Answer;
  predicted?: Answer;
  score?: number;
  correct?: boolean;
  spans?: MarkedSpan[];
  /** The baseline's answer, and its spans with their marks; only of compared examples. */
  baseline?: Answer;
  baseline_spans?: MarkedSpan[];
  metadata?: Record<string, string>;
}

export interface ErrorRecord {
  id: string;
  gold: Answer;
  predicted: Answer;
  score: number | null;
  why: string;
  nearest?: { id: string; gold: Answer; similarity: number };
}

export interface SplitSummary {
  name: string;
  file: string;
  format: string;
  examples: number;
  spans?: number;
  guesses: { what: string; option: string | null }[];
  skipped: { line: number; reason: string }[];
}

export interface Data {
  evaluation: 'out-of-fold' | 'test' | 'predictions';
  how: string;
  train?: SplitSummary;
  valid?: SplitSummary;
  test: SplitSummary;
  fingerprints: Record<string, string>;
}

export interface Leak {
  test: string;
  train: string;
  kind: 'exact' | 'near';
  similarity: number;
  byte_equal: boolean;
  same_gold: boolean;
}

export interface Leakage {
  exact: number;
  near: number;
  pairs: Leak[];
  clean_examples: number;
  clean_metrics: Record<string, Estimate>;
  clean_labels: LabelRow[];
}

export interface CurvePoint {
  step: number;
  train_loss: number;
  valid_loss: number | null;
  train_score: number;
  valid_score: number | null;
  train_accuracy: number;
  valid_accuracy: number | null;
}

export interface Training {
  model: string;
  params: Record<string, string>;
  seed: number;
  fingerprint: string;
  examples: number;
  features: number;
  epochs: number;
  score: string;
  curve: CurvePoint[];
  learning?: { examples: number; score: number }[];
  last_doubling?: Estimate;
  folds?: { fold: number; examples: number; score: number | null }[];
}

export type Standing = 'better' | 'same' | 'worse' | 'unclear';
export type PairedTest = 'mcnemar' | 'resampling' | 'jackknife' | 't' | 'delong' | 'delta' | 'none';
export type Decision = 'promote' | 'reject' | 'undecided';

/** A figure of both models and the candidate's less the baseline's. */
export interface Compared {
  baseline: number | null;
  candidate: number | null;
  difference: { value: number | null; low: number | null; high: number | null; test: PairedTest };
  p: number | null;
  p_adjusted?: number | null;
  standing: Standing;
}

export interface ComparedMetric extends Compared {
  name: string;
  higher_is_better: boolean;
  /** The least difference that so many examples show. */
  detectable: number | null;
}

export interface ComparedLabel {
  label: string;
  support: number;
  baseline_predicted: number;
  candidate_predicted: number;
  precision: Compared;
  recall: Compared;
  f1: Compared;
}

export interface ComparedSlice extends Compared {
  name: string;
  by: string;
  given?: boolean;
  n: number;
  metric: string;
}

export interface Check {
  kind: 'primary' | 'floor' | 'label' | 'slice' | 'must-pass' | 'calibration' | 'budget';
  name: string;
  asked: string;
  found: string;
  baseline: number | null;
  candidate: number | null;
  low: number | null;
  high: number | null;
  p: number | null;
  state: 'passed' | 'failed' | 'unclear';
  /** Ids of must-pass examples that fail. */
  examples?: string[];
}

export interface Gate {
  policy: Record<string, unknown>;
  source: string;
  alpha: number;
  power: number;
  checks: Check[];
}

export interface Contestant {
  name: string;
  kind: string;
}

/** A candidate against a baseline; every difference is the candidate's figure less the baseline's. */
export interface Comparison {
  baseline: Contestant;
  candidate: Contestant;
  rivals?: (Compared & { name: string; decision?: Decision })[];
  examples: number;
  units: number;
  metric: string;
  level: number;
  standing: Standing;
  metrics: ComparedMetric[];
  labels: ComparedLabel[];
  correction: string;
  slices: ComparedSlice[];
  confusion?: Confusion;
  flips: { fixed: string[]; broken: string[]; fixed_count: number; broken_count: number; both_right: number; both_wrong: number; changed: number };
  agreement: { same: number | null; chance_corrected: number | null; measure: string };
  span_errors?: { name: string; baseline: number; candidate: number }[];
  costs: { name: string; baseline: number | null; candidate: number | null; ratio: number | null }[];
  training?: Training;
  leaked?: { examples: number; metrics: ComparedMetric[] };
  decision?: Decision;
  needed: number | null;
  gate?: Gate;
  reproducible: boolean;
}

export interface Run {
  seconds: number;
  cpu_seconds: number;
  peak_memory_bytes: number;
  threads: number;
  stages: [string, number][];
  machine: string;
}

export interface Review {
  schema: string;
  tool: { name: string; version: string };
  subject: { kind: string; model: string; command: string; seed: number; noun: string };
  task: Task;
  data: Data;
  verdict: Verdict;
  metrics: Record<string, Estimate>;
  labels: LabelRow[];
  confusion?: Confusion;
  findings: Finding[];
  errors: ErrorRecord[];
  examples: Record<string, ExampleRecord>;
  slices: SliceRow[];
  leakage?: Leakage;
  training?: Training;
  comparison?: Comparison;
  next: NextStep[];
  run?: Run;
}

/** The layout that this page can show. */
export const SCHEMA = 'trueup.review/1';
