import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ForestRow, forestPlot } from './forest-plot.js';
import { forestFile } from './forest-style.js';

const series = [
  { name: 'to plain', column: 'a' },
  { name: 'to control', column: 'b' },
];
const none = { mean: Number.NaN, half: Number.NaN };
const row = (label: string, marks: ForestRow['marks']): ForestRow => ({ label, marks, texts: ['x', 'y'] });
const plot = (rows: readonly ForestRow[]) => forestPlot({ title: 't', series, unit: 'points', rows });

test('means, intervals and the line at 0 lie where the axis says; all of it within the picture', () => {
  const { text } = plot([row('one', [{ mean: 1.5, half: 0.5 }, none]), row('two', [{ mean: -3, half: 2 }, none])]);
  const at = new Map(
    [...text.matchAll(/<text class="soft tick" x="([\d.]+)"[^>]*>([^<]+)</g)].map(([, x, name]) => [name!, Number(x)]),
  );
  assert.deepEqual([...at.keys()], ['−6', '−4', '−2', '0', '+2']);
  const zero = Number(/class="zero" x1="([\d.]+)"/.exec(text)![1]);
  assert.equal(zero, at.get('0'));
  const point = (at.get('+2')! - zero) / 2;
  const rows = text.split('<g>').slice(1);
  for (const [i, [mean, half]] of [
    [1.5, 0.5],
    [-3, 2],
  ].entries()) {
    const [, x] = /<circle class="m0" cx="([\d.]+)"/.exec(rows[i]!)!;
    const [, from, to] = /class="span m0" x1="([\d.]+)" x2="([\d.]+)"/.exec(rows[i]!)!;
    for (const [drawn, value] of [
      [x, mean!],
      [from, mean! - half!],
      [to, mean! + half!],
    ] as const)
      assert.ok(Math.abs(Number(drawn) - (zero + value * point)) < 0.11, `${rows[i]}: ${value}`);
  }
  const [, width, height] = /viewBox="0 0 (\d+) ([\d.]+)"/.exec(text)!;
  for (const [, name, value] of text.matchAll(/ (c?[xy][12]?)="([^"]+)"/g))
    assert.ok(Number(value) >= 0 && Number(value) <= Number(name!.includes('x') ? width : height), `${name} ${value}`);
});

test('what is no number is not drawn: a mean alone, a row without marks, nothing at all', () => {
  const alone = plot([row('one', [{ mean: 1, half: Number.NaN }, none])]).text;
  assert.match(alone, /<g>.*<circle/s);
  assert.doesNotMatch(alone, /class="span/);
  const empty = plot([row('one', [none, none])]).text;
  assert.doesNotMatch(empty.split('<g>')[1]!, /<circle|<path|class="span/);
  for (const text of [alone, empty, plot([]).text]) assert.doesNotMatch(text, /NaN|Infinity|undefined/);
});

test('a mean far out of the others’ is a triangle at the axis’s end, and the axis is the others’', () => {
  const others = [1, -1, 0.5].map((mean) => row('r', [{ mean, half: 0.5 }, none]));
  const { text } = plot([...others, row('far', [{ mean: -12, half: 1 }, none])]);
  const drawn = text.split('<g>').slice(1);
  const first = /<text class="soft tick" x="([\d.]+)"[^>]*>−2</.exec(text)![1]!;
  assert.ok(drawn[3]!.includes(`<path class="m0 off" d="M${first} `), drawn[3]);
  assert.doesNotMatch(drawn[3]!, /<circle|class="span/);
  assert.equal(text.match(/ off"/g)?.length, 1);
  assert.match(text, /points; triangles: further out/);
  assert.doesNotMatch(plot(others).text, /triangles/);
  const wide = plot([...others, row('wide', [{ mean: 1, half: 40 }, none])]).text.split('<g>')[4]!;
  assert.equal(wide.match(/ off"/g)?.length, 2, 'an interval is cut at both ends');
  assert.match(wide, /<circle/);
  // All far out alike: nothing is.
  assert.doesNotMatch(plot([-12, -11, 9].map((mean) => row('r', [{ mean, half: 1 }, none]))).text, / off"/);
});

test('two marks of a row lie apart, one in its middle', () => {
  const ys = (text: string) => [...text.matchAll(/class="span m\d"[^>]* y1="([\d.]+)"/g)].map(([, y]) => Number(y));
  const mark = { mean: 1, half: 1 };
  const [a, b, c] = ys(plot([row('one', [mark, mark]), row('two', [none, mark])]).text) as [number, number, number];
  assert.equal(b - a, 10);
  assert.equal(c - (a + b) / 2, 24, 'the height of a row');
});

test('a file of its own has its namespace and colours, and escapes names', () => {
  const text = forestFile({ title: '"<&', series, unit: '', rows: [row('a<b&"', [none, none])], notes: ["it's <i>"] });
  assert.match(text, /^<svg class="forest"[^>]* xmlns="http:\/\/www\.w3\.org\/2000\/svg">\n<style>/);
  assert.match(text, /aria-label="&quot;&lt;&amp;"/);
  assert.match(text, />a&lt;b&amp;&quot;<\/text>/);
  assert.doesNotMatch(text, /var\(|<i>|undefined/);
});
