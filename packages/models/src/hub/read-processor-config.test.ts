import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readProcessorConfig } from './read-processor-config.js';

const dir = mkdtempSync(join(tmpdir(), 'processor-'));
after(() => rmSync(dir, { recursive: true, force: true }));
const write = (name: string, content: unknown) => writeFileSync(join(dir, name), JSON.stringify(content));
const QWEN = {
  image_mean: [0.5, 0.4, 0.3],
  image_std: [0.2, 0.2, 0.2],
  merge_size: 2,
  patch_size: 14,
  temporal_patch_size: 2,
};
const READ = {
  imageMean: [0.5, 0.4, 0.3],
  imageStd: [0.2, 0.2, 0.2],
  mergeSize: 2,
  patchSize: 14,
  temporalPatchSize: 2,
};

test('preprocessor_config.json in its forms, and the image part of processor_config.json', () => {
  assert.deepEqual(readProcessorConfig(dir), {});
  write('processor_config.json', { processor_class: 'X' });
  assert.deepEqual(readProcessorConfig(dir), {});
  write('processor_config.json', { image_processor: { ...QWEN, size: { shortest_edge: 3136, longest_edge: 99999 } } });
  assert.deepEqual(readProcessorConfig(dir), { ...READ, minPixels: 3136, maxPixels: 99999 });
  write('preprocessor_config.json', { ...QWEN, min_pixels: 1000, max_pixels: 2000 });
  assert.deepEqual(readProcessorConfig(dir), { ...READ, minPixels: 1000, maxPixels: 2000 });
  write('preprocessor_config.json', { min_patches: 1, max_patches: 12, size: { height: 448, width: 448 } });
  assert.deepEqual(readProcessorConfig(dir), { minTiles: 1, maxTiles: 12 });
  write('preprocessor_config.json', { size: 448, image_mean: null });
  assert.deepEqual(readProcessorConfig(dir), {});
});

test('a field of the wrong kind is reported with its file', () => {
  write('preprocessor_config.json', { patch_size: '14' });
  assert.throws(() => readProcessorConfig(dir), {
    code: 'ERR_CONFIG',
    message: /integer for patch_size in .*preprocessor_config\.json/,
  });
});

test('colours have three channels', () => {
  for (const name of ['image_mean', 'image_std']) {
    write('preprocessor_config.json', { [name]: [0.5, 0.5] });
    assert.throws(() => readProcessorConfig(dir), {
      code: 'ERR_CONFIG',
      message: new RegExp(
        `three values .* for ${name} in .*preprocessor_config\\.json but received \\[0\\.5, 0\\.5\\]`,
      ),
    });
  }
});
