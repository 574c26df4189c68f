// Each mistake a user can make: exit code 2 and one line that names the thing and the remedy.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BROKEN_VIDEO, TEXT, VIDEO, writePrior, writeTestVlm } from '@motion-enhancer/core/internal/train/testing.js';
import { writeRandomCogVideoX } from '@motion-enhancer/models';
import { fixture, temporaryFolder } from '@motion-enhancer/support/testing';
import { refusal, refuses, runCli } from './testing.js';

const dir = temporaryFolder();
const at = (...names: string[]) => join(dir, ...names);
const vlm = writeTestVlm(at('vlm'));
const vdm = at('vdm');
writeRandomCogVideoX(vdm, { seed: 0 });
const tokenizer = fixture('tokenizers/cogvideox-t5');
mkdirSync(join(vdm, 'tokenizer'), { recursive: true });
for (const name of readdirSync(tokenizer)) copyFileSync(join(tokenizer, name), join(vdm, 'tokenizer', name));
const textFile = at('letter.mp4');
writeFileSync(textFile, 'Dear reader, this is no video.\n');
writeFileSync(at('file'), '');
const data = at('data.json');
const conversation = [
  { from: 'human', value: '<video>\nWhat happens?' },
  { from: 'gpt', value: TEXT },
];
writeFileSync(data, JSON.stringify([{ id: 'a', video: VIDEO, conversations: conversation }]));

/** The VLM with one file changed; the others are the same files. */
function variant(name: string, file: string, change: (path: string) => void): string {
  const copy = at(name);
  mkdirSync(copy);
  for (const other of readdirSync(vlm))
    if (other === file) copyFileSync(join(vlm, other), join(copy, other));
    else linkSync(join(vlm, other), join(copy, other));
  change(join(copy, file));
  return copy;
}

const ask = (given: { vlm?: string; video?: string } = {}) => [
  'generate',
  ...['--vlm', given.vlm ?? vlm, '--video', given.video ?? VIDEO, '--prompt', 'What?', '--max-new-tokens', '1'],
];
const teach = (...more: string[]) => ['train', '--vlm', vlm, '--data', data, '--max-pixels', '784', ...more];
const watch = (...more: string[]) => ['extract', '--vdm', vdm, '--video', VIDEO, '--text', TEXT, ...more];

