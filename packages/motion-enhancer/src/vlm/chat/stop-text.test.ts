import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshSeed, randomSource } from '@motion-enhancer/support/testing';
import { StopText } from './stop-text.js';

const RANDOM = randomSource(freshSeed());

/** What comes through of a text cut anywhere. */
function through(
  text: string,
  stops: readonly string[],
  cuts: readonly number[],
): { pieces: string[]; stopped: boolean } {
  const pieces: string[] = [];
  const gate = new StopText(stops, (piece) => pieces.push(piece));
  let from = 0;
  for (const cut of [...cuts, text.length]) {
    if (!gate.push(text.slice(from, cut))) break;
    from = cut;
  }
  gate.end();
  return { pieces, stopped: gate.stopped };
}

test('however the text is cut, what stands before the first stop comes through, once', () => {
  const letters = 'abc';
  const draw = (length: number) => Array.from({ length }, () => letters[RANDOM.below(letters.length)]).join('');
  for (let i = 0; i < 500; i++) {
    const text = draw(12);
    const stops = [draw(2), draw(3)];
    const cuts = Array.from({ length: 4 }, () => RANDOM.below(12)).sort((a, b) => a - b);
    const first = Math.min(...stops.map((stop) => text.indexOf(stop)).map((at) => (at < 0 ? text.length : at)));
    const { pieces, stopped } = through(text, stops, cuts);
    // A stop that ends earlier may win over one that begins earlier: only the beginning of the text is certain.
    assert.equal(
      stopped,
      stops.some((stop) => text.includes(stop)),
    );
    if (!stopped) assert.equal(pieces.join(''), text);
    else assert.ok(pieces.join('').length >= first && text.startsWith(pieces.join('')), `${text} ${stops} ${cuts}`);
    assert.ok(pieces.every((piece) => piece !== ''));
    assert.ok(stops.every((stop) => !pieces.join('').includes(stop)));
  }
});

test('what may be the beginning of a stop waits; no stops, no waiting', () => {
  const pieces: string[] = [];
  const gate = new StopText(['\nUser:'], (piece) => pieces.push(piece));
  assert.equal(gate.push('yes\nUs'), true);
  assert.deepEqual(pieces, ['yes']);
  assert.equal(gate.push('ed'), true);
  assert.deepEqual(pieces, ['yes', '\nUsed']);
  assert.equal(gate.push('\nUser: and more'), false);
  assert.equal(gate.push('after'), false);
  gate.end();
  assert.deepEqual(pieces, ['yes', '\nUsed']);
  assert.deepEqual(through('abc', [], [1, 2]).pieces, ['a', 'b', 'c']);
});
