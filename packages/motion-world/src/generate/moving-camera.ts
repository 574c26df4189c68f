// Cameras of the world `moving-camera`. What a single frame shows of them (the enlargement) is drawn alike whether or not
// an object moves, and apart from all that the objects do: it tells no answer.
import type { Rng } from './rng.js';
import type { Camera, Scene, Wave } from './scene.js';

type Seen = Pick<Scene, 'family' | 'objects' | 'camera'>;

/** Shares of the ways in which the camera moves, of clips whose questions are asked. */
export const PAN_SHARE = 0.4;
const CAMERA_SHARES = [
  ['pan', PAN_SHARE],
  ['zoom', 0.3],
  ['shake', 0.3],
] as const satisfies readonly (readonly [Camera['kind'], number])[];

/** How far the background goes for a pixel of a pan, and the objects from the back to the front. */
const BACKGROUND = [0.5, 0.6] as const;
const OBJECTS = [0.85, 1.15] as const;

/**
 * The camera of a scene of the moving world, in place of that which the scene has. Scenes of several still objects, asked
 * where those are, keep it.
 */
export function drawMovingCamera({ family, objects, camera }: Seen, rng: Rng): Camera {
  if (family === 'static') return camera;
  // At the enlargements of the still world, for captions alone: no question is asked about them.
  if (family === 'camera')
    return camera.kind === 'pan' ? { ...camera, parallax: parallax(objects.length, rng) } : camera;
  const none: Camera = { kind: 'still', direction: 0, distance: 0, zoom: 0, zoomChange: 0 };
  const kind = rng.weighted<Camera['kind']>(CAMERA_SHARES);
  if (kind === 'shake') return { ...none, kind, shake: { x: waves(rng), y: waves(rng) } };
  if (kind === 'zoom') {
    const change = rng.between(0.5, 0.8) * (rng.chance(0.5) ? 1 : -1);
    return { ...none, kind, zoom: rng.between(0.1, 0.3), zoomChange: change };
  }
  return {
    ...none,
    kind,
    direction: rng.below(4),
    distance: rng.between(24, 36),
    parallax: parallax(objects.length, rng),
  };
}

/** What is nearer goes further; objects are listed from the back to the front. */
function parallax(count: number, rng: Rng): { background: number; objects: number[] } {
  const objects = Array.from({ length: count }, () => rng.between(...OBJECTS)).sort((a, b) => a - b);
  return { background: rng.between(...BACKGROUND), objects };
}

/** A hand that is not quite still: quick enough to look like no motion of an object. */
const waves = (rng: Rng): Wave[] =>
  [
    [2.2, 3.2],
    [1.2, 6],
  ].map(([amplitude, count]) => ({
    amplitude: amplitude! * rng.between(0.8, 1.2),
    count: count! * rng.between(0.85, 1.15),
    phase: rng.between(0, 2 * Math.PI),
  }));