describe('mistakes are told in one line, exit code 2', { concurrency: 2 }, () => {
  it('clips to score on of which none has a question', () =>
    refuses(['world', 'train-vlm', '--out', at('w'), '--evaluate', '1'], /question for evaluate .*Take more/));
  it('an unknown command', () => refuses(['extrct'], /no command extrct\. Did you mean extract\?.*--help/));
  it('an unknown option', () => refuses(teach('--stps', '3'), /no option --stps\. Did you mean --steps\?/));
  it('a missing required option', () => refuses(['train', '--vlm', vlm], /data.*nothing/));
  it('a bad number', () =>
    refuses(teach('--steps', 'five'), /Expected an integer of at least 0 for --steps but received "five"/));
  it('a value out of range', () => refuses(teach('--warmup-ratio', '2'), /from 0 to 1 for --warmup-ratio .*"2"/));
  it('a choice that there is not', () => refuses(teach('--aligner', 'mpl'), /one of mlp, .* for --aligner .*"mpl"/));
  it('a word that belongs to no option', () =>
    refuses(watch('--out', at('p0'), '--heat-maps', 'false'), /"false".*--option=false/));
  it('a device that there is not', () => refuses([...ask(), '--device', 'tpu'], /tpu/));
  it('a text file as a video', () => refuses(ask({ video: textFile }), /letter\.mp4/));
  it('sound as a video', () => refuses(ask({ video: BROKEN_VIDEO }), /made_audio_only\.m4a/));
  it('a missing video', () => refuses(ask({ video: at('none.mp4') }), /none\.mp4/));
  it('a missing checkpoint', () => refuses(ask({ vlm: at('none') }), /none/));
  it('a truncated checkpoint', () => {
    const cut = variant('cut', 'model.safetensors', (path) => truncateSync(path, statSync(path).size - 1000));
    return refuses(ask({ vlm: cut }), /model\.safetensors/);
  });
  it('a config with a wrong field', () => {
    const wrong = variant('wrong', 'config.json', (path) => {
      const config = JSON.parse(readFileSync(path, 'utf8'));
      writeFileSync(path, JSON.stringify({ ...config, num_attention_heads: 'x' }));
    });
    return refuses(ask({ vlm: wrong }), /num_attention_heads in .*wrong\/config\.json but received "x"/);
  });
  it('a config that contradicts the weights', () => {
    const wrong = variant('wide', 'config.json', (path) => {
      const config = JSON.parse(readFileSync(path, 'utf8'));
      writeFileSync(path, JSON.stringify({ ...config, intermediate_size: 96 }));
    });
    return refuses(ask({ vlm: wrong }), /96/);
  });
  it('a config that is no JSON', () => {
    const wrong = variant('prose', 'config.json', (path) => writeFileSync(path, '{"a": '));
    return refuses(ask({ vlm: wrong }), /prose\/config\.json/);
  });
  it('a diffusion model as the VLM', () => refuses(ask({ vlm: vdm }), /vdm/));
  it('a VLM as the diffusion model', () =>
    refuses(['extract', '--vdm', vlm, '--video', VIDEO, '--text', TEXT, '--out', at('p1')], /vlm/));
  it('data without a usable row', () => {
    const path = at('useless.jsonl');
    writeFileSync(path, '{"id": 1}\nnot json\n');
    return refuses(
      ['train', '--vlm', vlm, '--data', path, '--out', at('r1')],
      /useless\.jsonl has no usable row \(2 .*row 1/,
    );
  });
  it('missing data', () =>
    refuses(['train', '--vlm', vlm, '--data', at('no'), '--out', at('r2')], /no cannot be read/));
  it('priors of other samples', () => {
    writePrior(at('others'), 'a', { text: 'Another text.' });
    return refuses(
      teach('--priors', at('others'), '--out', at('r3')),
      /None of the 1 rows has a prior in .*others.*1: no prior is of their text.*--data/,
    );
  });
  it('what a run cannot be, before its model is looked at', async () => {
    const out = at('r4');
    const plan = (...more: string[]) => refusal(['train', '--vlm', at('none'), '--data', data, '--out', out, ...more]);
    assert.match(await plan('--priors', at('no')), /no folder of priors .*no\. Make one with .*extract/);
    assert.match(await plan('--priors', data), /Expected a folder for priors .*data\.json".*extract/);
    assert.match(await plan('--freeze', 'visoin'), /some of vision, merger, llm for freeze .*"visoin"/);
    assert.match(
      await plan('--freeze', 'vision', '--freeze', 'llm', '--freeze', 'merger'),
      /at most two of .* for freeze .*left to learn/,
    );
    writePrior(at('mine'), 'a');
    assert.match(await plan('--priors', at('mine'), '--heads', 'ratio'), /single heads .*mine.*--keep-heads/);
    assert.match(await plan('--media', at('nowhere')), /Expected a folder for media .*nowhere/);
    assert.match(await plan('--data', `${data}%500x`), /in percent .*%50\) or a number of rows .*%500x is neither/);
    assert.match(await plan('--out', at('file', 'run')), /file\/run cannot be made/);
    // All that was asked for can be: now the model counts.
    const frames = await refusal(teach('--out', out, '--frames', '1'));
    assert.match(frames, /Expected 2 or more, or 0 .* for frames but received 1\. .*2 at a time/);
    assert.match(await plan('--priors', at('mine')), /none/);
    assert.equal(existsSync(out), false);
  });
  it('an empty text', () => refuses(watch('--text', '', '--out', at('p2')), /text.*nothing/));
  it('a text without words', () =>
    refuses(watch('--text', '?!', '--out', at('p3')), /at least one word for --text .*"\?!"/));
  it('an output folder that is a file', () => refuses(watch('--out', at('file', 'p')), /file\/p cannot be made/));
  it('a run folder that is a file', () => refuses(teach('--out', at('file')), /file cannot be made/));
  it('few open files, and a working folder that is gone', () => {
    const run = (line: string) => {
      const command = fileURLToPath(new URL('../bin/motion-enhancer.js', import.meta.url));
      return spawnSync('bash', ['-c', line, process.execPath, command], {
        encoding: 'utf8',
        env: { ...process.env, NODE_TEST_CONTEXT: '', VIDEO },
      });
    };
    for (const most of [40, 64]) {
      const few = run(`ulimit -n ${most}; "$0" "$1" generate --vlm ${vlm} --video "$VIDEO" --prompt hi`);
      assert.equal(few.status, 2, few.stderr);
      assert.match(few.stderr, /^error: EMFILE.*ulimit -n/m);
      assert.doesNotMatch(few.stderr, /\n {4}at /);
    }
    const gone = run(`cd "$(mktemp -d)" && rmdir "$PWD" && "$0" "$1" probe "$VIDEO"`);
    assert.equal(gone.status, 2);
    assert.match(gone.stderr, /^error: The working folder is no longer there/m);
  });
  it('demo: a folder of the user’s', async () => {
    mkdirSync(at('project', 'priors'), { recursive: true });
    writeFileSync(at('project', 'priors', 'mine'), '');
    await refuses(['demo', '--out', at('project')], /project holds files that this command did not make/);
    assert.ok(existsSync(at('project', 'priors', 'mine')));
  });
  it('inspect: no folder, none of that id', async () => {
    await refuses(['inspect'], /Expected a folder of priors/);
    writePrior(at('one'), 'a');
    await refuses(['inspect', at('one'), '--id', 'b'], /no prior of b.*extract/);
  });
  it('parity: no folder, no such part', async () => {
    await refuses(['parity', at('nowhere')], /no folder .*nowhere/);
    await refuses(['parity', fixture('reference'), '--only', 't6'], /t5/);
  });
  it('probe: what is no video', async () => {
    const { code, out, err } = await runCli(['probe', textFile]);
    assert.equal(code, 2);
    assert.match(out, /letter\.mp4: unreadable/);
    assert.equal(err, '');
  });

  it('a disk without room for the checkpoint: named before the first step', async (t) => {
    const disk = at('disk');
    mkdirSync(disk);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk]);
    if (mounted.status !== 0) return t.skip('mounting a tmpfs is not permitted here');
    try {
      const out = join(disk, 'run');
      const line = await refusal(teach('--out', out, '--steps', '1'));
      assert.match(
        line,
        /Expected 0\.\d+ GiB of free space in .*run for .*exported checkpoint but received 0\.00\d GiB/,
      );
      assert.match(line, /choose another --out/);
      // Before the first step: nothing was learned that would be lost.
      assert.equal(readFileSync(join(out, 'log.jsonl'), 'utf8'), '');
      assert.equal(JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')).steps, 1);
    } finally {
      spawnSync('umount', [disk]);
    }
  });
});
