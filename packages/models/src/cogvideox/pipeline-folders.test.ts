import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { UserError } from '@motion-enhancer/support';
import { pipelineFolders } from './pipeline-folders.js';

const FILES = [
  'transformer/config.json',
  'vae/config.json',
  'text_encoder/config.json',
  'tokenizer/spiece.model',
  'scheduler/scheduler_config.json',
];

function withFolder(body: (dir: string, put: (file: string, text?: string) => void) => void) {
  const dir = mkdtempSync(join(tmpdir(), 'me-'));
  try {
    body(dir, (file, text = '{}') => {
      mkdirSync(dirname(join(dir, file)), { recursive: true });
      writeFileSync(join(dir, file), text);
    });
  } finally {
    rmSync(dir, { recursive: true });
  }
}

test('a whole folder gives its parts, with and without model_index.json', () =>
  withFolder((dir, put) => {
    for (const file of FILES) put(file);
    const folders = {
      transformer: join(dir, 'transformer'),
      vae: join(dir, 'vae'),
      textEncoder: join(dir, 'text_encoder'),
      tokenizer: join(dir, 'tokenizer'),
      scheduler: join(dir, 'scheduler'),
    };
    assert.deepEqual(pipelineFolders(dir), folders);
    put('model_index.json', '{"_class_name": "CogVideoXPipeline"}');
    assert.deepEqual(pipelineFolders(dir), folders);
  }));

test('every missing part is named', () => {
  for (const absent of FILES)
    withFolder((dir, put) => {
      for (const file of FILES) if (file !== absent) put(file);
      const folder = absent.startsWith('tokenizer') ? 'tokenizer/' : absent;
      assert.throws(
        () => pipelineFolders(dir),
        (error) => error instanceof UserError && error.message.includes(`lacks ${folder}.`),
      );
    });
});

test('another pipeline, one part alone, and no folder', () =>
  withFolder((dir, put) => {
    put('config.json');
    assert.throws(() => pipelineFolders(dir), /lacks transformer\/config.json, vae.* give the folder around it/);
    put('model_index.json', '{"_class_name": "StableDiffusionPipeline"}');
    assert.throws(() => pipelineFolders(dir), /Expected CogVideoXPipeline .* received "StableDiffusionPipeline"/);
    put('model_index.json', '{"_class_name": "CogVideoXImageToVideoPipeline"}');
    assert.throws(() => pipelineFolders(dir), /Expected CogVideoXPipeline/);
    assert.throws(() => pipelineFolders(join(dir, 'x')), /There is no checkpoint folder/);
  }));
