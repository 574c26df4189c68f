import type { Rng } from './rng.js';
import type { Action, Scene, SceneObject } from './scene.js';
import { DIRECTIONS, TIMES } from './vocabulary.js';

/** What a word of a caption is about: the mover, its motion, things that stay, the camera's motion, or nothing of these. */
export type WordRole = 'mover' | 'motion' | 'static' | 'camera' | 'other';

export interface CaptionWord {
  text: string;
  /** [start, end) in the caption, UTF-16 units */
  start: number;
  end: number;
  role: WordRole;
  /** Index of the object that a `mover` or `static` word names. */
  object?: number;
}

type Part = Pick<CaptionWord, 'text' | 'role' | 'object'>;

const parts = (text: string, role: WordRole): Part[] => text.split(' ').map((word) => ({ text: word, role }));

export interface Caption {
  text: string;
  words: CaptionWord[];
}

/** Says what moves and how, and what stays; the order of the clauses is drawn. */
export function drawCaption(scene: Scene, rng: Rng): Caption {
  const clauses: Part[][] = [];
  const name = (object: SceneObject, index: number, role: WordRole): Part[] => [
    { text: /^[aeiou]/.test(object.colour) ? 'an' : 'a', role: 'other' },
    { text: object.colour, role, object: index },
    { text: object.shape, role, object: index },
  ];
  scene.objects.forEach((object, i) => {
    if (i === scene.mover) clauses.push([...name(object, i, 'mover'), ...parts(motionText(object.actions), 'motion')]);
  });
  const still = rng.shuffled([...scene.objects.keys()].filter((i) => i !== scene.mover));
  if (still.length > 0) {
    const named = still.flatMap((i, place) => [
      ...(place > 0 ? parts('and', 'other') : []),
      ...name(scene.objects[i]!, i, 'static'),
    ]);
    clauses.push([...named, ...parts(still.length > 1 ? 'stay still' : 'stays still', 'other')]);
  }
  const seen = cameraText(scene);
  if (seen) clauses.push([...parts('the camera', 'other'), ...parts(seen, 'camera')]);
  return spell(rng.shuffled(clauses));
}

function spell(clauses: readonly Part[][]): Caption {
  let text = '';
  const words: CaptionWord[] = [];
  for (const clause of clauses) {
    if (text) text += ',';
    for (const part of clause) {
      if (text) text += ' ';
      words.push({ ...part, start: text.length, end: text.length + part.text.length });
      text += part.text;
    }
  }
  return { text: `${text}.`, words };
}

const STAGE_TEXT: Readonly<Record<Action['kind'], (action: Action) => string>> = {
  wait: () => 'waits',
  slide: (a) => `slides ${a.kind === 'slide' ? DIRECTIONS[a.direction]!.name : ''}`,
  spin: () => 'spins',
  resize: (a) => (a.kind === 'resize' && a.amount > 0 ? 'grows' : 'shrinks'),
  sway: (a) =>
    a.kind === 'sway' ? `sways ${a.direction === 1 ? 'sideways' : 'up and down'} ${TIMES[a.count - 1]}` : '',
  hop: (a) => `hops ${a.kind === 'hop' ? TIMES[a.count - 1] : ''}`,
};

/** "slides left and then stops" */
function motionText(actions: readonly Action[]): string {
  return actions
    .map((action, stage) => (stage > 0 && action.kind === 'wait' ? 'stops' : STAGE_TEXT[action.kind](action)))
    .join(' and then ');
}

function cameraText({ camera }: Scene): string | null {
  if (camera.kind === 'pan') return `pans ${DIRECTIONS[camera.direction]!.name}`;
  if (camera.kind === 'zoom') return camera.zoomChange > 0 ? 'zooms in' : 'zooms out';
  return null;
}
