/** What a finding says that an earlier one has not said yet, so that a reader meets each sentence once. */
import type { Finding } from '../review';

export interface Told {
  /** The sentences of the message that are new. */
  message: string;
  /** The action; empty when it is the earlier finding's. */
  action: string;
  /** Key of the earlier finding that says the rest; null when nothing is left out. */
  like: string | null;
}

// A full stop ends a sentence only before a space and what can begin one.
const BREAK = /(?<=[.!?])\s+(?=[\p{Lu}\p{N}'\u2018])/u;

/** For each finding, in reading order and with its key, what it adds. */
export function told(findings: { finding: Finding; key: string }[]): Told[] {
  const said = new Map<string, string>();
  return findings.map(({ finding, key }) => {
    const { message, action } = finding;
    const sentences = message.split(BREAK);
    const fresh = sentences.filter((sentence) => !said.has(sentence));
    const like = said.get(sentences.find((sentence) => said.has(sentence)) ?? '') ?? null;
    const same = like !== null && said.has(action.summary) && action.command === null;
    [...sentences, action.summary].forEach((sentence) => said.has(sentence) || said.set(sentence, key));
    return { message: fresh.join(' '), action: same ? '' : action.summary, like };
  });
}
