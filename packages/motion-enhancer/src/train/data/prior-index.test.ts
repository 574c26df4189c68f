import assert from 'node:assert/strict';
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tensor } from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import { wordSpans } from '@motion-enhancer/models';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { resizeMaps, sharpenRows } from '../../align/index.js';
import type { Row } from '../../data/rows.js';
import { PriorStore } from '../../prior/store/store.js';
import { BROKEN_VIDEO, OTHER_VIDEO, row, seen, TEXT, VIDEO, writePrior } from '../testing.js';
import { PriorIndex } from './prior-index.js';

/** A chat of one token a word, behind two tokens of video. */
function chatOf(text: string) {
  const lead = 'video ';
  const spans = wordSpans(text).map(([a, b]): [number, number] => [a + lead.length, b + lead.length]);
  return {
    text: lead + text,
    spans: [[0, 5], [0, 5], ...spans] as [number, number][],
    afterVideo: 2,
  };
}
const other = { video: OTHER_VIDEO };
const all = { heads: 'kept', words: 'all', wordRatio: 0.5 } as const;
const rowsOf = (maps: Tensor, word: number) => maps.select(0, word).flatten().toArray();

tensorTest('rows of the chosen heads, of all words', () => {
  const dir = temporaryFolder();
  const info = writePrior(dir, 'a');
  const index = new PriorIndex(dir, 4096);
  assert.deepEqual(index.grid, info.grid);
  assert.deepEqual([index.size, index.has(row('a')), index.has(row('a', other))], [1, true, false]);
  const prior = new PriorStore(dir).read(info.key);
  for (const heads of ['kept', 'all'] as const) {
    const placed = index.place(row('a'), chatOf(TEXT), { ...all, heads }, 'cpu')!;
    assert.equal(placed.dropped, 0);
    assert.deepEqual(
      placed.words,
      info.words.map((_, i) => [i + 2]),
    );
    const maps = heads === 'kept' ? prior.rows_WFHW : prior.allHeads_WFHW!;
    assert.deepEqual(placed.rows_WS.toArray(), maps.flatten(1).toArray());
  }
  assert.equal(index.place(row('a', other), chatOf(TEXT), all, 'cpu'), null);
});

tensorTest('the kept words are those of the highest motion saliency over the chosen heads', () => {
  const dir = temporaryFolder();
  const info = writePrior(dir, 'a');
  const prior = new PriorStore(dir).read(info.key);
  const index = new PriorIndex(dir, 4096);
  for (const heads of ['kept', 'all'] as const)
    for (const wordRatio of [0.3, 0.5, 1]) {
      const maps = heads === 'kept' ? prior.rows_WFHW : prior.allHeads_WFHW!;
      // Eq 14 by hand, for the two frames that there are.
      const saliency = info.words.map((_, w) => {
        const values = rowsOf(maps, w);
        const half = values.length / 2;
        const mean = (part: ArrayLike<number>) => Array.from(part).reduce((s, x) => s + x, 0) / part.length;
        const [a, b] = [mean(values.slice(0, half)), mean(values.slice(half))];
        return (a + b) / 2 + Math.abs(b - a);
      });
      const count = Math.ceil(wordRatio * info.words.length);
      const best = saliency
        .map((_, i) => i)
        .sort((a, b) => saliency[b]! - saliency[a]!)
        .slice(0, count)
        .sort((a, b) => a - b);
      const placed = index.place(row('a'), chatOf(TEXT), { heads, words: 'kept', wordRatio }, 'cpu')!;
      assert.deepEqual(
        placed.words,
        best.map((i) => [i + 2]),
      );
      best.forEach((w, i) => {
        closeTo(placed.rows_WS.select(0, i), rowsOf(maps, w), 0);
      });
    }
});

tensorTest('words that the chat has not are dropped and counted', () => {
  const dir = temporaryFolder();
  const info = writePrior(dir, 'a');
  const prior = new PriorStore(dir).read(info.key);
  const placed = new PriorIndex(dir, 4096).place(row('a'), chatOf('Here runs my dog.'), all, 'cpu')!;
  assert.deepEqual(placed.words, [[5], [3]]); // dog, runs: in the prior's order
  assert.equal(placed.dropped, info.words.length - 2);
  const at = (text: string) => info.words.findIndex((word) => word.text === text);
  closeTo(placed.rows_WS.select(0, 0), rowsOf(prior.rows_WFHW, at('dog')), 0);
  closeTo(placed.rows_WS.select(0, 1), rowsOf(prior.rows_WFHW, at('runs')), 0);
  assert.equal(new PriorIndex(dir, 4096).place(row('a'), chatOf('Nothing of it.'), all, 'cpu'), null);
});

