// Questions that one frame answers, for pre-training: what there is, and where.

import { nameOf } from './motion-questions.js';
import { type Draft, question, threeOthers, type WorldQuestion } from './question.js';
import type { Rng } from './rng.js';
import { type Scene, type SceneObject, UNIT } from './scene.js';
import { COLOUR_NAMES, SHAPE_NAMES } from './vocabulary.js';

const COUNTS = ['one', 'two', 'three', 'four'] as const;
const PLACES = ['upper left', 'upper right', 'lower left', 'lower right'] as const;

export function staticQuestions({ objects }: Scene, rng: Rng): WorldQuestion[] {
  const ask = (
    type: Draft['type'],
    about: number | null,
    stem: string,
    all: readonly string[],
    right: string,
    statement: string,
  ) =>
    question(
      { type, subject: null, about, stem, statement: `${statement}.`, right, wrong: threeOthers(all, right, rng) },
      rng,
    );
  const about = rng.below(objects.length);
  const { colour, shape } = objects[about]!;
  const count = COUNTS[objects.length - 1]!;
  const questions = [
    ask('colour', about, `Which colour is the ${shape}?`, COLOUR_NAMES, colour, `the ${shape} is ${colour}`),
    ask('shape', about, `Which shape is ${colour}?`, SHAPE_NAMES, shape, `the ${shape} is ${colour}`),
    ask('count', null, 'How many things are there?', COUNTS, count, `there are ${count} things`),
  ];
  const clear = [...objects.keys()].filter((i) => isClear(objects[i]!));
  if (clear.length > 0) {
    const i = rng.pick(clear);
    const { x, y } = objects[i]!;
    const place = PLACES[(y > UNIT / 2 ? 2 : 0) + (x > UNIT / 2 ? 1 : 0)]!;
    const name = nameOf(objects[i]!);
    questions.push(ask('place', i, `Where is ${name}?`, PLACES, place, `${name} is ${place}`));
  }
  return questions;
}

/** Its centre is not near the lines between the four places. */
const isClear = ({ x, y }: SceneObject): boolean => Math.abs(x - UNIT / 2) > 4 && Math.abs(y - UNIT / 2) > 4;
