#!/usr/bin/env node
// Saves a checkpoint as training would and writes what our network computes with the saved one, for
// scripts/check-with-transformers.py to compare with transformers'. Not run by CI: it needs transformers ≥ 5.
//   node scripts/check-with-transformers.mjs OUT --python PYTHON [--dtype float32] CHECKPOINT …
//   node scripts/check-with-transformers.mjs OUT --python PYTHON            (small random checkpoints in every form)
// Compiled sources: npm run build. Exit code 1 when a number is off.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { noGrad, scope, tensor, writeSafetensors } from '@motion-enhancer/libtorch';
import { writeRandomInternVL3, writeRandomQwen25VL } from '@motion-enhancer/models';
import { ownFolder } from '@motion-enhancer/support';
import { resolve } from '../packages/motion-enhancer/dist/config/field.js';
import { encodePng } from '../packages/motion-enhancer/dist/data/image/index.js';
import { readFrames } from '../packages/motion-enhancer/dist/data/video/index.js';
import { disposeChat, loadVlm, prepareChat, VIDEO_FIELDS } from '../packages/motion-enhancer/dist/vlm/index.js';

const fixture = (path) => fileURLToPath(new URL(`../test/fixtures/${path}`, import.meta.url));
const VIDEO = fixture('videos/moviepy_bbb_432_433.webm');
const TEXT = '<|im_start|>user\nWhat moves? Zwölf Boxkämpfer, 12 345 🐕.<|im_end|>\n<|im_start|>assistant\n';
const QUESTION = 'What moves in this video, and what is in the picture?';
const NEW_TOKENS = 12;
/** Replies of random weights would otherwise repeat one token. */
const PENALTY = 1.3;
/** transformers 5 goes on after media by their extent. */
const SETTINGS = resolve(VIDEO_FIELDS, {
  frames: 6,
  maxPixels: 40_000,
  imageMaxPixels: 60_000,
  maxTiles: 4,
  mropeResume: 'extent',
});

/** Random checkpoints of each published form; some sharded, some in half precision. */
const RANDOM = {
  'qwen-flat': (dir) => writeRandomQwen25VL(dir, { seed: 1, dtype: 'float32' }),
  'qwen-nested': (dir) => writeRandomQwen25VL(dir, { seed: 2, dtype: 'float32', form: 'nested' }),
  'qwen-flat-untied-sharded-bf16': (dir) =>
    writeRandomQwen25VL(dir, { seed: 3, tieWordEmbeddings: false, maxShardBytes: 2e7 }),
  'internvl-hf': (dir) => writeRandomInternVL3(dir, { seed: 4, dtype: 'float32' }),
  'internvl-hf-sharded-f16': (dir) => writeRandomInternVL3(dir, { seed: 5, dtype: 'float16', maxShardBytes: 2e7 }),
  'internvl-original': (dir) => writeRandomInternVL3(dir, { seed: 6, dtype: 'float32', form: 'remote' }),
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { python: { type: 'string', default: 'python3' }, dtype: { type: 'string', default: 'float32' } },
});
const [out, ...given] = positionals;
if (!out) {
  console.error('Expected a folder to write to.');
  process.exit(2);
}
ownFolder(out, 'scripts/check-with-transformers.mjs');
let failed = 0;
for (const source of given.length > 0 ? given : Object.keys(RANDOM)) {
  const folder = join(out, basename(source));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  await check(given.length > 0 ? source : random(source), folder);
  console.log(`\n${source}`);
  const script = fileURLToPath(new URL('check-with-transformers.py', import.meta.url));
  const { status } = spawnSync(values.python, [script, folder], { stdio: 'inherit' });
  if (status !== 0) failed++;
}
console.log(failed === 0 ? '\nall checkpoints agree' : `\n${failed} checkpoints differ`);
process.exit(failed === 0 ? 0 : 1);

function random(name) {
  const dir = join(out, `${name}-source`);
  rmSync(dir, { recursive: true, force: true });
  RANDOM[name](dir);
  for (const file of readdirSync(fixture('tokenizers/qwen2')))
    copyFileSync(join(fixture('tokenizers/qwen2'), file), join(dir, file));
  return dir;
}

/** FOLDER/checkpoint as `save` writes it, and FOLDER/ours.safetensors of that. */
async function check(source, folder) {
  const checkpoint = join(folder, 'checkpoint');
  const first = loadVlm(source, { device: 'cpu', dtype: dtypeOf(source) });
  first.save(checkpoint);
  first.dispose();
  const vlm = loadVlm(checkpoint, { device: 'cpu', dtype: 'float32' });
  const image = join(folder, 'image.png');
  const { data, width, height } = await readFrames(VIDEO, { choose: () => [3] });
  writeFileSync(image, encodePng({ data, width, height }));
  const question = [
    {
      role: 'user',
      content: [
        { type: 'video', path: VIDEO },
        { type: 'image', path: image },
        { type: 'text', text: QUESTION },
      ],
    },
  ];
  const chat = await prepareChat(vlm, question, SETTINGS);
  noGrad(() =>
    scope(() => {
      const numbers = (list) => tensor(list, { dtype: 'int64' });
      const { ids } = vlm.tokenizer.encode(TEXT);
      const text = vlm.forward(textChat(vlm, ids));
      const visual = vlm.encode(chat.inputs);
      const n = chat.ids.length;
      const rows = [n - 1, n - 5, chat.media[0].positions.at(-1) + 2];
      const answer = vlm.forward(chat, { visual, rows });
      const reply = vlm.generate([chat], { maxNewTokens: NEW_TOKENS, eosIds: [], repetitionPenalty: PENALTY })[0];
      const tensors = {
        text_ids: numbers(ids),
        text_logits: text.logits.contiguous(),
        ids: numbers(chat.ids),
        logits: answer.logits.contiguous(),
        rows: answer.rows.contiguous(),
        row_places: numbers(rows),
        reply: numbers(reply),
      };
      for (const [i, { pixels, grid }] of chat.inputs.entries()) {
        tensors[`pixels_${i}`] = pixels.contiguous();
        tensors[`grid_${i}`] = numbers([...grid]);
      }
      if (chat.positions) tensors.positions = chat.positions.contiguous();
      const notes = {
        family: vlm.family.id,
        text: TEXT,
        chat: chat.text,
        question: QUESTION,
        image,
        image_max_pixels: String(SETTINGS.imageMaxPixels),
        second_per_grid: String(chat.inputs[0].secondPerGrid ?? ''),
        repetition_penalty: String(PENALTY),
        max_tiles: String(SETTINGS.maxTiles),
      };
      writeSafetensors(join(folder, 'ours.safetensors'), tensors, notes);
    }),
  );
  disposeChat(chat);
  vlm.dispose();
}

/** Saved as training in this dtype would: random ones in their own. */
function dtypeOf(source) {
  if (given.length > 0) return values.dtype;
  return source.includes('-bf16') ? 'bfloat16' : source.includes('-f16') ? 'float16' : 'float32';
}

/** Text alone as a chat: positions count. */
function textChat(vlm, ids) {
  const count = ids.map((_, i) => i);
  const positions = vlm.family.id === 'qwen2_5_vl' ? tensor([[count], [count], [count]], { dtype: 'int64' }) : null;
  return { ids, positions };
}
