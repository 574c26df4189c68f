import { drawMovingView } from './moving-camera.js';
import { Rng } from './rng.js';
import {
  type Action,
  type Background,
  type Camera,
  type Family,
  type Form,
  type Scene,
  type SceneObject,
  UNIT,
} from './scene.js';
import { allowedPairs, BACKGROUNDS, type Direction, PATTERNS, type Split, type World } from './vocabulary.js';

/** Shares of the families among clips with a mover; questions undo them where they would give an answer away. */
export const MOVING_SHARES = [
  ['slide', 0.22],
  ['stop', 0.05],
  ['start', 0.05],
  ['order', 0.22],
  ['sway', 0.12],
  ['hop', 0.12],
  ['spin', 0.1],
  ['grow', 0.06],
  ['shrink', 0.06],
] as const satisfies readonly (readonly [Family, number])[];

/** Shares of a world's clips: with one mover; `pan`; `camera`. */
export const WORLD_SHARES = { moving: 0.75, pan: 0.1, camera: 0.15 };
/** Share of clips with a mover that have three objects, not two. */
export const THREE = 0.6;

/** What one stage of a two-stage path may be: a slide along an axis, a spin, or nothing. */
export const STAGES = ['left', 'right', 'up', 'down', 'spin', 'wait'] as const;

const SPLITS: readonly Split[] = ['train', 'validation', 'test', 'pretrain'];
const FORMS: readonly Form[] = ['world', 'single', 'static'];

/** A number of its own for every clip of every split. */
export const clipSeed = (split: Split, form: Form, index: number): number =>
  (SPLITS.indexOf(split) * FORMS.length + FORMS.indexOf(form)) * 2 ** 26 + index;

/** Seeds of the moving cameras: no clip has one of them for its objects. */
const CAMERA_SEEDS = 2 ** 31;

/** The scene of a clip, and the rng that its caption and questions go on with. */
export function drawScene(
  split: Split,
  form: Form,
  index: number,
  world: World = 'still-camera',
): { scene: Scene; rng: Rng } {
  const rng = new Rng(clipSeed(split, form, index));
  const family = drawFamily(form, rng);
  const count = countOf(form, family, rng);
  const objects = drawObjects(split, form, family, count, rng);
  const camera = drawCamera(family, rng);
  const moves = MOVING_SHARES.some(([name]) => name === family);
  const mover = moves ? rng.below(count) : null;
  if (mover !== null) objects[mover]!.actions = drawActions(family, rng);
  const scene = { split, index, form, family, background: drawBackground(rng), camera, objects, mover };
  if (world === 'still-camera') return { scene, rng };
  // A source of its own: the clip of one index has the same objects and motions in both worlds.
  const cameraRng = new Rng(clipSeed(split, form, index) + CAMERA_SEEDS);
  return { scene: { world, ...scene, ...drawMovingView(scene, cameraRng) }, rng };
}

function drawFamily(form: Form, rng: Rng): Family {
  const moving = rng.weighted(MOVING_SHARES);
  if (form === 'static') return 'static';
  if (form === 'single') return moving;
  const { moving: share, pan, camera } = WORLD_SHARES;
  const which = rng.weighted<'moving' | 'pan' | 'camera'>([
    ['moving', share],
    ['pan', pan],
    ['camera', camera],
  ]);
  return which === 'moving' ? moving : which;
}

function countOf(form: Form, family: Family, rng: Rng): number {
  if (form === 'single') return 1;
  if (form === 'static') return 1 + rng.below(4);
  return family === 'pan' || rng.chance(THREE) ? 3 : 2;
}

/** How far apart centres are at least: a smaller distance would hide an object for the whole clip. */
const APART = 8;

