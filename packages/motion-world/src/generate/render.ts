import { backgroundTexture } from './background.js';
import { poseAt } from './pose.js';
import { type Camera, type Pose, type Scene, type SceneObject, UNIT, type Wave } from './scene.js';
import { OUTLINES, REACH, SHADES } from './shapes.js';
import { COLOURS, DIRECTIONS, type Pattern, type Shape } from './vocabulary.js';

export interface Rendered {
  /** uint8 [frames, size, size, 3] */
  frames: Uint8Array;
  /** Which object is in front, index + 1, or 0: uint8 [frames, size, size] */
  masks: Uint8Array;
}

/** How much darker the dark parts of objects are. */
const DARK = 0.5;

/** Draws a scene. The world repeats every 64 pixels of the scene, so what leaves on one side enters on the other. */
export function render(scene: Scene, count: number, size: number): Rendered {
  const frames = new Uint8Array(count * size * size * 3);
  const masks = new Uint8Array(count * size * size);
  const texture = backgroundTexture(scene.background, size);
  for (let t = 0; t < count; t++) {
    const u = count === 1 ? 0.5 : t / (count - 1);
    const frame = frames.subarray(t * size * size * 3, (t + 1) * size * size * 3);
    const mask = masks.subarray(t * size * size, (t + 1) * size * size);
    const { camera, scenery = [], objects } = scene;
    const { background, objects: depths } = camera.parallax ?? { background: 1, objects: objects.map(() => 1) };
    drawBackground(frame, texture, size, viewAt(camera, u, background));
    for (const thing of scenery)
      drawThing({ frame, mask, size, label: 0 }, thing, thing, viewAt(camera, u, thing.parallax));
    for (const [i, object] of objects.entries()) {
      const view = viewAt(camera, u, depths[i]);
      drawThing({ frame, mask, size, label: i + 1 }, paintOf(object), poseAt(object, u), view);
    }
  }
  return { frames, masks };
}

/** How the camera sees the world: picture = 32 + scale · (world − 32) − pan. */
export interface View {
  scale: number;
  panX: number;
  panY: number;
}

/**
 * How the camera sees what is at some depth, at time u (0 to 1).
 * @param parallax how far its picture goes for every pixel of a pan
 */
export function viewAt(camera: Camera, u: number, parallax = 1): View {
  const { x, y } = DIRECTIONS[camera.direction]!;
  const { shake } = camera;
  const gone = camera.kind === 'pan' ? camera.distance * parallax * (u - 0.5) : 0;
  const change = camera.kind === 'zoom' ? camera.zoomChange * (u - 0.5) : 0;
  const shaken = (waves: readonly Wave[] = []) =>
    waves.reduce((sum, { amplitude, count, phase }) => sum + amplitude * Math.sin(2 * Math.PI * count * u + phase), 0);
  return {
    scale: Math.exp(camera.zoom + change),
    panX: x * gone + shaken(shake?.x),
    panY: y * gone + shaken(shake?.y),
  };
}

function drawBackground(frame: Uint8Array, texture: Uint8Array, size: number, { scale, panX, panY }: View): void {
  if (scale === 1 && panX === 0 && panY === 0) {
    frame.set(texture);
    return;
  }
  const columns = samplesAlong(size, scale, panX);
  const rows = samplesAlong(size, scale, panY);
  for (let y = 0, at = 0; y < size; y++) {
    const top = rows.before[y]! * size;
    const bottom = rows.after[y]! * size;
    const v = rows.share[y]!;
    for (let x = 0; x < size; x++) {
      const u = columns.share[x]!;
      const left = columns.before[x]!;
      const right = columns.after[x]!;
      const a = (top + left) * 3;
      const b = (top + right) * 3;
      const c = (bottom + left) * 3;
      const d = (bottom + right) * 3;
      for (let channel = 0; channel < 3; channel++) {
        const upper = texture[a + channel]! * (1 - u) + texture[b + channel]! * u;
        const lower = texture[c + channel]! * (1 - u) + texture[d + channel]! * u;
        frame[at++] = upper + (lower - upper) * v + 0.5;
      }
    }
  }
}