tensorTest('maps of another shape are resized to the commonest grid, and a large one is capped', () => {
  const dir = temporaryFolder();
  writePrior(dir, 'a');
  writePrior(dir, 'b');
  const other = writePrior(dir, 'c', { grid: { frames: 3, height: 5, width: 2 } });
  const index = new PriorIndex(dir, 4096);
  const grid = { frames: 2, height: 3, width: 4 };
  assert.deepEqual(index.grid, grid);
  const maps = new PriorStore(dir).read(other.key).rows_WFHW.flatten(1);
  const placed = index.place(row('c'), chatOf(TEXT), all, 'cpu')!;
  closeTo(placed.rows_WS, resizeMaps(maps, other.grid, grid), 1e-6);
  const capped = new PriorIndex(dir, 8).grid;
  assert.ok(capped.frames * capped.height * capped.width <= 8);
  assert.equal(
    new PriorIndex(dir, 8).place(row('a'), chatOf(TEXT), all, 'cpu')!.rows_WS.size(1),
    capped.frames * capped.height * capped.width,
  );
});

tensorTest(
  'maps are sharpened as they were extracted, before they are resized; selection and gate do not see it',
  () => {
    const dir = temporaryFolder();
    for (const id of ['a', 'b']) writePrior(dir, id);
    const other = writePrior(dir, 'c', { grid: { frames: 3, height: 5, width: 2 } });
    const index = new PriorIndex(dir, 4096);
    const placed = (id: string, given: object) =>
      index.place(row(id), chatOf(TEXT), { ...all, words: 'kept', gate: 'focus', gateFull: 1, ...given }, 'cpu')!;
    for (const id of ['a', 'c']) {
      const [plain, sharp] = [placed(id, {}), placed(id, { sharpen: 4 })];
      assert.deepEqual(sharp.words, plain.words);
      assert.equal(sharp.weight, plain.weight);
      assert.deepEqual(placed(id, { sharpen: 1 }).rows_WS.toArray(), plain.rows_WS.toArray(), 'bit for bit');
    }
    const powers = placed('a', {}).rows_WS.pow(4);
    const sums = placed('a', {}).rows_WS.sum(-1, true);
    closeTo(placed('a', { sharpen: 4 }).rows_WS, powers.mul(sums).div(powers.sum(-1, true)), 1e-5);
    const maps = new PriorStore(dir).read(other.key).rows_WFHW.flatten(1);
    const found = index.place(row('c'), chatOf(TEXT), { ...all, sharpen: 4 }, 'cpu')!.rows_WS;
    closeTo(found, resizeMaps(sharpenRows(maps, 4), other.grid, index.grid), 1e-6);
    const after = sharpenRows(resizeMaps(maps, other.grid, index.grid), 4);
    assert.ok(found.sub(after).abs().max().item() > 0.01 * found.max().item(), 'the order matters');
  },
);

tensorTest('rows are scaled after they are sharpened and resized; selection and gate do not see it', () => {
  const dir = temporaryFolder();
  for (const id of ['a', 'b']) writePrior(dir, id);
  writePrior(dir, 'c', { grid: { frames: 3, height: 5, width: 2 } });
  const index = new PriorIndex(dir, 4096);
  const placed = (id: string, given: object) =>
    index.place(row(id), chatOf(TEXT), { ...all, words: 'kept', gate: 'focus', sharpen: 4, ...given }, 'cpu')!;
  for (const id of ['a', 'c']) {
    const [raw, scaled] = [placed(id, {}), placed(id, { rowSum: 0.07 })];
    closeTo(scaled.rows_WS.sum(-1), new Array(scaled.words.length).fill(0.07), 1e-6);
    closeTo(scaled.rows_WS, raw.rows_WS.mul(0.07).div(raw.rows_WS.sum(-1, true)), 1e-6);
    assert.deepEqual([scaled.words, scaled.weight], [raw.words, raw.weight]);
    assert.deepEqual(placed(id, { rowSum: null }).rows_WS.toArray(), raw.rows_WS.toArray(), 'bit for bit');
  }
});

