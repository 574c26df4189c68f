import { describeClip, type Form, type Split, type WorldText } from '../generate/index.js';
import { PRETRAIN_TEXTS, pretrainTurns } from './pretrain-turns.js';
import { rankedSamples, type WorldSample } from './samples.js';

/** Questions of a clip, each with every option as its reply: four rows a question, for `answerRuns`. */
export const choicesOf = (text: Pick<WorldText, 'questions'>, clip: number): WorldSample[] =>
  text.questions.flatMap((q) => rankedSamples(clip, { ...q, question: q.stem }));

/** One chat about a clip. */
export const pretrainSample = (text: WorldText, clip: number, seed: number): WorldSample => ({
  clip,
  turns: pretrainTurns(text, seed * 1_000_003 + clip),
  type: 'several',
  answer: -1,
});

/** Texts that show every word of the world, for the tokenizer's cut: enough clips of every kind. */
export function* worldTexts(clips = 3000): Iterable<string> {
  const kinds: [Split, Form][] = [
    ['train', 'world'],
    ['test', 'world'],
    ['validation', 'world'],
    ['pretrain', 'single'],
    ['pretrain', 'static'],
  ];
  yield* PRETRAIN_TEXTS;
  for (const [split, form] of kinds)
    for (let i = 0; i < clips / kinds.length; i++) {
      const { caption, questions } = describeClip(split, i, { form });
      yield caption;
      for (const { text, stem, options } of questions) {
        yield `${text}\n`;
        yield stem;
        yield* options;
      }
    }
}
