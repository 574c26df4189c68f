// Cameras of the world `moving-camera`, and what they pass. What a single frame shows of them (enlargement, scenery) is
// drawn alike whether or not an object moves, and apart from all that the objects do: it tells no answer.
import type { Rng } from './rng.js';
import { type Background, type Camera, type Parallax, type Scene, type Scenery, UNIT, type Wave } from './scene.js';
import { PATTERNS, SHAPE_NAMES } from './vocabulary.js';

/** Shares of the ways in which the camera moves, of clips whose questions are asked. */
export const PAN_SHARE = 0.4;
const CAMERA_SHARES = [
  ['pan', PAN_SHARE],
  ['zoom', 0.3],
  ['shake', 0.3],
] as const satisfies readonly (readonly [Camera['kind'], number])[];

/** How far things go for a pixel of a pan, from the back to the front. */
const DEPTHS = { background: [0.5, 0.6], scenery: [0.6, 0.85], objects: [0.85, 1.15] } as const;

/**
 * A scene of the still world as a camera sees it that moves: its camera, background and scenery. Scenes of several still
 * objects, asked where those are, stay as they are.
 */
export function drawMovingView(
  scene: Pick<Scene, 'family' | 'objects' | 'camera' | 'background'>,
  rng: Rng,
): Pick<Scene, 'camera' | 'background' | 'scenery'> {
  const { family, objects, camera, background } = scene;
  if (family === 'static') return { camera, background };
  const parallax: Parallax = {
    background: rng.between(...DEPTHS.background),
    objects: nearer(objects.length, DEPTHS.objects, rng),
  };
  // Those at the many enlargements of the still world are for captions alone: no question is asked about them.
  const moving = family === 'camera' ? camera : drawCamera(rng);
  return {
    camera: moving.kind === 'pan' ? { ...moving, parallax } : moving,
    background: { ...background, colours: drawColours(rng) },
    scenery: nearer(4, DEPTHS.scenery, rng).map((depth) => drawScenery(depth, rng)),
  };
}

const nearer = (count: number, [low, high]: readonly [number, number], rng: Rng): number[] =>
  Array.from({ length: count }, () => rng.between(low, high)).sort((a, b) => a - b);

function drawCamera(rng: Rng): Camera {
  const kind = rng.weighted<Camera['kind']>(CAMERA_SHARES);
  const strength = kind === 'shake' ? 1 : HELD;
  const shake = { x: drawWaves(strength, rng), y: drawWaves(strength, rng) };
  const still: Camera = { kind, direction: 0, distance: 0, zoom: 0, zoomChange: 0, shake };
  if (kind === 'shake') return still;
  if (kind === 'zoom') {
    const zoomChange = rng.between(0.6, 0.9) * (rng.chance(0.5) ? 1 : -1);
    return { ...still, zoom: rng.between(0.05, 0.25), zoomChange };
  }
  return { ...still, direction: rng.below(4), distance: rng.between(30, 42) };
}

/** A hand that is not quite still: in pixels, and times in a clip; the quick wave looks like no motion of an object. */
const SHAKE = [
  { amplitude: 2.6, count: 3.2 },
  { amplitude: 1.6, count: 6 },
] as const;

/** How strongly a camera that pans or zooms shakes too. */
const HELD = 0.5;

const drawWaves = (strength: number, rng: Rng): Wave[] =>
  SHAKE.map(({ amplitude, count }) => ({
    amplitude: strength * amplitude * rng.between(0.8, 1.2),
    count: count * rng.between(0.85, 1.15),
    phase: rng.between(0, 2 * Math.PI),
  }));

/** Further apart than the still world's, so that the background changes about as much as objects do. */
function drawColours(rng: Rng): Background['colours'] {
  const tinted = (light: number): [number, number, number] => {
    const at = () => Math.round(light + rng.between(-24, 24));
    return [at(), at(), at()];
  };
  const dark = rng.between(50, 90);
  const colours = [tinted(dark), tinted(dark + rng.between(60, 85))] as const;
  return rng.chance(0.5) ? [...colours] : [colours[1], colours[0]];
}

/** Black, brown, purple, olive, dark teal: none that an object's colour could be taken for. */
const SCENERY_COLOURS = [
  [18, 18, 22],
  [120, 66, 24],
  [120, 28, 150],
  [118, 118, 20],
  [10, 84, 84],
] as const;

function drawScenery(parallax: number, rng: Rng): Scenery {
  return {
    shape: rng.pick(SHAPE_NAMES),
    pattern: rng.pick(PATTERNS),
    colour: rng.pick(SCENERY_COLOURS),
    radius: rng.between(7, 10),
    angle: rng.between(0, 2 * Math.PI),
    x: rng.between(0, UNIT),
    y: rng.between(0, UNIT),
    parallax,
  };
}
