// What the mini VLM is pre-trained on: chats of several turns about still scenes and about single moving objects.
import { randomSource } from '@motion-enhancer/core/internal/train/data/order.js';
import type { WorldText } from '../generate/index.js';
import { poseAt } from '../generate/pose.js';
import type { SceneObject } from '../generate/scene.js';
import { type ClipTurn, captionTurn, choiceTurn, DESCRIBE, openTurn } from './samples.js';

const nameOf = ({ colour, shape }: SceneObject) => `the ${colour} ${shape}`;

/** Row and column, of four each, in which an object's centre is at time u, as two digits. */
function cellOf(object: SceneObject, u: number): string {
  const { x, y } = poseAt(object, u);
  const quarter = (value: number) => Math.floor((((value % 64) + 64) % 64) / 16);
  return `${quarter(y)}${quarter(x)}`;
}

/** Frame pairs of a clip. */
const PAIRS = 8;

/** Where an object is: grounding, as Qwen2.5-VL is pre-trained on it, in the grid of the model's own visual tokens. */
export const cellTurn = (object: SceneObject): ClipTurn => ({
  prompt: `cell of ${nameOf(object)}`,
  reply: cellOf(object, 0.5),
});

/** The same in every frame pair of the clip. */
export function traceTurn(object: SceneObject): ClipTurn {
  const cells = Array.from({ length: PAIRS }, (_, k) => cellOf(object, (2 * k + 0.5) / (2 * PAIRS - 1)));
  return { prompt: `trace ${nameOf(object)}`, reply: cells.join('') };
}

/** Words that only pre-training uses, for the tokenizer's cut. */
export const PRETRAIN_TEXTS: readonly string[] = [DESCRIBE, 'cell of the red circle', 'trace the red circle', '0123'];

/** About so many characters of text follow the video: its tokens then fit in the length of the chats. */
const MAX_CHARACTERS = 330;

/** The turns of one chat about a clip: some of those that there are, in a drawn order, until it is long enough. */
export function pretrainTurns(text: WorldText, seed: number): ClipTurn[] {
  const random = randomSource(seed);
  const { scene, questions, caption } = text;
  const turns: ClipTurn[] = [
    captionTurn(caption),
    ...questions.map((q) => (random() < 0.5 ? openTurn : choiceTurn)({ ...q, question: q.stem })),
    ...scene.objects.map((object) => (scene.mover === null ? cellTurn(object) : traceTurn(object))),
  ];
  for (let i = turns.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [turns[i], turns[j]] = [turns[j]!, turns[i]!];
  }
  const chosen: ClipTurn[] = [];
  let characters = 0;
  for (const turn of turns) {
    const more = 40 + turn.prompt.length + turn.reply.length;
    if (chosen.length > 0 && characters + more > MAX_CHARACTERS) continue;
    chosen.push(turn);
    characters += more;
  }
  return chosen;
}
