// Video to enhanced checkpoint in miniature: what `make demo` runs.
import { rmSync } from 'node:fs';
import { resolve as absolute, basename, join } from 'node:path';
import { resolve } from '@motion-enhancer/core/internal/config/field.js';
import { readRows } from '@motion-enhancer/core/internal/data/rows.js';
import type { VideoFrames } from '@motion-enhancer/core/internal/data/video/index.js';
import { PRIOR_FIELDS } from '@motion-enhancer/core/internal/prior/config.js';
import { loadVdm } from '@motion-enhancer/core/internal/prior/diffusion/vdm.js';
import { type ExtractOutcome, runExtract } from '@motion-enhancer/core/internal/prior/run-extract.js';
import { PriorStore } from '@motion-enhancer/core/internal/prior/store/store.js';
import { RECIPE_FIELDS } from '@motion-enhancer/core/internal/train/recipe.js';
import { type StepLog, train } from '@motion-enhancer/core/internal/train/run/train.js';
import { askAboutVideo } from '@motion-enhancer/core/internal/vlm/chat/ask.js';
import { loadVlm } from '@motion-enhancer/core/internal/vlm/families/load.js';
import { VIDEO_FIELDS } from '@motion-enhancer/core/internal/vlm/media/video-input.js';
import type { DType } from '@motion-enhancer/libtorch';
import { ownFolder, writeText } from '@motion-enhancer/support';
import { ASSETS, demoCheckpoints } from './checkpoints.js';
import { timedStages } from './timed-stages.js';

const VIDEO = 'videos/moviepy_bbb_432_433.webm';
const ID = 'skipping-rope';
const TEXT = 'A big grey rabbit skips a rope on a green meadow, jumping up and down again and again.';
const QUESTION = 'What moves in this video, and how?';

/** Small enough for two cores, large enough to look at. */
const PRIOR = resolve(PRIOR_FIELDS, { frames: 21, height: 256, width: 448 });
/** Learning rates are high because the weights are random and the steps few. */
const RECIPE = resolve(RECIPE_FIELDS, {
  steps: 8,
  batchSize: 1,
  lr: 1e-3,
  mergerLr: 1e-3,
  visionLr: 2e-4,
  alignerWidth: 256,
  fps: 4,
  maxPixels: 60000,
});

export interface DemoReport {
  device: string;
  dtype: DType;
  store: PriorStore;
  outcome: ExtractOutcome;
  frames: VideoFrames;
  log: StepLog[];
  answers: { question: string; before: string; after: string };
  /** Seconds by stage. */
  seconds: Record<string, number>;
  commands: string[];
  checkpoint: string;
}

export interface DemoOptions {
  out: string;
  device: string;
  dtype: DType;
  onStage(name: string): void;
  onProgress(stage: string, done: number, total: number): void;
  onLine(line: string): void;
}

/** Runs the pipeline in `out`, which is emptied of an earlier run first. */
export async function runDemo(o: DemoOptions): Promise<DemoReport> {
  const { out, device, dtype } = o;
  const { seconds, stage } = timedStages((name) => o.onStage(name));
  ownFolder(out, 'motion-enhancer demo');
  for (const old of ['priors', 'run']) rmSync(join(out, old), { recursive: true, force: true });
  const checkpoints = await stage('checkpoints', async () => demoCheckpoints(join(out, 'checkpoints')));
  const video = absolute(ASSETS, VIDEO);
  const store = new PriorStore(join(out, 'priors'));
  const outcome = await stage('extract', () => extractPrior(checkpoints.vdm, store, video, o));
  writeData(join(out, 'data.json'), video);
  const before = await stage('generate before', () => ask(checkpoints.vlm, video, o));
  const trained = await stage('train', () => trainOn(checkpoints.vlm, o));
  const after = await stage('generate after', () => ask(trained.checkpoint, video, o));
  return {
    ...{ device, dtype, store, outcome, seconds },
    frames: outcome.frames,
    log: trained.log,
    answers: { question: QUESTION, before, after },
    commands: commandsOf(checkpoints, video, out),
    checkpoint: trained.checkpoint,
  };
}

async function extractPrior(checkpoint: string, store: PriorStore, video: string, o: DemoOptions) {
  const vdm = await loadVdm(checkpoint, { device: o.device, dtype: o.dtype });
  try {
    return await runExtract({ vdm, store, id: ID, video, text: TEXT, config: PRIOR, onProgress: o.onProgress });
  } finally {
    vdm.dispose();
  }
}

/** One sample: the video, the question, the text as its answer. */
function writeData(path: string, video: string): void {
  const conversations = [
    { from: 'human', value: `<video>\n${QUESTION}` },
    { from: 'gpt', value: TEXT },
  ];
  writeText(path, `${JSON.stringify([{ id: ID, video, conversations }], null, 2)}\n`);
}

async function ask(checkpoint: string, video: string, { device, dtype }: DemoOptions): Promise<string> {
  const vlm = loadVlm(checkpoint, { device, dtype });
  const settings = resolve(VIDEO_FIELDS, { fps: RECIPE.fps, maxPixels: RECIPE.maxPixels });
  try {
    return await askAboutVideo(vlm, video, QUESTION, settings, { maxNewTokens: 24, temperature: 0 });
  } finally {
    vlm.dispose();
  }
}

async function trainOn(checkpoint: string, { out, device, dtype, onLine, onProgress }: DemoOptions) {
  const vlm = loadVlm(checkpoint, { device, dtype, trainable: true });
  try {
    return await train({
      vlm,
      rows: (await readRows(join(out, 'data.json'))).rows,
      priors: join(out, 'priors'),
      out: join(out, 'run'),
      recipe: RECIPE,
      onWarning: onLine,
      onStep: (log, total) => onProgress('train', log.step, total),
    });
  } finally {
    vlm.dispose();
  }
}

/** The same by hand. */
function commandsOf({ vdm, vlm }: { vdm: string; vlm: string }, video: string, out: string): string[] {
  const tool = 'npx motion-enhancer';
  const at = (name: string) => join(out, name);
  const file = join('test/fixtures/videos', basename(video));
  return [
    `${tool} extract --vdm ${vdm} --video ${file} --text "${TEXT}" --id ${ID} --out ${at('priors')} --frames ${PRIOR.frames} --height ${PRIOR.height} --width ${PRIOR.width}`,
    `${tool} train --vlm ${vlm} --data ${at('data.json')} --priors ${at('priors')} --out ${at('run')} --steps ${RECIPE.steps} --batch-size ${RECIPE.batchSize} --lr ${RECIPE.lr} --merger-lr ${RECIPE.mergerLr} --vision-lr ${RECIPE.visionLr} --aligner-width ${RECIPE.alignerWidth} --fps ${RECIPE.fps} --max-pixels ${RECIPE.maxPixels}`,
    `${tool} generate --vlm ${at('run/checkpoint')} --video ${file} --prompt "${QUESTION}" --fps ${RECIPE.fps} --max-pixels ${RECIPE.maxPixels} --max-new-tokens 24 --temperature 0`,
  ];
}
