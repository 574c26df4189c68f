// The commands that are tortured: how each is called on a folder, and what of the folder must not depend on what happened.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { layOutBenchmark } from '@motion-enhancer/core/internal/eval/benchmarks/testing.js';
import { goodRows, tinyVdm, writeRows } from '@motion-enhancer/core/internal/prior/dataset/testing.js';
import { OTHER_VIDEO, row, writePrior, writeTestVlm } from '@motion-enhancer/core/internal/train/testing.js';

const CPU = ['--device', 'cpu', '--dtype', 'float32', '--threads', '1'];
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 16);
const hashOf = (path) => (existsSync(path) ? sha256(readFileSync(path)) : 'absent');
const linesOf = (path) =>
  existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : [];

/** Models, data and the three commands. */
export function makeSubjects(scratch) {
  const at = (...parts) => join(scratch, ...parts);
  const vdm = tinyVdm(at('vdm'));
  const vlm = writeTestVlm(at('vlm'));
  const rows = writeRows(at('rows.jsonl'), goodRows(4));
  const bench = layOutBenchmark('motionbench', at('motionbench'));
  for (const id of ['a', 'c']) writePrior(at('priors'), id);
  const talks = [row('a'), row('b', { video: OTHER_VIDEO }), row('c')];
  writeFileSync(
    at('talks.json'),
    JSON.stringify(talks.map(({ id, video, turns }) => ({ id, video, messages: turns }))),
  );
  const small = '--frames 5 --height 32 --width 48 --steps 1'.split(' ');
  const training = [
    ...['--vlm', vlm, '--data', at('talks.json'), '--priors', at('priors'), '--aligner-width', '16', '--seed', '7'],
    ...['--steps', '6', '--batch-size', '2', '--epochs', '10', '--save-every', '2', '--max-pixels', '3136'],
    ...['--lambda', 'auto:0.5', '--ratio-every', '3', '--prior-scale', 'share', '--length-window', '3', '--resume'],
  ];
  const asking = [
    ...['--vlm', vlm, '--bench', 'motionbench', '--data', bench, '--protocol', 'letter', '--allow-counts'],
    ...['--frames', '2', '--frame-rule', 'segments', '--max-pixels', '3136', '--max-new-tokens', '4', '--workers', '1'],
  ];
  return {
    vdm,
    vlm,
    bench,
    priors: at('priors'),
    talks: at('talks.json'),
    extract: {
      argv: (out) => ['extract', '--vdm', vdm, '--data', rows, '--out', out, ...small, ...CPU],
      ends: (out) =>
        JSON.stringify(
          readdirSync(out)
            .filter((name) => name.endsWith('.safetensors') || name.startsWith('.'))
            .sort()
            .map((name) => `${name} ${name.endsWith('.safetensors') ? hashOf(join(out, name)) : ''}`),
        ),
    },
    train: {
      argv: (out) => ['train', ...training, '--out', out, ...CPU],
      ends: (out) =>
        JSON.stringify([
          hashOf(join(out, 'checkpoint/model.safetensors')),
          hashOf(join(out, 'aligner.safetensors')),
          linesOf(join(out, 'log.jsonl')).map(
            ({ seconds, tokensPerSecond, waitSeconds, etaSeconds, memoryBytes, mfu, ...rest }) => rest,
          ),
          readdirSync(out).filter((name) => name.endsWith('.tmp')),
        ]),
    },
    eval: {
      argv: (out, shard) => ['eval', ...asking, '--out', out, ...(shard ? ['--shard', shard] : []), ...CPU],
      ends: (out) =>
        JSON.stringify(
          readdirSync(out)
            .filter((name) => /^answers.*\.jsonl$/.test(name))
            .flatMap((name) => linesOf(join(out, name)))
            .map(({ id, output, correct, chosen, frames }) => ({ id, output, correct, chosen, frames }))
            .sort((a, b) => (a.id < b.id ? -1 : 1)),
        ),
    },
    makeOut: (name) => {
      const dir = at('out', name);
      mkdirSync(join(dir, 'cache'), { recursive: true });
      return dir;
    },
  };
}
