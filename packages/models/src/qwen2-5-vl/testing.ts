import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Qwen25VLConfig, readQwen25VLConfig } from './config.js';

/** Of the tests: a file below test/fixtures. */
export function fixture(path: string): string {
  return fileURLToPath(new URL(`../../../../test/fixtures/${path}`, import.meta.url));
}

/** The published 3B model's numbers. */
export function realConfig(): Qwen25VLConfig {
  return readQwen25VLConfig(
    {
      model_type: 'qwen2_5_vl',
      hidden_size: 2048,
      intermediate_size: 11008,
      num_hidden_layers: 36,
      num_attention_heads: 16,
      num_key_value_heads: 2,
      max_position_embeddings: 128000,
      vocab_size: 151936,
      tie_word_embeddings: true,
      rope_theta: 1e6,
      rope_scaling: { type: 'mrope', mrope_section: [16, 24, 24] },
      vision_config: { hidden_size: 1280, out_hidden_size: 2048, in_chans: 3, tokens_per_second: 2 },
    },
    'config.json',
  );
}

/** Runs `body` with an empty folder that is removed afterwards. */
export function inTemporaryFolder<T>(body: (dir: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), 'qwen25vl-'));
  try {
    return body(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
