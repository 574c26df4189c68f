// Questions about motion. For each type, the right answer is as frequent among the clips asked as any other and the wrong
// ones are drawn alike from the rest: the text tells nothing. Nor does a frame, as places and angles are spread evenly at
// every moment. Sizes cannot be (what grows is small at first), so questions about worlds leave growing, shrinking and
// zooming out; those for pre-training have them.

import { MOVING_SHARES, STAGES, THREE, WORLD_SHARES } from './draw-scene.js';
import { PAN_SHARE } from './moving-camera.js';
import { type Draft, question, threeOthers, type WorldQuestion } from './question.js';
import type { Rng } from './rng.js';
import type { Action, Scene, SceneObject } from './scene.js';
import { DIRECTIONS, TIMES } from './vocabulary.js';

/** Of questions about the mover, how many call it "the thing", so that it must be found. */
const UNNAMED = 0.6;

const KINDS = {
  slide: 'slides straight on',
  corner: 'turns a corner',
  stop: 'slides and then stops',
  start: 'waits and then slides',
  sway: 'sways',
  hop: 'hops',
  spin: 'spins',
  grow: 'grows',
  shrink: 'shrinks',
} as const;
type Kind = keyof typeof KINDS;

const SIZED: readonly string[] = ['grow', 'shrink'];

/** Share of each kind among clips with a mover; 8 of the 30 ordered pairs of stages are two slides round a corner. */
const KIND_SHARES: Readonly<Record<string, number>> = Object.fromEntries(
  MOVING_SHARES.map(([family, share]) => (family === 'order' ? ['corner', (share * 8) / 30] : [family, share])),
);
const RAREST = Math.min(...Object.values(KIND_SHARES));

/** "None of them" must be right as often as each of three objects. */
const UNSIZED = MOVING_SHARES.reduce((sum, [family, share]) => sum + (SIZED.includes(family) ? 0 : share), 0);
const ASK_MOVER = (3 * WORLD_SHARES.pan) / (WORLD_SHARES.moving * UNSIZED * THREE);

export function motionQuestions(scene: Scene, rng: Rng): WorldQuestion[] {
  const drafts = scene.mover === null ? [] : aboutMover(scene, scene.mover, rng);
  const more = [whichMoves(scene, rng), howCamera(scene, rng)].filter((draft) => draft !== null);
  return [...drafts, ...more].map((draft) => question(draft, rng));
}

export const nameOf = ({ colour, shape }: SceneObject): string => `the ${colour} ${shape}`;

function aboutMover(scene: Scene, about: number, rng: Rng): Draft[] {
  const mover = scene.objects[about]!;
  const drafts: Draft[] = [];
  const ask = (type: Draft['type'], stem: (it: string) => string, statement: (it: string) => string) => {
    const subject = rng.chance(UNNAMED) ? 'thing' : 'named';
    const it = subject === 'thing' ? 'the thing' : nameOf(mover);
    return (right: string, wrong: readonly string[]) =>
      drafts.push({ type, subject, about, stem: stem(it), statement: `${statement(it)}.`, right, wrong });
  };
  const kinds = (Object.keys(KINDS) as Kind[]).filter((kind) => scene.form === 'single' || !SIZED.includes(kind));
  const kind = kindOf(scene, mover);
  if (kind && kinds.includes(kind) && rng.chance(RAREST / KIND_SHARES[kind]!)) {
    const all = kinds.map((one) => `it ${KINDS[one]}`);
    const right = `it ${KINDS[kind]}`;
    ask(
      'MR',
      (it) => `What does ${it} do?`,
      (it) => `${it} ${KINDS[kind]}`,
    )(right, threeOthers(all, right, rng));
  }
  const slide = mover.actions.find((action) => action.kind === 'slide');
  if (slide && scene.family !== 'order') {
    const right = DIRECTIONS[slide.direction]!.name;
    const all = DIRECTIONS.map(({ name }) => name);
    ask(
      'LM',
      (it) => `Which way does ${it} slide?`,
      (it) => `${it} slides ${right}`,
    )(right, threeOthers(all, right, rng));
  }
  const [first] = mover.actions;
  if (first?.kind === 'sway' || first?.kind === 'hop') {
    const right = TIMES[first.count - 1]!;
    const statement = (it: string) => `${it} ${first.kind}s ${right}`;
    ask('RC', (it) => `How many times does ${it} ${first.kind}?`, statement)(right, threeOthers(TIMES, right, rng));
  }
  if (scene.family === 'order') {
    const own = mover.actions.map(stageOf);
    const stem = (it: string) => `What does ${it} do first, and what then?`;
    const statement = (it: string) => orderText(own).replace('it', it);
    ask('AO', stem, statement)(orderText(own), otherOrders(own, rng));
  }
  return drafts;
}

