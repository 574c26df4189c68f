import { describeClip, type Form, type Split, type WorldText } from '../generate/index.js';
import { captionSample, choiceSample, openSample, type WorldSample } from './samples.js';

/** Questions of a clip as samples of the mini VLM. */
export const choicesOf = (text: Pick<WorldText, 'questions'>, clip: number): WorldSample[] =>
  text.questions.map((q) => choiceSample(clip, { ...q, question: q.stem }));

/** Chats about one clip, in the three forms of pre-training. */
export interface PretrainSamples {
  caption: WorldSample[];
  open: WorldSample[];
  choice: WorldSample[];
}

export function pretrainSamples(texts: readonly WorldText[]): PretrainSamples {
  return {
    caption: texts.map(({ caption }, clip) => captionSample(clip, caption)),
    open: texts.flatMap(({ questions }, clip) => questions.map((q) => openSample(clip, { ...q, question: q.stem }))),
    choice: texts.flatMap((text, clip) => choicesOf(text, clip)),
  };
}

export const describeClips = (split: Split, form: Form, indices: readonly number[]): WorldText[] =>
  indices.map((index) => describeClip(split, index, { form }));

/** Texts that show every word of the world, for the tokenizer's cut: enough clips of every kind. */
export function* worldTexts(clips = 3000): Iterable<string> {
  const kinds: [Split, Form][] = [
    ['train', 'world'],
    ['test', 'world'],
    ['validation', 'world'],
    ['pretrain', 'single'],
    ['pretrain', 'static'],
  ];
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
