import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, describe, it } from 'node:test';
import { cat, full, liveTensors, scope, scopeAsync } from '@motion-enhancer/libtorch';
import { decodePng, type PngImage } from '../data/image/index.js';
import type { PriorConfig } from '../prior/config.js';
import { glyph } from './bitmap-font.js';
import { wordFileName, writeHeatMaps } from './heat-maps.js';
import { latentStrip } from './latent-strip.js';
import { drawText, fitText, INK, picture, textWidth } from './picture.js';
import { madeFrames, madePrior } from './testing.js';
import { thumbnails } from './thumbnails.js';
import { animatedPlaces, heatAt, writeWordAnimations } from './word-animation.js';
import { quantile, wordHeats } from './word-heat.js';

const scratch = mkdtempSync(join(tmpdir(), 'heat-maps-'));
after(() => rmSync(scratch, { recursive: true }));

const read = (path: string): PngImage => decodePng(readFileSync(path));
const pixel = ({ data, width }: PngImage, x: number, y: number) => [
  ...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
];
/** Whether a row of pixels anywhere has this colour. */
const has = (image: PngImage, colour: readonly number[]) => {
  for (let i = 0; i < image.data.length; i += 3) if (colour.every((c, k) => image.data[i + k] === c)) return true;
  return false;
};

function made(dir: string, words: string[], options: Parameters<typeof madePrior>[1] = {}) {
  const before = liveTensors();
  const files = scope(() => {
    const prior = madePrior(words, options);
    return writeHeatMaps(join(scratch, dir), prior, madeFrames(9), prior.info.cell.frames);
  });
  assert.equal(liveTensors(), before, 'live tensors');
  return files;
}

describe('writeHeatMaps', () => {
  it('writes a sheet, a picture for each kept word, the most salient first, and the heads; nothing else', () => {
    const files = made('a', ['a', 'cat', '<b>', '../../up', '跳', 'jumps/']);
    const names = files.map((file) => relative(join(scratch, 'a'), file));
    assert.deepEqual(names, ['words.png', 'words/01-jumps.png', 'words/02-word.png', 'words/03-up.png', 'heads.png']);
    assert.deepEqual(readdirSync(join(scratch, 'a')).sort(), ['heads.png', 'words', 'words.png']);
    assert.equal(readdirSync(join(scratch, 'a', 'words')).length, 3);
  });

  it('shows at most twelve words', () => {
    assert.equal(
      made(
        'many',
        Array.from({ length: 40 }, (_, i) => `w${i}`),
      ).length,
      14,
    );
  });

  it('says that random weights mean nothing, and only of random weights', () => {
    for (const weights of ['random', 'trained'] as const) {
      const files = made(weights, ['one', 'two'], { weights });
      for (const file of files) assert.equal(has(read(file), INK.warning), weights === 'random', file);
    }
  });

  it('lays the heat where the word attends, in each frame', () => {
    const before = liveTensors();
    scope(() => {
      const F = 4;
      const prior = madePrior(['still', 'moves'], { frames: F, weights: 'trained' });
      const black = { ...madeFrames(F), data: new Uint8Array(F * 64 * 48 * 3) };
      const [, path] = writeHeatMaps(join(scratch, 'where'), prior, black, prior.info.cell.frames);
      const image = read(path!);
      const brightness = (x: number, y: number) => pixel(image, x, y).reduce((a, b) => a + b);
      // Tiles of 320 × 240 begin at x = 12 with gaps of 3; the blob of frame f is (f + ½) / F across, ¾ down.
      for (let f = 0; f < F; f++) {
        const row = Array.from({ length: 320 }, (_, x) => brightness(12 + f * 323 + x, 63 + 180));
        const brightest = row.indexOf(Math.max(...row));
        assert.ok(Math.abs(brightest - ((f + 0.5) / F) * 320) < 20, `frame ${f}: ${brightest}`);
      }
    });
    assert.equal(liveTensors(), before);
  });

  it('takes one frame, no kept word, one head', () => {
    scope(() => {
      const prior = madePrior(['one'], { frames: 1, heads: 1 });
      prior.info.words[0]!.kept = false;
      const files = writeHeatMaps(join(scratch, 'least'), prior, madeFrames(1), [[0, 0]]);
      assert.equal(files.length, 2);
      assert.ok(files.every((file) => existsSync(file)));
    });
  });

  it('names frames that are not there', () => {
    scope(() => {
      const prior = madePrior(['one'], { frames: 2 });
      assert.throws(
        () =>
          writeHeatMaps(join(scratch, 'bad'), prior, madeFrames(2), [
            [0, 0],
            [1, 9],
          ]),
        /^UserError: Expected frames 0 to 1 for pixelFrames but received "1 to 9"\./,
      );
    });
  });
});