function kindOf(scene: Scene, mover: SceneObject): Kind | null {
  if (scene.family !== 'order') return scene.family as Kind;
  const [a, b] = mover.actions.map((action) => (action.kind === 'slide' ? DIRECTIONS[action.direction]! : null));
  return a && b && a.x * b.x + a.y * b.y === 0 ? 'corner' : null;
}

const stageOf = (action: Action): string => (action.kind === 'slide' ? STAGES[action.direction]! : action.kind);

const STAGE_TEXT: Readonly<Record<string, string>> = {
  ...Object.fromEntries(STAGES.map((stage) => [stage, `slides ${stage}`])),
  spin: 'spins',
  wait: 'waits',
};

const orderText = ([a, b]: readonly string[]): string => `it ${STAGE_TEXT[a!]}, then it ${STAGE_TEXT[b!]}`;

/** The same stages the other way round, and both orders of another two: of the four, none stands out. */
function otherOrders([a, b]: readonly string[], rng: Rng): string[] {
  const pairs = STAGES.flatMap((first, i) => STAGES.slice(i + 1).map((second) => [first, second]));
  const other = rng.pick(pairs.filter((pair) => !pair.every((stage) => stage === a || stage === b)));
  return [[b!, a!], other, [other[1]!, other[0]!]].map(orderText);
}

function whichMoves({ objects, mover, family }: Scene, rng: Rng): Draft | null {
  const fits = mover !== null && !SIZED.includes(family);
  const asks = objects.length === 3 && (family === 'pan' || (fits && rng.chance(ASK_MOVER)));
  if (!asks) return null;
  const all = [...objects.map(nameOf), 'none of them'];
  const right = all[mover ?? 3]!;
  return {
    type: 'MO',
    subject: null,
    about: mover,
    stem: 'Which of them moves by itself?',
    statement: `${right} moves by itself.`,
    right,
    wrong: all.filter((option) => option !== right),
  };
}

/**
 * Of the moving world's clips that pan, whether or not an object moves, so many are asked how that there are as many of
 * these questions as in the still world.
 */
const ASK_PAN = WORLD_SHARES.pan / ((WORLD_SHARES.pan + WORLD_SHARES.moving) * PAN_SHARE);

/** Asked where things are spread over the whole world: where they keep to its middle, a pan would show in their places. */
function howCamera({ camera, family, world = 'still-camera' }: Scene, rng: Rng): Draft | null {
  const asks =
    world === 'still-camera' ? family === 'pan' : camera.kind === 'pan' && family !== 'camera' && rng.chance(ASK_PAN);
  if (!asks) return null;
  const all = DIRECTIONS.slice(0, 4).map(({ name }) => `it pans ${name}`);
  const right = all[camera.direction]!;
  return {
    type: 'CM',
    subject: null,
    about: null,
    stem: 'How does the camera move?',
    statement: `${right.replace('it', 'the camera')}.`,
    right,
    wrong: threeOthers(all, right, rng),
  };
}