function drawObjects(split: Split, form: Form, family: Family, count: number, rng: Rng): SceneObject[] {
  const pairs = allowedPairs(split);
  const objects: SceneObject[] = [];
  // Seen enlarged, the middle of the scene fills the picture; static scenes stay clear of the edges.
  const margin = family === 'camera' ? 15 : form === 'static' ? 9 : 0;
  const least = form === 'static' ? 15 : APART;
  while (objects.length < count) {
    const { colour, shape } = rng.pick(pairs);
    const [x, y] = [rng.between(margin, UNIT - margin), rng.between(margin, UNIT - margin)];
    const angle = rng.between(0, 2 * Math.PI);
    const radius = Math.exp(rng.between(Math.log(7.5), Math.log(10.5))) / (family === 'camera' ? 1.25 : 1);
    const pattern = rng.pick(PATTERNS);
    const alike = objects.some((o) => o.colour === colour || o.shape === shape);
    if (alike || objects.some((o) => distance(o, { x, y }) < least)) continue;
    objects.push({ colour, shape, pattern, radius, angle, x, y, actions: [] });
  }
  return objects;
}

/** The shorter way round. */
function distance(a: { x: number; y: number }, b: { x: number; y: number }): number {
  const along = (d: number) => Math.min(Math.abs(d), UNIT - Math.abs(d));
  const [x, y] = [along(a.x - b.x), along(a.y - b.y)];
  return Math.sqrt(x * x + y * y);
}

const signed = (rng: Rng, low: number, high: number): number => rng.between(low, high) * (rng.chance(0.5) ? 1 : -1);

function drawActions(family: Family, rng: Rng): Action[] {
  const slide = (low: number, high: number, direction: Direction = rng.below(8)): Action => ({
    kind: 'slide',
    direction,
    distance: rng.between(low, high),
  });
  switch (family) {
    case 'slide':
      return [slide(18, 30)];
    case 'stop':
      return [slide(13, 20), { kind: 'wait' }];
    case 'start':
      return [{ kind: 'wait' }, slide(13, 20)];
    case 'order': {
      const two = rng.shuffled(STAGES).slice(0, 2);
      return two.map((stage): Action => {
        if (stage === 'wait') return { kind: 'wait' };
        if (stage === 'spin') return { kind: 'spin', angle: signed(rng, 2.4, 3.8) };
        return slide(13, 18, STAGES.indexOf(stage));
      });
    }
    case 'sway': {
      const [direction, amplitude, count] = [rng.pick([1, 3]), rng.between(6, 9), 1 + rng.below(4)];
      return [{ kind: 'sway', direction, amplitude, count, phase: rng.between(0, 2 * Math.PI) }];
    }
    case 'hop':
      return [{ kind: 'hop', height: rng.between(10, 14), count: 1 + rng.below(4) }];
    case 'spin':
      return [{ kind: 'spin', angle: signed(rng, 2.6, 5.2) }];
    case 'grow':
      return [{ kind: 'resize', amount: rng.between(0.45, 0.7) }];
    case 'shrink':
      return [{ kind: 'resize', amount: -rng.between(0.45, 0.7) }];
    default:
      return [];
  }
}

function drawCamera(family: Family, rng: Rng): Camera {
  const still: Camera = { kind: 'still', direction: 0, distance: 0, zoom: 0, zoomChange: 0 };
  if (family !== 'pan' && family !== 'camera') return still;
  const pan: Camera = { ...still, kind: 'pan', direction: rng.below(4), distance: rng.between(18, 28) };
  if (family === 'pan') return pan;
  const [zoom, zoomChange] = [rng.between(0.1, 0.4), signed(rng, 0.3, 0.5)];
  // A pan looks as enlarged as some moment of a zoom does.
  if (rng.chance(2 / 3)) return { ...pan, zoom: zoom + zoomChange * (rng.between(0, 1) - 0.5) };
  return { ...still, kind: 'zoom', zoom, zoomChange };
}

function drawBackground(rng: Rng): Background {
  const muted = (light: number): [number, number, number] => {
    const at = () => Math.round(light + rng.between(-16, 16));
    return [at(), at(), at()];
  };
  const light = rng.between(55, 120);
  const colours: Background['colours'] = [muted(light), muted(light + signed(rng, 26, 42))];
  const kind = rng.pick(BACKGROUNDS);
  const wave = () => 2 + rng.below(3);
  return { kind, colours, waves: [wave(), rng.chance(0.5) ? wave() : -wave()], seed: rng.below(2 ** 31) };
}