describe('parts of the pictures', () => {
  it('thumbnails are the middle frames, of the video’s shape', () => {
    const frames = madeFrames(9);
    const small = thumbnails(
      frames,
      [
        [0, 0],
        [1, 8],
      ],
      32,
    );
    assert.deepEqual(
      small.map(({ width, height }) => [width, height]),
      [
        [32, 24],
        [32, 24],
      ],
    );
    // The blue of frame f is 20 f everywhere; the middle of 1 … 8 rounds to 5.
    assert.deepEqual(
      small.map(({ data }) => [data[2], data.at(-1)]),
      [
        [0, 0],
        [100, 100],
      ],
    );
  });

  it('heat is on one scale over all frames of a word', () => {
    scope(() => {
      const [second] = wordHeats(madePrior(['a', 'b']), 12);
      const peaks = second!.frames.map(({ data }) => Math.max(...data));
      assert.equal(Math.max(...peaks), 1);
      assert.ok(Math.min(...peaks) > 0.7 && second!.scale > 1.7e-4 && second!.scale <= 2.2e-4 * 1.001);
    });
  });

  it('quantile ignores outliers', () => {
    const values = Float32Array.from({ length: 1000 }, (_, i) => (i === 500 ? 1e6 : i));
    assert.ok(quantile(values, 0.995) < 1000);
    assert.equal(quantile(Float32Array.of(3, 1, 2), 0.995), 3);
  });

  it('file names are safe', () => {
    assert.deepEqual(
      ['naïve', 'CON', 'a b/c\\d', '...', '', 'x'.repeat(99), "it's"].map((word, i) => wordFileName(i + 1, word)),
      [
        '01-naive.png',
        '02-con.png',
        '03-a-b-c-d.png',
        '04-word.png',
        '05-word.png',
        `06-${'x'.repeat(24)}.png`,
        '07-it-s.png',
      ],
    );
  });

  it('every printable character has a glyph of its own, in five columns', () => {
    const all = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
    const drawn = all.map((c) => `${glyph(c).rows.join()} ${glyph(c).drop}`);
    assert.equal(new Set(drawn).size, 95);
    for (const c of all)
      assert.ok(glyph(c).rows.length === 7 && glyph(c).rows.every((bits) => bits >= 0 && bits < 32), c);
    assert.equal(new Set(['é', '跳', '\n', '\x7f', '😀'].map((c) => glyph(c).rows)).size, 1);
  });

  it('text keeps to its width and to the picture', () => {
    for (const width of [5, 11, 40, 100])
      assert.ok(textWidth(fitText('a long sentence that does not fit', width)) <= Math.max(width, 17));
    const image = picture(20, 10);
    drawText(image, 'clipped at every side', { x: -4, y: -3 }, [255, 0, 0], 2);
    assert.equal(image.data.length, 600);
    assert.ok(image.data.includes(255));
  });
});

describe('what moves', () => {
  const live = async (body: () => Promise<void>) => {
    const before = liveTensors();
    await body();
    assert.equal(liveTensors(), before, 'live tensors');
  };

  it('writes the video with the heat of the most salient words, or of a word that is asked for', () =>
    live(async () => {
      const dir = join(scratch, 'moving');
      await scopeAsync(async (s) => {
        const prior = s.run(() => madePrior(['a', 'cat', 'jumps', 'up', 'and', 'down', 'and', 'again']));
        const write = (words?: string[]) =>
          writeWordAnimations(dir, prior, madeFrames(9), prior.info.cell.frames, words ? { words } : {});
        const names = (await write()).map((file) => relative(dir, file));
        assert.deepEqual(names, ['words/01-again.webp', 'words/02-and.webp', 'words/03-down.webp']);
        // The canvas of an extended WebP.
        assert.equal(readFileSync(join(dir, names[0]!)).readUIntLE(24, 3) + 1, 320);
        assert.deepEqual(
          (await write(['CAT'])).map((file) => relative(dir, file)),
          ['words/01-cat.webp'],
        );
        await assert.rejects(write(['dog']), /Expected one of a, cat, jumps.* for --word but received "dog"/);
      });
    }));

  it('takes frames evenly, and mixes the heat of two token frames between their middles', () => {
    assert.deepEqual(animatedPlaces(0, 4), [0, 1, 2, 3, 4]);
    const many = animatedPlaces(3, 160);
    assert.deepEqual([many.length, many[0], many.at(-1)], [32, 3, 160]);
    assert.deepEqual(animatedPlaces(7, 7), [7]);
    const heat = (value: number) => ({ width: 1, height: 1, data: Float32Array.of(value) });
    const frames = [heat(0), heat(1), heat(0.5)];
    const spans = [
      [0, 0],
      [1, 8],
      [9, 16],
    ] as const;
    const at = (place: number) => heatAt({ frames }, spans, place).data[0]!;
    assert.deepEqual([at(0), at(4.5), at(16)], [0, 1, 0.5]);
    assert.ok(Math.abs(at(2.25) - 0.5) < 1e-6 && Math.abs(at(8.5) - 0.75) < 1e-6);
  });

  it('shows video, noise and reconstruction where the prior has them', () => {
    const before = liveTensors();
    scope(() => {
      const prior = madePrior(['one', 'two'], { weights: 'random' });
      const frames = madeFrames(9);
      const at = prior.info.cell.frames;
      assert.equal(latentStrip(prior, frames, at), null);
      const F = prior.info.grid.frames;
      const strip_SFHWC = cat([full([1, F, 6, 8, 3], 7), full([1, F, 6, 8, 3], 99)]).to('uint8');
      const info = { ...prior.info, options: { steps: 5, guidance: 6, init: 'random' } as PriorConfig };
      const strip = { ...latentStrip({ ...prior, info, strip_SFHWC }, frames, at)!, channels: 3 as const };
      for (const level of [7, 99]) assert.ok(has(strip, [level, level, level]), `${level}`);
      assert.ok(has(strip, INK.warning), 'random weights are told');
      const files = writeHeatMaps(join(scratch, 'strip'), { ...prior, info, strip_SFHWC }, frames, at);
      assert.ok(files.some((file) => file.endsWith('strip.png')));
    });
    assert.equal(liveTensors(), before);
  });
});
