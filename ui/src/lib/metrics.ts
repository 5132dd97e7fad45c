/** Names and order of metrics. The values are the document's; nothing is computed here. */
import type { Estimate, Review, Task } from '../review';

const NAMES: Record<string, string> = {
  f1_macro: 'macro-F1',
  f1_micro: 'micro-F1',
  f1_weighted: 'weighted F1',
  f1_samples: 'F1 per example',
  f1_partial: 'F1, partial match',
  f1: 'F1',
  precision_macro: 'macro precision',
  precision_micro: 'micro precision',
  precision_weighted: 'weighted precision',
  precision_samples: 'precision per example',
  recall_macro: 'macro recall',
  recall_micro: 'micro recall',
  recall_weighted: 'weighted recall',
  recall_samples: 'recall per example',
  jaccard_macro: 'macro Jaccard',
  balanced_accuracy: 'balanced accuracy',
  matthews_corrcoef: 'Matthews correlation',
  cohen_kappa: 'Cohen\u2019s kappa',
  hamming_loss: 'Hamming loss',
  log_loss: 'log loss',
  brier_score: 'Brier score',
  roc_auc: 'ROC AUC',
  roc_auc_ovr: 'ROC AUC, one against rest',
  roc_auc_ovo: 'ROC AUC, one against one',
  average_precision_macro: 'macro average precision',
  ece: 'calibration error (ECE)',
};

const LOWER_IS_BETTER = new Set(['log_loss', 'brier_score', 'ece', 'hamming_loss']);

/** The metric's name in words; an unknown one loses its underscores. */
export function metricName(name: string): string {
  return NAMES[name] ?? name.replace(/^top_(\d+)_accuracy$/, 'top $1 accuracy').replaceAll('_', ' ');
}

/** Whether a lower value is better. */
export function lowerIsBetter(name: string): boolean {
  return LOWER_IS_BETTER.has(name);
}

/** Whether the metric lies on the scale that the page draws: shares in [0, 1] where higher is better. */
export function onScale(name: string, estimate: Estimate): boolean {
  if (LOWER_IS_BETTER.has(name) || estimate.value === null) return false;
  return [estimate.value, estimate.low ?? 0, estimate.high ?? 1].every((x) => x >= 0 && x <= 1);
}

const FIRST: Record<Task, string[]> = {
  classification: ['accuracy', 'f1_macro', 'f1', 'precision', 'recall', 'balanced_accuracy', 'roc_auc', 'log_loss'],
  multilabel: ['f1_micro', 'f1_macro', 'precision_micro', 'recall_micro', 'f1_samples', 'accuracy'],
  ner: ['f1', 'precision', 'recall', 'f1_macro', 'f1_partial'],
};

/** All metrics: the primary first, then the task's usual ones, then the rest by name. */
export function orderedMetrics(review: Review): [string, Estimate][] {
  const order = [review.verdict.metric, ...FIRST[review.task]];
  const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  return Object.entries(review.metrics).sort(([a], [b]) => place(a) - place(b) || (a < b ? -1 : 1));
}

/** The metrics of the short list: the primary, and the usual ones that have a value, at most five. */
export function headMetrics(review: Review): [string, Estimate][] {
  const { metric } = review.verdict;
  const usual = FIRST[review.task];
  return orderedMetrics(review).filter(([name, estimate]) => name === metric || (usual.includes(name) && estimate.value !== null)).slice(0, 5);
}
