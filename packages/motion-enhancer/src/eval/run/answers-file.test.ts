import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { answerLine } from './answer-line.js';
import type { AnswerRecord } from './answer-record.js';
import { AnswersFile } from './answers-file.js';
import { readAnswers } from './read-answers.js';

const record = (id: string, more: Partial<AnswerRecord> = {}) =>
  ({
    ...{ id, type: 'MR', tags: {}, question: 'Which?', options: ['left', 'right'], letters: ['A', 'B'], right: 'A' },
    ...{ medium: 'v.mp4', prompt: '', output: 'é'.repeat(50), tokens: null, parsed: {}, judged: {}, chosen: null },
    ...{ correct: false, frames: [], seconds: 0, at: '', ...more },
  }) as AnswerRecord;
const folder = (name: string): string => {
  const dir = join(temporaryFolder(), name);
  mkdirSync(dir);
  return dir;
};
const fill = (dir: string, ...records: AnswerRecord[]) => {
  const file = new AnswersFile(dir, '');
  file.append(records);
  file.close();
};

test('a line cut anywhere is dropped, also within a character; what was whole stays', () => {
  const dir = folder('cut');
  fill(dir, record('a'), record('b'));
  const path = join(dir, 'answers.jsonl');
  const whole = readFileSync(path);
  const line = Buffer.from(answerLine(record('c')));
  for (let length = 0; length < line.length; length++) {
    writeFileSync(path, Buffer.concat([whole, line.subarray(0, length)]));
    assert.deepEqual([...readAnswers(dir).keys()], ['a', 'b'], `cut at ${length}`);
    if (length % 100 === 0) {
      fill(dir, record('d'));
      assert.deepEqual([...readAnswers(dir).keys()], ['a', 'b', 'd']);
    }
  }
});

test('files of shards are read together, the last line of a question counts, other files do not', () => {
  const dir = folder('shards');
  for (const shard of ['0/2', '1/2']) {
    const file = new AnswersFile(dir, shard);
    file.append([record(shard), record('both', { output: shard })]);
    file.close();
  }
  fill(dir, record('whole'), record('0/2', { output: 'again' }));
  writeFileSync(join(dir, 'answers.jsonl.bak'), `${JSON.stringify(record('no'))}\n`);
  appendFileSync(join(dir, 'answers.jsonl'), 'no JSON\n[1]\nnull\n');
  const answers = readAnswers(dir);
  assert.deepEqual([...answers.keys()].sort(), ['0/2', '1/2', 'both', 'whole']);
  assert.equal(answers.get('both')!.output, '1/2');
  assert.deepEqual([...readAnswers(join(dir, 'none')).keys()], []);
});

test('two processes never write to one file; two shards do', () => {
  const dir = folder('claimed');
  const file = new AnswersFile(dir, '');
  assert.throws(() => new AnswersFile(dir, ''), {
    name: 'UserError',
    code: 'ERR_RUN',
    message: /Another process is writing to .*answers\.jsonl.*--shard/,
  });
  new AnswersFile(dir, '0/2').close();
  file.close();
  fill(dir, record('after'));
  assert.deepEqual([...readAnswers(dir).keys()], ['after']);
});

const disk = folder('disk');
function mounted(size: string, remount = false): boolean {
  try {
    const options = `${remount ? 'remount,' : ''}size=${size}`;
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'none', disk], { stdio: 'ignore' });
    if (!remount) process.prependListener('exit', () => execFileSync('umount', ['-l', disk], { stdio: 'ignore' }));
    return true;
  } catch {
    return false;
  }
}

test('a full disk: told with needed and free bytes, the file as it was; with room it goes on', {
  skip: mounted('64k') ? false : 'mounting a tmpfs is not permitted here',
}, () => {
  const file = new AnswersFile(disk, '');
  file.append([record('first')]);
  const large = record('large', { output: 'x'.repeat(100_000) });
  assert.throws(() => file.append([large]), {
    name: 'UserError',
    code: 'ERR_WRITE',
    message: /the disk is full\. It needs 100\d+ bytes; \d+ bytes are free.*goes on where it stopped/,
  });
  assert.deepEqual([...readAnswers(disk).keys()], ['first']);
  assert.ok(mounted('1m', true));
  file.append([large]);
  file.close();
  assert.deepEqual([...readAnswers(disk).keys()], ['first', 'large']);
});
