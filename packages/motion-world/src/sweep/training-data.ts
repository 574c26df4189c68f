import type { Qwen25VLConfig, Tokenizer } from '@motion-enhancer/models';
import { UserError } from '@motion-enhancer/support';
import { alignedWords, moverWords } from '../align/aligned-words.js';
import type { ClipWords } from '../align/maps-of-condition.js';
import type { World } from '../generate/index.js';
import { visualGrid } from '../runs/step.js';
import { openSample } from '../vlm/samples.js';
import { type WorldData, worldData } from '../vlm/world-data.js';
import { type TrainingPriors, trainingPriors } from './training-priors.js';

export interface TrainingData {
  data: WorldData;
  words: ClipWords[];
  priors: TrainingPriors;
}

export interface TrainingDataOptions {
  config: Qwen25VLConfig;
  tokenizer: Tokenizer;
  device: string;
  world: World;
  clips: number;
  /** Files. */
  priors: readonly string[];
  /** Samples at least. */
  least: number;
  onStage(name: string, done: number, total: number): void;
}

/**
 * All questions of the first training clips, a sample each.
 * @throws UserError where they are too few, or a file of priors does not fit
 */
export async function trainingData(o: TrainingDataOptions): Promise<TrainingData> {
  const chosen: { clip: number; question: number }[] = [];
  const data = await worldData(
    [{ world: o.world, split: 'train', form: 'world', from: 0, count: o.clips }],
    (texts) => {
      texts.forEach(({ questions }, clip) => {
        for (const question of questions.keys()) chosen.push({ clip, question });
      });
      return chosen.map(({ clip, question }) => {
        const questionText = texts[clip]!.questions[question]!;
        return openSample(clip, { ...questionText, question: questionText.stem });
      });
    },
    { ...o, masks: true, onProgress: (n, total) => o.onStage('draw training clips', n, total) },
  );
  try {
    if (chosen.length < o.least)
      throw new UserError(
        `Expected at least ${o.least} questions for data but the first ${o.clips} training clips have ${chosen.length}. Take more --clips, or fewer --data.`,
        { code: 'ERR_VALUE' },
      );
    const words = chosen.map(({ clip, question }) => {
      const text = data.texts[clip]!;
      return { clip, words: alignedWords(text, text.questions[question]!, data.layout), mover: moverWords(text) };
    });
    const grid = visualGrid(data.layout, o.config);
    return { data, words, priors: trainingPriors(o.priors, { ...o, grid, texts: data.texts, masks: data.masks! }) };
  } catch (error) {
    data.dispose();
    throw error;
  }
}
