// Ours and the public script of diffusers (examples/community/cogvideox_ddim_inversion.py) on the same shapes, one after
// the other on one GPU:   node bench/prior-vs-script.mjs --diffusers DIR [--out FILE]
// DIR: the script and the package diffusers, which are not part of this project.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const option = (name, fallback) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : process.argv[at + 1];
};
const folder = mkdtempSync(join(tmpdir(), 'prior-vs-script-'));
const here = new URL('.', import.meta.url).pathname;
const run = (command, args, file) => {
  const { status } = spawnSync(command, [...args, '--json', file], { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`);
  return JSON.parse(readFileSync(file, 'utf8'));
};
const theirs = run(
  'python3',
  [join(here, 'prior_script.py'), '--diffusers', option('--diffusers')],
  join(folder, 'theirs.json'),
);
const ours = run(process.execPath, [...process.execArgv, join(here, 'prior-real-size.mjs')], join(folder, 'ours.json'));
const of = (name) => ours.rows.filter((row) => row.name.startsWith(name));
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const merged = (title, rows) => ({
  name: title,
  inversion: median(rows.map((r) => r.inversion)),
  seconds: median(rows.map((r) => r.seconds)),
  peak: Math.max(...rows.map((r) => r.peak)),
});
const rows = [
  theirs.rows[0],
  theirs.rows[1],
  merged('ours, whole reconstruction, no capture', of('the whole reconstruction')),
  merged('ours, the rows that a capture reads, no capture', of('the rows that the capture reads')),
  merged('ours, exact capture', of('exact, fused replay')),
];
const [script, materialised] = theirs.rows;
const text = `# Ours and the public script, side by side

| passes of one clip | inversion, s | in all, s | script ÷ this | script with maps ÷ this | peak, GiB |
| --- | --- | --- | --- | --- | --- |
${rows
  .map(
    (r) =>
      `| ${r.name} | ${r.inversion.toFixed(2)} | ${r.seconds.toFixed(2)} | ${(script.seconds / r.seconds).toFixed(2)} × | ${(materialised.seconds / r.seconds).toFixed(2)} × | ${r.peak.toFixed(1)} |`,
  )
  .join('\n')}

CogVideoX-1.5-5B's size, untrained random weights, transformer only, bfloat16, 5 + 5 steps, 49 frames of 480 × 720 (9,450
video tokens). The script: diffusers ${theirs.diffusers}, torch ${theirs.torch}, medians of two clips after a warm-up; its maps are
softmax(q kᵀ) of the row with the text, head by head, added up in float32. Ours: ${ours.plan}. One forward of
9,676 tokens: ${ours.forward.toFixed(3)} s. ${ours.device}; commit ${process.env.COMMIT ?? 'unknown'}; ${new Date().toISOString().slice(0, 10)};
command \`node bench/prior-vs-script.mjs --diffusers DIR\`
`;
console.log(text);
const out = option('--out', null);
if (out) writeFileSync(out, text);
