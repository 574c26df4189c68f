import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { liveTensors, manualSeed, noGrad, scope } from '@motion-enhancer/libtorch';
import { type InternVL3Config, readInternVL3Config } from './config.js';
import { loadInternVL3 } from './load.js';
import type { InternVL3 } from './model.js';

/** Of the tests: a file below test/fixtures. */
export function fixture(path: string): string {
  return fileURLToPath(new URL(`../../../../test/fixtures/${path}`, import.meta.url));
}

export const FORMS = ['model', 'model-remote'] as const;
export type Form = (typeof FORMS)[number];

/** `<IMG_CONTEXT>` of the reference checkpoints. */
export const IMAGE_TOKEN = 310;

export const load = (dir: string): InternVL3 =>
  loadInternVL3(dir, { device: 'cpu', dtype: 'float32', imageTokenId: IMAGE_TOKEN });
export const loadForm = (form: Form): InternVL3 => load(fixture(`reference/internvl3/${form}`));

/** A test on a loaded model that leaves no tensor behind. */
export function modelTest(name: string, body: (model: InternVL3) => void, form: Form = 'model'): void {
  test(name, () => {
    const before = liveTensors();
    manualSeed(Date.now());
    const model = loadForm(form);
    try {
      noGrad(() => scope(() => body(model)));
    } finally {
      model.dispose();
    }
    assert.equal(liveTensors(), before);
  });
}

/** The published 2B model's numbers. */
export function realConfig(changes: Readonly<Record<string, unknown>> = {}): InternVL3Config {
  const { text, vision } = JSON.parse(readFileSync(fixture('model-sizes.json'), 'utf8'))['internvl-2b'];
  return readInternVL3Config(
    {
      model_type: 'internvl_chat',
      downsample_ratio: 0.5,
      force_image_size: 448,
      max_dynamic_patch: 12,
      ps_version: 'v2',
      select_layer: -1,
      llm_config: {
        model_type: 'qwen2',
        ...text,
        eos_token_id: 151643,
        max_position_embeddings: 32768,
        rope_scaling: { factor: 2, rope_type: 'dynamic', type: 'dynamic' },
        rope_theta: 1e6,
      },
      vision_config: {
        ...vision,
        model_type: 'intern_vit_6b',
        qkv_bias: true,
        qk_normalization: false,
        norm_type: 'layer_norm',
      },
      ...changes,
    },
    'config.json',
  );
}

/** Runs `body` with an empty folder that is removed afterwards. */
export function inTemporaryFolder<T>(body: (dir: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), 'internvl3-'));
  try {
    return body(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Changes the config.json of a folder. */
export function editConfig(dir: string, change: (config: Record<string, any>) => void): void {
  const file = join(dir, 'config.json');
  const config = JSON.parse(readFileSync(file, 'utf8'));
  change(config);
  writeFileSync(file, JSON.stringify(config));
}