tensorTest('of several priors of a sample the newest counts', () => {
  const dir = temporaryFolder();
  const times = ['2026-03-01', '2026-01-01', '2026-02-01'].map((day) => `${day}T00:00:00Z`);
  const infos = times.map((createdAt) => writePrior(dir, 'a', { createdAt }));
  const index = new PriorIndex(dir, 4096);
  assert.equal(index.size, 1);
  const newest = new PriorStore(dir).read(infos[0]!.key).rows_WFHW.flatten(1);
  closeTo(index.place(row('a'), chatOf(TEXT), all, 'cpu')!.rows_WS, newest, 0);
});

tensorTest('a prior is of the row’s own video, part and text, whatever their names', () => {
  const dir = temporaryFolder();
  const clip = { ...seen(VIDEO), start: 0, end: 1 };
  writePrior(dir, 'row-7', { createdAt: '2026-01-01T00:00:00Z' });
  writePrior(dir, 'of the other', { video: seen(OTHER_VIDEO), createdAt: '2026-01-02T00:00:00Z' });
  writePrior(dir, 'row-8', { video: clip, createdAt: '2026-01-03T00:00:00Z' });
  writePrior(dir, 'row-9', { text: 'Another text of it.', createdAt: '2026-01-04T00:00:00Z' });
  const index = new PriorIndex(dir, 4096);
  const read = (key: string) => new PriorStore(dir).read(key).rows_WFHW.flatten(1);
  const prior = (given: Parameters<typeof row>) => {
    const r = row(...given);
    return index.lacks(r) ?? index.place(r, chatOf(TEXT), all, 'cpu')!.rows_WS;
  };
  const found = (id: string, day: string) => read(`key-${id}-2026-01-0${day}T00:00:00Z`);
  const renamed = join(dir, 'renamed.bin');
  copyFileSync(VIDEO, renamed);
  for (const given of [['x'], ['row-7'], ['of the other'], ['y', { video: renamed }]] as Parameters<typeof row>[])
    closeTo(prior(given) as Tensor, found('row-7', '1'), 0);
  closeTo(prior(['row-7', { video: OTHER_VIDEO }]) as Tensor, found('of the other', '2'), 0);
  const part = (start?: number, end?: number): Partial<Row> => {
    const range = { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) };
    return { media: [{ type: 'video', path: VIDEO, ...range }] };
  };
  closeTo(prior(['row-7', part(0, 1)]) as Tensor, found('row-8', '3'), 0);
  const none = 'priors of their text are of another part of a video';
  for (const range of [[1, 2], [0, 2], [undefined, 1], [0]]) assert.equal(prior(['row-8', part(...range)]), none);
  assert.equal(prior(['row-7', { video: BROKEN_VIDEO }]), 'priors of their text are of another video');
  assert.match(prior(['row-7', { video: join(dir, 'gone.mp4') }]) as string, /cannot be read .*gone\.mp4/);
  const turns = row('').turns.map((turn) => ({ ...turn, content: turn.content.replace('dog', 'cat') }));
  assert.equal(prior(['row-9', { turns }]), 'no prior is of their text');
  assert.equal(prior(['row-7', { media: [], video: '' }]), 'they have no video');
});

tensorTest('of several priors of one content those under the row’s id come first, then the newest', () => {
  const dir = temporaryFolder();
  const [a, , c] = ['a', 'b', 'c'].map((id, i) => writePrior(dir, id, { createdAt: `2026-01-0${i + 1}T00:00:00Z` }));
  const index = new PriorIndex(dir, 4096);
  const maps = (key: string) => new PriorStore(dir).read(key).rows_WFHW.flatten(1);
  const placed = (r: ReturnType<typeof row>) => index.place(r, chatOf(TEXT), all, 'cpu')!.rows_WS;
  closeTo(placed(row('a')), maps(a!.key), 0);
  closeTo(placed(row('set/a', { fileId: 'a' })), maps(a!.key), 0);
  closeTo(placed(row('d')), maps(c!.key), 0);
});

tensorTest('random weights are remembered; what is no prior is told', () => {
  const dir = temporaryFolder();
  const info = writePrior(dir, 'a');
  assert.equal(new PriorIndex(dir, 4096).random, false);
  writePrior(dir, 'b', { model: { ...info.model, weights: 'random' } });
  assert.equal(new PriorIndex(dir, 4096).random, true);
  writeFileSync(join(dir, 'c.safetensors'), 'no');
  assert.throws(() => new PriorIndex(dir, 4096), { name: 'UserError', message: /c\.safetensors/ });
  rmSync(dir, { recursive: true });
  assert.throws(() => new PriorIndex(dir, 4096), { name: 'UserError', code: 'ERR_PRIOR', message: /extract/ });
});
