import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RunState } from './states.js';

/** Fields of format 1, which had no hash of its own: with any other field it is a damaged one of format 2. */
const FIRST = new Set('format step place taken broken lambda rowSum generators recipe data sha256'.split(' '));

/** The text of state.json; its last field is the hash of all others. */
export function stateJson(state: Omit<RunState, 'format'>): string {
  const whole = { format: state.files ? 3 : 2, ...state };
  return `${JSON.stringify({ ...whole, self: hashOf(whole) }, null, 2)}\n`;
}

/** @throws Error whose message completes "the state is passed over: …" */
export function readStateJson(path: string): RunState {
  const { self, ...state } = JSON.parse(readFileSync(path, 'utf8')) as RunState & { self?: string };
  const sound =
    state.format === 2 || state.format === 3
      ? self === hashOf(state)
      : state.format === 1 && self === undefined && Object.keys(state).every((name) => FIRST.has(name));
  if (!sound) throw new Error('state.json does not match its hash');
  return state;
}

/** Of the values, whatever their order and spacing. */
const hashOf = (state: object): string => createHash('sha256').update(JSON.stringify(state)).digest('hex');
