// What a cheat could use: the text of a question, or the whole truth about one frame.
import {
  COLOUR_NAMES,
  describeClip,
  type Scene,
  SHAPE_NAMES,
  type Split,
  VOCABULARY,
  type World,
  type WorldQuestion,
  type WorldText,
} from '../generate/index.js';
import { poseAt, viewAt } from '../generate/truth.js';

/** A question as a choice between four feature vectors. */
export interface Example {
  type: string;
  /** [4][features] */
  options: Float32Array[];
  answer: number;
}

export type Cheat = 'blind' | 'first frame' | 'middle frame' | 'last frame' | 'random frame';
export const CHEATS: readonly Cheat[] = ['blind', 'first frame', 'middle frame', 'last frame', 'random frame'];

const WORD = new Map(VOCABULARY.map((word, i) => [word, i]));
const V = VOCABULARY.length;

/** Counts of words, at `at` of the vector. */
function addWords(into: Float32Array, at: number, text: string): void {
  for (const word of text.toLowerCase().match(/[a-z]+/g) ?? []) into[at + WORD.get(word)!]! += 1;
}

/**
 * The text: words of the stem, of the option, of the other options, first and second half of the option (order), and the
 * option's place.
 */
function blind({ stem, options }: WorldQuestion): Float32Array[] {
  return options.map((option, i) => {
    const features = new Float32Array(5 * V + 4);
    addWords(features, 0, stem);
    addWords(features, V, option);
    for (const [j, other] of options.entries()) if (j !== i) addWords(features, 2 * V, other);
    const [first = '', second = ''] = option.split(', then ');
    addWords(features, 3 * V, first);
    addWords(features, 4 * V, second);
    features[5 * V + i] = 1;
    return features;
  });
}

/** Of one object in one frame: place (and its waves, as the world repeats), size, angle, colour, shape, whether in front. */
const OBJECT = 13 + COLOUR_NAMES.length + SHAPE_NAMES.length;

/** Where an object's centre is in the picture, of its copies that nearest to the middle: pixels of 64. */
function pictured({ objects, camera }: Scene, index: number, u: number): [x: number, y: number] {
  const pose = poseAt(objects[index]!, u);
  const { scale, panX, panY } = viewAt(camera, u, camera.parallax?.objects[index]);
  // Further ones would tell whence it came: they are not seen.
  const nearest = (d: number) => 32 + d - 64 * scale * Math.round(d / (64 * scale));
  return [nearest(scale * (pose.x - 32) - panX), nearest(scale * (pose.y - 32) - panY)];
}

function objectFeatures({ scene }: WorldText, index: number, u: number): Float32Array {
  const object = scene.objects[index]!;
  const pose = poseAt(object, u);
  const { scale } = viewAt(scene.camera, u);
  const [px, py] = pictured(scene, index, u);
  const [x, y] = [px / 64, py / 64];
  const turn = 2 * Math.PI;
  const r = (pose.radius * scale - 9) / 3;
  const front = index / Math.max(1, scene.objects.length - 1);
  const waves = [x, y].flatMap((p) => {
    const phase = turn * ((p - 0.5) / scale + 0.5);
    return [Math.cos(phase), Math.sin(phase)];
  });
  const numbers = [x - 0.5, y - 0.5, ...waves, r, r * r, Math.cos(pose.angle), Math.sin(pose.angle), front, scale - 1];
  const near = scene.objects.flatMap((_, i) => {
    if (i === index) return [];
    const [qx, qy] = pictured(scene, i, u);
    // The picture repeats every 64 · scale pixels.
    const along = (d: number) => Math.abs(d / scale - 64 * Math.round(d / scale / 64));
    return [Math.hypot(along(qx - px), along(qy - py)) / 32];
  });
  const out = new Float32Array(OBJECT);
  out.set([...numbers, near.length > 0 ? Math.min(...near) : 1]);
  out[13 + COLOUR_NAMES.indexOf(object.colour)] = 1;
  out[13 + COLOUR_NAMES.length + SHAPE_NAMES.indexOf(object.shape)] = 1;
  return out;
}

/**
 * The truth of one frame, given which object the question is about: for questions whose options are objects, each
 * option's own object; else the mover (or the first object), beside the words of the option.
 */
function oneFrame(clip: WorldText, question: WorldQuestion, u: number): Float32Array[] {
  const { scene } = clip;
  return question.options.map((option) => {
    const features = new Float32Array(2 * OBJECT + 3 * V + 1);
    const named = scene.objects.findIndex(({ colour, shape }) => option === `the ${colour} ${shape}`);
    if (question.type === 'MO') {
      if (named >= 0) features.set(objectFeatures(clip, named, u));
      else features[features.length - 1] = 1;
      // What is seen of all of them, for "none of them".
      scene.objects.forEach((_, i) => {
        objectFeatures(clip, i, u).forEach((value, k) => {
          features[OBJECT + k]! += value / scene.objects.length;
        });
      });
      return features;
    }
    features.set(objectFeatures(clip, scene.mover ?? 0, u), OBJECT);
    addWords(features, 2 * OBJECT, option);
    const [first = '', second = ''] = option.split(', then ');
    addWords(features, 2 * OBJECT + V, first);
    addWords(features, 2 * OBJECT + 2 * V, second);
    return features;
  });
}

/** Some clips of a split. */
export interface ClipSet {
  world: World;
  split: Split;
  first: number;
  count: number;
}

/** All questions of some clips, as a cheat sees them. */
export function examples({ world, split, first, count }: ClipSet, cheat: Cheat): Example[] {
  return Array.from({ length: count }, (_, i) => describeClip(split, first + i, { world })).flatMap((clip) => {
    const u = {
      blind: 0,
      'first frame': 0,
      'middle frame': 0.5,
      'last frame': 1,
      'random frame': ((clip.scene.index * 7) % 16) / 15,
    }[cheat];
    return clip.questions.map((question) => ({
      type: question.type,
      options: cheat === 'blind' ? blind(question) : oneFrame(clip, question, u),
      answer: question.answer,
    }));
  });
}
