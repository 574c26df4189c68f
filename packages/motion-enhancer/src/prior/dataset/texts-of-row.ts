import type { Row } from '../../data/rows.js';
import { pairsOf } from './text-of-row.js';

/** All texts of a row that a prior of it can be of, whatever `--text-from` said: its caption, and of every round question, answer, and both. */
export function textsOfRow({ turns, caption }: Pick<Row, 'turns' | 'caption'>): Set<string> {
  const texts = caption === undefined ? [] : [caption];
  for (const { question, answer } of pairsOf(turns))
    texts.push(question, answer, `${question.trim()} ${answer.trim()}`);
  return new Set(texts.map((text) => text.trim()));
}
