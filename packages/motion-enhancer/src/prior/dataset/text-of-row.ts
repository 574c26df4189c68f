import { plainText, type Row, type Turn } from '../../data/rows.js';

/** What of a row the diffusion model is told. */
export type TextSource = 'caption' | 'answer' | 'question-answer' | 'question';

/** `descriptive` is the caption, or the answer of a caption-style pair; else question and answer (docs/method.md 1.2). */
export const TEXT_FROM = ['descriptive', 'caption', 'answer', 'question-answer', 'question'] as const;
export type TextFrom = (typeof TEXT_FROM)[number];

/** A question whose answer describes the video. */
const ASKS_FOR_CAPTION =
  /\b(?:describe|description|caption|depict|narrate|summari[sz]e|what (?:is|are|was|were) (?:happening|going on)|what (?:happens|happened))\b/i;

/**
 * The text that goes to the diffusion model, and what it is of the row. Of several rounds the first that fits counts:
 * 226 tokens hold no more.
 * @throws Error whose message completes "the row is left out: it …"
 */
export function textOfRow(row: Pick<Row, 'turns' | 'caption'>, from: TextFrom): { text: string; source: TextSource } {
  const { text, source } = choose(row, from);
  if (text.trim() === '') throw new Error(`its ${source} is empty`);
  return { text: text.trim(), source };
}

function choose(
  { turns, caption }: Pick<Row, 'turns' | 'caption'>,
  from: TextFrom,
): { text: string; source: TextSource } {
  const pairs = pairsOf(turns);
  const described = caption ?? pairs.find(({ question }) => ASKS_FOR_CAPTION.test(question))?.answer;
  if (from === 'caption' || (from === 'descriptive' && described !== undefined)) {
    if (described === undefined) throw new Error('it has no caption and no question that asks for one');
    return { text: described, source: caption === undefined && from === 'descriptive' ? 'answer' : 'caption' };
  }
  const [first] = pairs;
  if (!first) throw new Error('it has no question with an answer');
  if (from === 'question') return { text: first.question, source: 'question' };
  if (from === 'answer') return { text: first.answer, source: 'answer' };
  return { text: `${first.question.trim()} ${first.answer.trim()}`, source: 'question-answer' };
}

/** Each answer with what was said before it since the last one. */
export function pairsOf(turns: readonly Turn[]): { question: string; answer: string }[] {
  const pairs: { question: string; answer: string }[] = [];
  let question = '';
  for (const turn of turns) {
    const { role } = turn;
    const content = plainText(turn);
    if (role === 'user') question = question === '' ? content : `${question}\n${content}`;
    else if (role === 'assistant') {
      pairs.push({ question, answer: content });
      question = '';
    }
  }
  return pairs;
}
