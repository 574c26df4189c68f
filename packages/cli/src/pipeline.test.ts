// The commands one after the other, as a user runs them.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TEXT, VIDEO, writeTestVlm } from '@motion-enhancer/core/internal/train/testing.js';
import { demoCheckpoints } from '@motion-enhancer/motion-world/internal/demo/checkpoints.js';
import { fixture, temporaryFolder } from '@motion-enhancer/support/testing';
import { type CliResult, jsonLines, runCli, spawnCli } from './testing.js';

const dir = temporaryFolder();
const at = (...names: string[]) => join(dir, ...names);
// The mark makes demoCheckpoints leave this VLM as it is.
const vlm = writeTestVlm(at('qwen2.5-vl-random'));
const { vdm } = demoCheckpoints(dir);
const ID = 'clips/007';
const TINY = ['--frames', '9', '--height', '64', '--width', '96', '--steps', '2'];

async function succeeds(...args: string[]) {
  return whole(args, await runCli(args));
}
/** The first run of each command is a process, as a user starts it. */
async function spawned(...args: string[]) {
  return whole(args, await spawnCli(args));
}
function whole(args: readonly string[], result: CliResult) {
  assert.equal(result.code, 0, `${args.join(' ')}\n${result.err}`);
  return result;
}
const extraction = (...more: string[]) => [
  ...['extract', '--vdm', vdm, '--video', VIDEO, '--text', TEXT, '--id', ID, '--out', at('priors')],
  ...TINY,
  ...more,
];
const extract = (...more: string[]) => succeeds(...extraction(...more));
const priorFiles = () => readdirSync(at('priors')).filter((name) => name.endsWith('.safetensors'));

test('extract: progress on stderr, results on stdout', async () => {
  const { out, err } = await spawned(...extraction());
  for (const line of out.trimEnd().split('\n')) assert.match(line, /^(prior|grid|heads|words|picture) /);
  assert.match(err, /untrained random weights/);
  assert.match(err, /extract: done/);
  const [, path] = /^prior +(.+)$/m.exec(out)!;
  assert.deepEqual(priorFiles(), [path!.split('/').at(-1)]);
  const pictures = [...out.matchAll(/^picture (.+)$/gm)].map((match) => match[1]!);
  assert.ok(pictures.length > 1);
  for (const picture of pictures) {
    assert.ok(picture.startsWith(at('priors', 'maps', 'clips_007')), picture);
    assert.equal(readFileSync(picture).subarray(1, 4).toString(), 'PNG');
  }
});

test('extract again: it exists, nothing is computed; a flipped byte or another seed computes', async () => {
  const path = at('priors', priorFiles()[0]!);
  const before = readFileSync(path);
  const written = statSync(path).mtimeMs;
  const again = await extract('--no-heat-maps');
  assert.match(again.err, /exists and verifies: nothing was computed/);
  assert.equal(statSync(path).mtimeMs, written);

  const damaged = Buffer.from(before);
  damaged[damaged.length - 3]! ^= 0x10;
  writeFileSync(path, damaged);
  assert.match((await extract('--no-heat-maps')).err, /extract: done/);
  assert.equal(priorFiles().length, 1);
  const tensorBytes = (file: Buffer) => file.subarray(8 + Number(file.readBigUInt64LE(0)));
  assert.deepEqual(tensorBytes(readFileSync(path)), tensorBytes(before), 'the same prior comes of it');

  const other = await extract('--no-heat-maps', '--seed', '7', '--json');
  assert.equal(priorFiles().length, 2);
  const progress = jsonLines(other.err);
  assert.ok(progress.some((line) => line.type === 'progress') && progress.at(-1)!.type === 'finished');
  const [result, ...rest] = jsonLines(other.out);
  assert.deepEqual([result!.type, result!.id, rest.length], ['prior', ID, 0]);
});

