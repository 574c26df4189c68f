import { resolve as absolute, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Fields } from '@motion-enhancer/core/internal/config/field.js';
import { DEVICE_FIELDS } from '@motion-enhancer/core/internal/config/fields-of-run.js';
import { writeHeatMaps } from '@motion-enhancer/core/internal/view/heat-maps.js';
import { writeDemoPage } from '@motion-enhancer/core/internal/view/page.js';
import { type DType, scope, version } from '@motion-enhancer/libtorch';
import { demoCheckpoints } from '@motion-enhancer/motion-world/internal/demo/checkpoints.js';
import { type DemoReport, runDemo } from '@motion-enhancer/motion-world/internal/demo/run-demo.js';
import { type Shipped, shipped } from '@motion-enhancer/motion-world/internal/demo/shipped.js';
import {
  runWorldDemo,
  type WorldDemoOptions,
  type WorldDemoReport,
} from '@motion-enhancer/motion-world/internal/demo/world-demo.js';
import { writeWorldPage } from '@motion-enhancer/motion-world/internal/demo/write-world-page.js';
import { ownFolder } from '@motion-enhancer/support';
import { createProgress, type Progress } from '../progress.js';
import { OUTPUT_FIELDS, parseCommand, resolveRun } from '../run-options.js';
import type { Command } from './registry.js';

const FIELDS = {
  out: {
    type: 'path',
    default: 'demo',
    text: 'Folder of the demo: a new or an empty one, or that of an earlier demo, which is replaced',
  },
  weights: {
    type: 'choice',
    choices: ['auto', 'random'],
    default: 'auto',
    text: 'auto: the mini models of the motion world that the project ships; random: untrained models on a real video alone',
  },
  ...DEVICE_FIELDS,
  ...OUTPUT_FIELDS,
} as const satisfies Fields;

export const command: Command = {
  name: 'demo',
  async run(argv) {
    const parsed = parseCommand('demo', '[options]', FIELDS, argv);
    if (!parsed) return 0;
    const { values } = parsed;
    const run = resolveRun(values);
    const progress = createProgress({
      label: 'demo',
      json: values.json,
      ...(run.device === 'cpu' ? {} : { device: run.device }),
    });
    ownFolder(values.out, 'motion-enhancer demo');
    const found = shipped();
    if (values.weights === 'auto' && found.vlm)
      return worldDemo({ ...values, ...run }, { ...found, vlm: found.vlm }, progress);
    progress.log(
      'The checkpoints of this demo have untrained random weights: it shows that everything runs, and what it looks like; its maps and answers mean nothing.',
    );
    const report = await runDemo({
      ...run,
      out: values.out,
      onStage: (name) => progress.stage(name),
      onProgress: (stage, done, total) => progress.step(stage, done, total),
      onLine: (line) => progress.log(line),
    });
    const { files, page } = scope(() => write(values.out, report));
    progress.finish('done');
    if (values.json) {
      console.log(
        JSON.stringify({ type: 'demo', page, files, checkpoint: report.checkpoint, seconds: report.seconds }),
      );
      return 0;
    }
    for (const [stage, seconds] of Object.entries(report.seconds))
      console.log(`${stage.padEnd(16)}${seconds.toFixed(1).padStart(6)} s`);
    console.log(`\nprior       ${report.store.path(report.outcome.key)}`);
    console.log(`checkpoint  ${report.checkpoint}`);
    for (const file of files.filter((name) => !name.includes('words/'))) console.log(`picture     ${file}`);
    console.log(`page        ${pathToFileURL(absolute(page)).href}`);
    return 0;
  },
};

/** In the motion world, on the models that the project ships. */
async function worldDemo(
  { out, device, dtype, json }: { out: string; device: string; dtype: DType; json: boolean },
  found: Shipped & { vlm: string },
  progress: Progress,
): Promise<number> {
  const vdm = found.vdm
    ? { dir: found.vdm, weights: 'trained' as const }
    : { dir: demoCheckpoints(join(out, 'checkpoints')).vdm, weights: 'random' as const };
  if (vdm.weights === 'random')
    progress.log('The diffusion model of this demo has untrained random weights: its maps mean nothing.');
  const options: WorldDemoOptions = {
    ...{ out, device, dtype, vlm: found.vlm, vdm },
    onStage: (name) => progress.stage(name),
    onProgress: (stage, done, total) => progress.step(stage, done, total),
    onLine: (line) => progress.log(line),
  };
  const report = await runWorldDemo(options);
  const { files, page } = scope(() => writeWorldPage(report, options, found.ladder));
  progress.finish('done');
  if (json) {
    console.log(JSON.stringify({ type: 'demo', page, files, ...pickResults(report) }));
    return 0;
  }
  for (const [stage, seconds] of Object.entries(report.seconds))
    console.log(`${stage.padEnd(16)}${seconds.toFixed(1).padStart(6)} s`);
  console.log(`\ncheckpoint  ${report.checkpoint}`);
  console.log(`page        ${pathToFileURL(absolute(page)).href}`);
  return 0;
}

const pickResults = ({ checkpoint, seconds, scores }: WorldDemoReport) => ({ checkpoint, seconds, scores });

function write(out: string, report: DemoReport): { files: string[]; page: string } {
  const prior = report.store.read(report.outcome.key);
  const { frames, pixelFrames } = report.outcome;
  const files = writeHeatMaps(join(out, 'maps'), prior, frames, pixelFrames);
  const page = join(out, 'index.html');
  const { question, before, after } = report.answers;
  writeDemoPage(page, {
    summary: [
      'A video diffusion model watched a real video by DDIM inversion and denoising; the attention of its words, over motion-sensitive heads (MHS) and motion-salient words (MTTI), became a motion prior; fine-tuning pulled a vision-language model’s own text-to-video attention toward it.',
    ],
    weights: 'random',
    facts: [
      ['video', 'Big Buck Bunny, one second (CC BY 3.0, Blender Foundation)'],
      ['device', `${report.device}, ${report.dtype}`],
      ['engine', `libtorch ${version()} in Node ${process.versions.node}`],
      ['date', new Date().toISOString().slice(0, 10)],
    ],
    priors: [{ prior, frames, pixelFrames }],
    training: report.log,
    answers: [{ prompt: question, before, after }],
    commands: report.commands,
    timings: Object.entries(report.seconds).map(([stage, seconds]) => ({ stage, seconds })),
  });
  return { files, page };
}
