// A scene says all that a clip shows; frames, masks, captions and questions are made of it.
import type { BackgroundKind, Colour, Direction, Pattern, Shape, Split, World } from './vocabulary.js';

/** What an object does during one stage. Lengths in pixels of a picture of 64, angles in radians. */
export type Action =
  | { kind: 'wait' }
  | { kind: 'slide'; direction: Direction; distance: number }
  | { kind: 'spin'; angle: number }
  /** The radius changes by e^amount: grows above 0, shrinks below. */
  | { kind: 'resize'; amount: number }
  | { kind: 'sway'; direction: Direction; amplitude: number; count: number; phase: number }
  | { kind: 'hop'; height: number; count: number };

export interface SceneObject {
  colour: Colour;
  shape: Shape;
  pattern: Pattern;
  /** Half-way through the clip where it resizes. */
  radius: number;
  /** At the start. */
  angle: number;
  /** Half-way through the clip. */
  x: number;
  y: number;
  /** One stage after the other, each an equal share of the clip; none: it stays still. */
  actions: Action[];
}

export interface Camera {
  kind: 'still' | 'pan' | 'zoom' | 'shake';
  /** Where the camera goes: what it sees goes the other way. */
  direction: Direction;
  /** Pixels of the whole pan. */
  distance: number;
  /** Log of the enlargement half-way, and its change over the clip. */
  zoom: number;
  zoomChange: number;
  /** Of a pan: how far the picture of the background and of each object goes for every pixel of it; else all go alike. */
  parallax?: Parallax;
  /** Of a camera that shakes: the waves that its place is the sum of, along either axis. */
  shake?: { x: Wave[]; y: Wave[] };
}

export interface Parallax {
  background: number;
  objects: number[];
}

/** amplitude · sin(2π · count · u + phase), in pixels */
export interface Wave {
  amplitude: number;
  count: number;
  phase: number;
}

export interface Background {
  kind: BackgroundKind;
  colours: [readonly [number, number, number], readonly [number, number, number]];
  /** Whole waves across the picture and down, so that it joins at its edges. */
  waves: [number, number];
  seed: number;
}

/** A grey thing that stays behind all objects and that nothing names: the camera's motion shows in it. */
export interface Scenery extends Pick<SceneObject, 'shape' | 'pattern' | 'radius' | 'angle' | 'x' | 'y'> {
  colour: readonly [number, number, number];
  /** How far its picture goes for every pixel of a pan. */
  parallax: number;
}

/** `world`: the test bed; `single`: one object that moves; `static`: up to four that do not. */
export type Form = 'world' | 'single' | 'static';

export interface Scene {
  /** Absent: `still-camera`. */
  world?: World;
  split: Split;
  index: number;
  form: Form;
  /** The family that the motion was drawn from; questions are balanced by it. */
  family: Family;
  background: Background;
  camera: Camera;
  /** Behind the objects, from the back to the front; of the moving world alone. */
  scenery?: Scenery[];
  /** From the back to the front. */
  objects: SceneObject[];
  /** Index of the one object that moves; null: none does. */
  mover: number | null;
}

/** `pan`: nothing enlarged; `camera`: pans and zooms at many enlargements. */
export type Family =
  | 'slide'
  | 'stop'
  | 'start'
  | 'order'
  | 'sway'
  | 'hop'
  | 'spin'
  | 'grow'
  | 'shrink'
  | 'pan'
  | 'camera'
  | 'static';

/** Side of the picture that lengths of a scene are in. */
export const UNIT = 64;

/** Where an object is, in scene coordinates, at time u from 0 to 1. The world repeats every 64 pixels. */
export interface Pose {
  x: number;
  y: number;
  angle: number;
  radius: number;
}
