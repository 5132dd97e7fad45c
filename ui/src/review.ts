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
  next: NextStep[];
  run?: Run;
}

/** The layout that this page can show. */
export const SCHEMA = 'trueup.review/1';
