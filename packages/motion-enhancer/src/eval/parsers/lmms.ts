import { isAlpha, PY_WORD, pyFirst, pyStrip, pyStripOf } from './python-text.js';

const PREFIXES = ['THE BEST ANSWER IS', 'THE CORRECT ANSWER IS', 'THE ANSWER IS', 'BEST ANSWER:', 'ANSWER:'];
const ALONE = new RegExp(`(?<!${PY_WORD})([A-F])(?!${PY_WORD})`, 'u');

/** Source: EvolvingLMMs-Lab/lmms-eval @ 75571cf lmms_eval/tasks/motionbench/utils.py (_extract_choice_letter). */
export function motionBenchLetter(reply: string): string {
  const said = pyStrip(reply.split('</think>').at(-1)!).toUpperCase();
  const text = PREFIXES.reduce((rest, prefix) => rest.replaceAll(prefix, ''), said);
  const found = ALONE.exec(text) ?? /([A-F])[.):]/.exec(text) ?? /([A-F])/.exec(text);
  return found?.[1] ?? '';
}

/** Source: EvolvingLMMs-Lab/lmms-eval @ 75571cf lmms_eval/tasks/seedbench/utils.py: compared without regard to case. */
export const firstCharacter = (reply: string): string => pyFirst(pyStrip(reply)).toUpperCase();

const PHRASES = [
  'the answer is',
  'answer is',
  'the correct answer is',
  'correct answer is',
  'the best answer is',
  'best answer is',
  'the correct option is',
  'correct option is',
  'the best option is',
  'best option is',
  'the choice is',
  'choice is',
  'the correct choice is',
  'correct choice is',
  'i choose',
  'i select',
  'i pick',
  'my answer is',
  'my choice is',
  '옵션',
  '정답은',
  '답은',
  '답:',
  '答案是',
  '答案为',
  '选',
  '答えは',
];
/** How a letter may be marked, and how much that weighs. */
const MARKS = [
  { before: '(', after: ')', weight: 6 },
  { before: '', after: '.', weight: 5 },
  { before: '', after: ':', weight: 4 },
  { before: '', after: ')', weight: 3 },
  { before: '', after: ' ', weight: 2 },
] as const;
const [START, END, PHRASE] = [10, 9, 7];
const STRIPPED = [',', '.', '!', '?', ';', ':', "'", '"'];

interface Candidate {
  letter: string;
  at: number;
  weight: number;
}

/**
 * The candidate of most weight; among equals the later one.
 * Source: EvolvingLMMs-Lab/lmms-eval @ 75571cf lmms_eval/tasks/_task_utils/mcq_extract.py (extract_mcq_answer).
 */
export function mcqAnswer(reply: string, letters: readonly string[]): string {
  const bare = STRIPPED.reduce(pyStripOf, pyStrip(reply));
  const stripped = pyStrip(bare);
  const text = ` ${bare} `;
  let candidates: Candidate[] = [...marked(text, letters), ...afterPhrases(text, letters)];
  for (const letter of letters) {
    const alone = stripped.length === 1;
    if (stripped.startsWith(letter) && (alone || !isAlpha([...stripped][1]!)))
      candidates.push({ letter, at: 0, weight: START });
    if (stripped.endsWith(letter) && (alone || !isAlpha([...stripped].at(-2)!)))
      candidates.push({ letter, at: text.length - 1, weight: END });
  }
  if (candidates.length === 0)
    candidates = letters.flatMap((letter) =>
      text.includes(letter) ? [{ letter, at: text.lastIndexOf(letter), weight: 0 }] : [],
    );
  candidates.sort((a, b) => b.weight - a.weight || b.at - a.at);
  return candidates[0]?.letter ?? '';
}

const marked = (text: string, letters: readonly string[]): Candidate[] =>
  MARKS.flatMap(({ before, after, weight }) =>
    letters.flatMap((letter) => {
      const at = text.lastIndexOf(before + letter + after);
      return at < 0 ? [] : [{ letter, at, weight }];
    }),
  );

/** Any capital letter after a phrase, however far: upstream's own reach. */
function afterPhrases(text: string, letters: readonly string[]): Candidate[] {
  const lower = text.toLowerCase();
  return PHRASES.flatMap((phrase) => {
    const start = lower.indexOf(phrase);
    if (start < 0) return [];
    return letters.flatMap((letter) => {
      const at = text.indexOf(letter, start + phrase.length);
      return at < 0 ? [] : [{ letter, at, weight: PHRASE }];
    });
  });
}