test('inspect: tables, pictures and a page', async () => {
  const { out, err } = await succeeds('inspect', at('priors'), '--out', at('views'));
  assert.equal(err, '');
  assert.match(out, /clips\/007: "A dog jumps/);
  assert.match(out, /head +DFC +TCS +DSR +score/);
  for (const word of ['dog', 'jumps', 'fence']) assert.match(out, new RegExp(`^${word} .*e-`, 'm'));
  const moving = [...out.matchAll(/^moving +(.+)$/gm)].map(([, file]) => file!);
  assert.ok(moving.length > 0 && moving.every((file) => readFileSync(file).toString('latin1', 8, 12) === 'WEBP'));
  const [, page] = /^page +(.+)$/m.exec(out)!;
  assert.match(readFileSync(page!, 'utf8'), /<html.*Motion prior of clips\/007/s);
  // Two priors of one sample: each says its options and has its own folder.
  const pages = [...out.matchAll(/^page +(.+)$/gm)].map(([, file]) => file!);
  assert.equal(pages.length, 2);
  assert.equal(new Set(pages).size, 2);
  assert.match(out, /^prior +[0-9a-f]{24}: frames 9, height 64, width 96, steps 2, seed 7$/m);
});

test('inspect: a word that some texts have', async () => {
  await extract('--no-heat-maps', '--text', 'A cat waits.', '--id', 'cat');
  const views = ['inspect', at('priors'), '--out', at('words')];
  const found = await succeeds(...views, '--word', 'waits');
  assert.match(found.err, /^clips\/007 is passed over: its text has no waits$/m);
  assert.equal([...found.out.matchAll(/^page /gm)].length, 1);
  const two = await succeeds(...views, '--word', 'waits, cat', '--no-animate');
  const pictures = [...two.out.matchAll(/^picture .*words\/(\d\d-.*)$/gm)].map(([, name]) => name);
  assert.deepEqual(pictures, ['01-waits.png', '02-cat.png']);
  for (const words of ['zebra', 'waits,zebra']) {
    const none = await runCli([...views, '--word', words]);
    assert.equal(none.code, 2);
    assert.match(none.err, /Expected one of .*fence.*waits.* for --word but received "(zebra|waits)"/);
    assert.equal(none.out, '');
  }
});

test('train and generate', async () => {
  const data = at('data.jsonl');
  const good = {
    id: ID,
    video: VIDEO,
    messages: [
      { role: 'user', content: '<video>What happens?' },
      { role: 'assistant', content: TEXT },
    ],
  };
  writeFileSync(data, `${JSON.stringify(good)}\n${JSON.stringify({ id: 'bad' })}\n`);
  const recipe = ['--steps', '2', '--batch-size', '1', '--aligner-width', '8', '--max-pixels', '3136', '--lr', '1e-3'];
  const train = await spawned(
    ...['train', '--vlm', vlm, '--data', data, '--priors', at('priors'), '--out', at('run'), ...recipe, '--json'],
  );
  const lines = jsonLines(train.err);
  const steps = lines.filter((line) => line.type === 'step');
  assert.deepEqual(
    steps.map((line) => [line.step, line.aligned]),
    [
      [1, 1],
      [2, 1],
    ],
  );
  assert.ok(lines.some((line) => line.type === 'log' && /row 2 .*left out/.test(String(line.message))));
  const [result, ...rest] = jsonLines(train.out);
  assert.deepEqual(result, {
    type: 'trained',
    checkpoint: at('run', 'checkpoint'),
    log: at('run', 'log.jsonl'),
    steps: 2,
    skipped: 0,
  });
  assert.equal(rest.length, 0);
  assert.ok(existsSync(at('run', 'aligner.safetensors')));

  // What is finished is not trained again, nor overwritten; the settings as written are good from any folder.
  const again = ['train', at('run', 'run.yaml')];
  const log = readFileSync(at('run', 'log.jsonl'), 'utf8');
  const trainedAt = statSync(at('run', 'checkpoint', 'model.safetensors')).mtimeMs;
  const refused = await runCli(again);
  assert.equal(refused.code, 2);
  assert.match(refused.err, /holds a run that is finished \(2 steps\)\. Give another --out/);
  const resumed = await runCli([...again, '--resume', '--prefetch', '3', '--json']);
  assert.equal(resumed.code, 0, resumed.err);
  assert.match(resumed.err, /the run is finished, nothing is trained/);
  assert.equal(resumed.out, train.out);
  const other = await runCli([...again, '--resume', '--steps', '3']);
  assert.equal(other.code, 2);
  assert.match(other.err, /holds a finished run with steps 2, not 3\./);
  assert.equal(readFileSync(at('run', 'log.jsonl'), 'utf8'), log);
  assert.equal(statSync(at('run', 'checkpoint', 'model.safetensors')).mtimeMs, trainedAt);

  const ask = ['--vlm', at('run', 'checkpoint'), '--video', VIDEO, '--prompt', 'What moves?', '--max-new-tokens', '6'];
  const json = await succeeds('generate', ...ask, '--json', '--max-pixels', '3136');
  const [answer] = jsonLines(json.out);
  assert.deepEqual([answer!.type, answer!.weights, answer!.prompt], ['answer', 'random', 'What moves?']);
  assert.match(String(jsonLines(json.err)[0]!.message), /random weights/);
  const plain = await spawned('generate', ...ask, '--max-pixels', '3136');
  assert.equal(plain.out, `${answer!.answer}\n`);
});

test('parity of one part, as JSON lines', async () => {
  const { out } = await succeeds('parity', fixture('reference'), '--only', 't5', '--json');
  const lines = jsonLines(out);
  const summary = lines.pop()!;
  assert.deepEqual([summary.type, summary.failed, summary.passed], ['parity', 0, lines.length]);
  assert.ok(lines.length > 0 && lines.every((line) => line.ok === true && /^t5/.test(String(line.name))));
});
