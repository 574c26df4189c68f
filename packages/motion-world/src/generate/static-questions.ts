// Questions that one frame answers, for pre-training: what there is, and where.

import { nameOf } from './motion-questions.js';
import { type Draft, question, threeOthers, type WorldQuestion } from './question.js';
import type { Rng } from './rng.js';
import { type Scene, type SceneObject, UNIT } from './scene.js';
import { COLOUR_NAMES, SHAPE_NAMES } from './vocabulary.js';

const COUNTS = ['one', 'two', 'three', 'four'] as const;
const PLACES = ['upper left', 'upper right', 'lower left', 'lower right'] as const;

export function staticQuestions({ objects }: Scene, rng: Rng): WorldQuestion[] {
  const ask = ({ type, about, stem, all, right, statement }: StaticDraft) => {
    const wrong = threeOthers(all, right, rng);
    return question({ type, subject: null, about, stem, statement: `${statement}.`, right, wrong }, rng);
  };
  const about = rng.below(objects.length);
  const { colour, shape } = objects[about]!;
  const count = COUNTS[objects.length - 1]!;
  const statement = `the ${shape} is ${colour}`;
  const questions = [
    ask({ type: 'colour', about, stem: `Which colour is the ${shape}?`, all: COLOUR_NAMES, right: colour, statement }),
    ask({ type: 'shape', about, stem: `Which shape is ${colour}?`, all: SHAPE_NAMES, right: shape, statement }),
    ask({
      type: 'count',
      about: null,
      stem: 'How many things are there?',
      all: COUNTS,
      right: count,
      statement: `there are ${count} things`,
    }),
  ];
  const clear = [...objects.keys()].filter((i) => isClear(objects[i]!));
  if (clear.length > 0) {
    const i = rng.pick(clear);
    const { x, y } = objects[i]!;
    const right = PLACES[(y > UNIT / 2 ? 2 : 0) + (x > UNIT / 2 ? 1 : 0)]!;
    const name = nameOf(objects[i]!);
    const stem = `Where is ${name}?`;
    questions.push(ask({ type: 'place', about: i, stem, all: PLACES, right, statement: `${name} is ${right}` }));
  }
  return questions;
}

/** A question whose wrong options are three others of `all`. */
interface StaticDraft extends Pick<Draft, 'type' | 'about' | 'stem' | 'statement' | 'right'> {
  all: readonly string[];
}

/** Its centre is not near the lines between the four places. */
const isClear = ({ x, y }: SceneObject): boolean => Math.abs(x - UNIT / 2) > 4 && Math.abs(y - UNIT / 2) > 4;