/** Between which texels each pixel of a row (or column) lies, and how far towards the second. */
function samplesAlong(size: number, scale: number, pan: number) {
  const before = new Int32Array(size);
  const after = new Int32Array(size);
  const share = new Float64Array(size);
  const half = size / 2;
  for (let i = 0; i < size; i++) {
    const place = half + (i + 0.5 + (pan * size) / UNIT - half) / scale - 0.5;
    const first = Math.floor(place);
    share[i] = place - first;
    before[i] = ((first % size) + size) % size;
    after[i] = (before[i]! + 1) % size;
  }
  return { before, after, share };
}

/** Where one thing of a frame is drawn. */
interface Canvas {
  /** [size, size, 3] */
  frame: Uint8Array;
  /** [size, size] */
  mask: Uint8Array;
  size: number;
  /** The thing's, in the mask. */
  label: number;
}

/** One picture of a thing, in pixels of the frame. */
interface Copy {
  cx: number;
  cy: number;
  r: number;
  angle: number;
  /** Nothing of it is further from its centre. */
  reach: number;
}

/** What something looks like, wherever it is. */
interface Paint {
  shape: Shape;
  pattern: Pattern;
  colour: readonly [number, number, number];
}

const paintOf = ({ shape, pattern, colour }: SceneObject): Paint => ({ shape, pattern, colour: COLOURS[colour] });

function drawThing(canvas: Canvas, paint: Paint, pose: Pose, view: View): void {
  const { size } = canvas;
  const unit = size / UNIT;
  const r = pose.radius * view.scale * unit;
  const period = size * view.scale;
  const reach = REACH * r + 1;
  const place = (world: number, pan: number) => (32 + view.scale * (world - 32) - pan) * unit;
  /** The copies of it that reach into the picture. */
  const copies = (centre: number): number[] => {
    const found: number[] = [];
    for (let c = centre - Math.floor((centre + reach) / period) * period; c - reach < size; c += period) found.push(c);
    return found;
  };
  for (const cy of copies(place(pose.y, view.panY))) {
    for (const cx of copies(place(pose.x, view.panX))) drawCopy(canvas, paint, { cx, cy, r, angle: pose.angle, reach });
  }
}

function drawCopy(canvas: Canvas, { shape, colour, pattern }: Paint, copy: Copy): void {
  const { frame, mask, size, label } = canvas;
  const { cx, cy, r, angle, reach } = copy;
  const outline = OUTLINES[shape];
  const shade = SHADES[pattern];
  const [red, green, blue] = colour;
  const [cos, sin] = [Math.cos(angle) / r, Math.sin(angle) / r];
  const soft = 1 / r;
  const y1 = Math.min(size, Math.ceil(cy + reach));
  const x1 = Math.min(size, Math.ceil(cx + reach));
  for (let y = Math.max(0, Math.floor(cy - reach)); y < y1; y++) {
    const dy = y + 0.5 - cy;
    for (let x = Math.max(0, Math.floor(cx - reach)); x < x1; x++) {
      const dx = x + 0.5 - cx;
      const lx = cos * dx + sin * dy;
      const ly = cos * dy - sin * dx;
      if (lx * lx + ly * ly > REACH * REACH) continue;
      const cover = 0.5 - outline(lx, ly) * r;
      if (cover <= 0) continue;
      const full = Math.min(cover, 1);
      const light = DARK + (1 - DARK) * shade(lx, ly, soft);
      const at = (y * size + x) * 3;
      frame[at] = frame[at]! + (red * light - frame[at]!) * full + 0.5;
      frame[at + 1] = frame[at + 1]! + (green * light - frame[at + 1]!) * full + 0.5;
      frame[at + 2] = frame[at + 2]! + (blue * light - frame[at + 2]!) * full + 0.5;
      if (full >= 0.5) mask[y * size + x] = label;
    }
  }
}
