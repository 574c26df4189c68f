// Prefill and decoding, ours and transformers', one after the other on one machine, as a table:
//   node bench/vlm-speed-both.mjs [--sizes qwen-3b,qwen-7b,internvl-2b,internvl-8b] [--repeats 5] [--out FILE]
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const option = (name, fallback) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : process.argv[at + 1];
};
const here = fileURLToPath(new URL('.', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'vlm-speed-'));
const limit = Number(option('--limit', 120)) * 1000;
const NAMES = {
  'qwen-3b': 'Qwen2.5-VL-3B',
  'qwen-7b': 'Qwen2.5-VL-7B',
  'internvl-2b': 'InternVL3-2B',
  'internvl-8b': 'InternVL3-8B',
};
const out = option('--out', null);
let text = '';
for (const size of option('--sizes', 'qwen-3b').split(',')) {
  const run = (command, file, more) => {
    const json = join(folder, `${size}-${file}.json`);
    spawnSync(command, [join(here, file), '--size', size, '--json', json, ...more], {
      stdio: 'inherit',
      timeout: limit,
    });
    return existsSync(json) ? JSON.parse(readFileSync(json, 'utf8')) : {};
  };
  const ours = run(process.execPath, 'vlm-speed.mjs', ['--repeats', option('--repeats', '5')]);
  const theirs = run('python3', 'vlm_speed_theirs.py', ['--repeats', option('--theirs-repeats', '3')]);
  text += section(size, ours, theirs);
  if (out) writeFileSync(out, text); // what is there survives a later size that fails
}
console.log(text);

function section(size, ours, theirs) {
  const number = (x) =>
    typeof x === 'number' ? (x >= 100 ? Math.round(x).toLocaleString('en') : x.toPrecision(3)) : '–';
  const row = (name, key, better) => {
    const [a, b] = [ours[key], theirs[key]];
    const ratio = a && b ? (better === 'more' ? a / b : b / a) : null;
    return `| ${name} | ${number(a)} | ${number(b)} | ${ratio ? ratio.toFixed(2) : '–'} |`;
  };
  const lines = [
    row(`prefill of ${ours['prompt tokens']} tokens, ${ours['visual tokens']} visual, ms`, 'prefill, ms', 'less'),
    row('of it vision tower, ms', 'prefill: vision tower, ms', 'less'),
    row('of it decoder, ms', 'prefill: decoder, ms', 'less'),
    row('prefill peak above the weights, GiB', 'prefill peak above weights, GiB', 'less'),
    ...[1, 16].flatMap((b) => [
      row(`decode, batch ${b}, tokens/s`, `decode, batch ${b}: tokens/s`, 'more'),
      row('the first 128 steps, recording included', `decode, batch ${b}: tokens/s with recording, 128 steps`, 'more'),
      row('drawn with top-p 0.9', `decode, batch ${b}, drawn (top-p 0.9): tokens/s`, 'more'),
    ]),
  ];
  const pair = (key) => (ours[key] ? ours[key].join(' → ') : '–');
  return `## ${NAMES[size] ?? size}: ${((ours.parameters ?? 0) / 1e9).toFixed(2)} G parameters

| | ours | transformers ${theirs.transformers ?? ''} | times better |
| --- | --- | --- | --- |
${lines.join('\n')}

- 50 attention rows, without → with: ${pair('50 attention rows: ms without, with')} ms, peak ${pair('50 attention rows: peak GiB without, with')} GiB above the weights; with the graph
  of gradients recorded: ${pair('50 attention rows, graph recorded: ms without, with')} ms, ${pair('50 attention rows, graph recorded: peak GiB without, with')} GiB.
- Greedy ids: ${ours["ids equal to those of the model's own forward, of 64"]} of 64 are those of the model's own forward, token by token; where they are not, the two logits lie
  ${ours['largest logit gap where not, standard deviations']?.toPrecision(2)} standard deviations of the logits apart at most.
- ${ours.device}, ${ours.dtype}, libtorch ${ours.libtorch} (theirs: torch ${theirs.torch}, SDPA), ${new Date().toISOString().slice(0, 10)}, commit ${ours.commit}, command
  \`node bench/vlm-speed-both.mjs ${process.argv.slice(2).join(' ')}\`. Untrained random weights, random pixels; decoding after a
  cache of random keys and values as long as the prompt; ours with a repetition penalty of 1.05.

`;
}
