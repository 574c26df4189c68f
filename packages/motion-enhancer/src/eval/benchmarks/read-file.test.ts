import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { loadBenchmark } from './load.js';
import { readText } from './read-file.js';
import { layOutBenchmark } from './testing.js';

test('a file of questions that is not UTF-8 is refused with byte and line', async () => {
  const dir = layOutBenchmark('motionbench', join(temporaryFolder(), 'motionbench'));
  const path = join(dir, 'video_info.meta.jsonl');
  const bytes = readFileSync(path);
  const at = bytes.indexOf('question');
  bytes[at] = 0xe4;
  writeFileSync(path, bytes);
  await assert.rejects(loadBenchmark('motionbench', dir, { allowCounts: true }), {
    code: 'ERR_DATA',
    message: new RegExp(`video_info\\.meta\\.jsonl is not UTF-8: byte 0xe4 at offset ${at} \\(line \\d+\\)`),
  });
  // Reading it would have no end.
  await assert.rejects(loadBenchmark('motionbench', '/dev/zero', { allowCounts: true }), {
    code: 'ERR_DATA',
    message: /\/dev\/zero cannot be read: it is not a regular file/,
  });
  const marked = join(dir, 'marked.srt');
  writeFileSync(marked, '\uFEFF1\ngrößer 𝄞');
  assert.equal(readText(marked), '1\ngrößer 𝄞');
});
