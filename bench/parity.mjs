// Parity on every device and dtype of this machine, as one table:
//   node bench/parity.mjs [--reference DIR] [--out FILE]      on a cluster: bundle/run.sh --node bench/parity.mjs --out FILE
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const option = (name, fallback) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : process.argv[at + 1];
};
const reference = option('--reference', 'test/fixtures/reference');
const out = option('--out', null);

const tool = [`${root}packages/cli/bin/motion-enhancer.js`];
const runs = [['cpu', 'float32']];
const hasGpu = existsSync('/dev/nvidiactl');
if (hasGpu) runs.push(['cuda', 'float32'], ['cuda', 'bfloat16'], ['cuda', 'float16']);

const results = runs.map(([device, dtype]) => {
  const args = [...tool, 'parity', reference, '--json', '--device', device, '--dtype', dtype];
  const began = performance.now();
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  const seconds = (performance.now() - began) / 1000;
  const lines = stdout.trim().split('\n');
  const checks = lines
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
    .filter((check) => check.name);
  if (checks.length === 0) throw new Error(`parity on ${device} ${dtype} gave nothing: ${stderr}`);
  return {
    device,
    dtype,
    status,
    seconds,
    summary: summaryOf(lines.at(-1)),
    checks: new Map(checks.map((check) => [check.name, check])),
  };
});

/** "N passed, M failed" of the closing line. */
function summaryOf(line) {
  const { passed, failed, skipped } = JSON.parse(line);
  return `${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`;
}

const cell = (check) => {
  if (!check) return '';
  if (check.maxAbs === null || Number.isNaN(check.maxAbs)) return check.ok ? 'equal' : `**${check.note ?? 'differs'}**`;
  const number = check.maxAbs === 0 ? '0' : check.maxAbs.toExponential(1);
  return check.ok ? number : `**${number}**`;
};
const tolerance = ({ tolerance: { abs, rel } }) =>
  [abs ? `${abs} abs` : '', rel ? `${rel} rel` : ''].filter(Boolean).join(' + ') || 'exact';
const command = (name, args) => {
  try {
    return execFileSync(name, args, { encoding: 'utf8', cwd: root, stdio: ['ignore', 'pipe', 'ignore'] })
      .trim()
      .split('\n')[0];
  } catch {
    return '';
  }
};
const gpu = hasGpu ? command('nvidia-smi', ['--query-gpu=name', '--format=csv,noheader']) : 'no GPU';
const commit = command('git', ['rev-parse', '--short', 'HEAD']) || process.env.COMMIT || 'of the bundle';
const doctor = JSON.parse(
  spawnSync(
    process.execPath,
    [
      '-e',
      `import(${JSON.stringify(`${root}packages/libtorch/dist/index.js`)}).then((t) => console.log(JSON.stringify(t.version())))`,
    ],
    { encoding: 'utf8' },
  ).stdout || '"?"',
);

const names = [...results[0].checks.keys()];
const table = [
  '# Parity with the reference tensors',
  '',
  'Largest absolute difference of each tensor from what diffusers and transformers computed in float32 on a CPU (the prior in float64).',
  'Bold: outside of the tolerance. The tolerance is that of float32; in half precision a check passes within a few per cent of the tensor’s largest entry.',
  '',
  `| tensor | tolerance | ${results.map((r) => `${r.device} ${r.dtype}`).join(' | ')} |`,
  `| --- | --- | ${results.map(() => '---').join(' | ')} |`,
  ...names.map(
    (name) =>
      `| ${name} | ${tolerance(results[0].checks.get(name))} | ${results.map((r) => cell(r.checks.get(name))).join(' | ')} |`,
  ),
  '',
  ...results.map((r) => `- ${r.device} ${r.dtype}: ${r.summary} (${r.seconds.toFixed(1)} s)`),
  `- ${cpus()[0].model}, ${cpus().length} cores; ${gpu}; libtorch ${doctor}; Node ${process.versions.node}`,
  `- ${new Date().toISOString().slice(0, 10)}, commit ${commit}, command \`node bench/parity.mjs --reference ${reference}\``,
  '',
].join('\n');
if (out) writeFileSync(out, table);
console.log(out ? results.map((r) => `${r.device} ${r.dtype}: ${r.summary}`).join('\n') : table);
process.exitCode = results.some((r) => r.status !== 0) ? 1 : 0;
