// The whole method in the motion world, on the mini models that the project ships: what `make demo` runs.
import { rmSync } from 'node:fs';
import { resolve as absolute, join } from 'node:path';
import { resolve } from '@motion-enhancer/core/internal/config/field.js';
import { readRows } from '@motion-enhancer/core/internal/data/rows.js';
import { PRIOR_FIELDS, type PriorConfig } from '@motion-enhancer/core/internal/prior/config.js';
import { loadVdm } from '@motion-enhancer/core/internal/prior/diffusion/vdm.js';
import { type ExtractOutcome, runExtract } from '@motion-enhancer/core/internal/prior/run-extract.js';
import { PriorStore } from '@motion-enhancer/core/internal/prior/store/store.js';
import { RECIPE_FIELDS, type Recipe } from '@motion-enhancer/core/internal/train/recipe.js';
import { type StepLog, train } from '@motion-enhancer/core/internal/train/run/train.js';
import { loadVlm } from '@motion-enhancer/core/internal/vlm/families/load.js';
import type { DType } from '@motion-enhancer/libtorch';
import { ownFolder, writeText } from '@motion-enhancer/support';
import { makeClip, type WorldClip } from '../generate/index.js';
import type { TypeScores } from '../runs/evaluate-runs.js';
import { writeClips } from '../write-clips.js';
import { ASSETS } from './checkpoints.js';
import { scoreCheckpoints } from './score-checkpoints.js';
import { timedStages } from './timed-stages.js';

const REAL_VIDEO = { id: 'real-video', file: 'videos/moviepy_bbb_432_433.webm' };
const REAL_TEXT = 'A big grey rabbit skips a rope on a green meadow, jumping up and down again and again.';
export interface DemoSize {
  /** Training clips, with one question each; test clips, with all of theirs. */
  clips: number;
  /** How many of them get a prior; the others are learned from without one. */
  extracted: number;
  testClips: number;
  steps: number;
  batchSize: number;
  /** Of the real video, where the diffusion model has random weights: nothing speaks against a size that is good to look at. */
  randomPrior: PriorConfig;
}

/** Minutes on two cores. */
const SIZE: DemoSize = {
  clips: 8,
  extracted: 4,
  testClips: 40,
  steps: 8,
  batchSize: 4,
  randomPrior: resolve(PRIOR_FIELDS, { frames: 21, height: 256, width: 448 }),
};

/** The paper's form, at the size of the clips. */
const PAPER_PRIOR = resolve(PRIOR_FIELDS, { frames: 16, height: 64, width: 64 });
/** What finds the mover best here without labels: docs/results/world.md. */
const CLIP_PRIOR: PriorConfig = {
  ...PAPER_PRIOR,
  ...{ stream: 'reference', stepsUsed: 2, unit: 'layer-head', selection: 'change', headCount: 4 },
};

/** The pull of the sweep's condition `change-r-last:sharp=4`, but on the priors’ own grid; rates for few steps. */
const RECIPE = {
  lr: 2e-4,
  mergerLr: 2e-4,
  visionLr: 4e-5,
  aligner: 'identity',
  lambda: 1,
  sharpen: 4,
  priorScale: 'share',
  words: 'all',
  ratioEvery: 4,
  recompute: 'none',
  saveEvery: 0,
  fps: 8,
  maxPixels: 4096,
} as const;

export interface WorldDemoOptions {
  out: string;
  device: string;
  dtype: DType;
  vlm: string;
  vdm: { dir: string; weights: 'trained' | 'random' };
  size?: DemoSize;
  onStage(name: string): void;
  onProgress(stage: string, done: number, total: number): void;
  onLine(line: string): void;
}

export interface WorldDemoReport {
  store: PriorStore;
  /** Of the first clips and of the real video. */
  shown: ExtractOutcome[];
  recipe: Recipe;
  plain: StepLog[];
  aligned: StepLog[];
  scores: { start: TypeScores; plain: TypeScores; aligned: TypeScores };
  questions: number;
  checkpoint: string;
  seconds: Record<string, number>;
  commands: string[];
}

/** Runs it in `out`, which is emptied of an earlier run first. @throws UserError ERR_WRITE for a foreign folder */
export async function runWorldDemo(o: WorldDemoOptions): Promise<WorldDemoReport> {
  const { out, device, dtype } = o;
  const run = { device, dtype };
  const size = o.size ?? SIZE;
  const recipe = resolve(RECIPE_FIELDS, { ...RECIPE, steps: size.steps, batchSize: size.batchSize });
  const at = (name: string) => join(out, name);
  const { seconds, stage } = timedStages((name) => o.onStage(name));
  ownFolder(out, 'motion-enhancer demo');
  for (const old of ['clips', 'priors', 'plain', 'aligned']) rmSync(at(old), { recursive: true, force: true });

  const data = at('clips/open.json');
  const rows = await stage('draw clips', async () => {
    const clips = [...trainingClips(size.clips)];
    await writeClips(at('clips'), clips, (done) => o.onProgress('draw clips', done, size.clips));
    writeText(data, `${JSON.stringify(clips.map(openRow), null, 1)}\n`);
    return (await readRows(data)).rows;
  });
  const store = new PriorStore(at('priors'));
  const shown = await stage('extract', async () => {
    const vdm = await loadVdm(o.vdm.dir, run);
    const found: ExtractOutcome[] = [];
    try {
      const jobs = rows
        .slice(0, size.extracted)
        .map((row) => ({ id: row.id, video: row.video, text: row.caption ?? '', config: CLIP_PRIOR }));
      // Beside the first, for comparison; its name is no row's.
      const paper = { ...jobs[0]!, id: `${jobs[0]!.id} in the paper’s form`, config: PAPER_PRIOR };
      const real = {
        id: REAL_VIDEO.id,
        video: absolute(ASSETS, REAL_VIDEO.file),
        text: REAL_TEXT,
        config: o.vdm.weights === 'random' ? size.randomPrior : CLIP_PRIOR,
      };
      const all = [jobs[0]!, paper, ...jobs.slice(1), real];
      for (const [i, job] of all.entries()) {
        const outcome = await runExtract({ vdm, store, ...job });
        if (i < 3 || job === real) found.push(outcome);
        o.onProgress('extract', i + 1, all.length);
      }
    } finally {
      vdm.dispose();
    }
    return found;
  });
  const tune = (name: string, priors: string | null) =>
    stage(`train ${name}`, async () => {
      const vlm = loadVlm(o.vlm, { ...run, trainable: true });
      try {
        const onStep = (log: StepLog, total: number) => o.onProgress(`train ${name}`, log.step, total);
        return await train({ vlm, rows, priors, out: at(name), recipe, onWarning: o.onLine, onStep });
      } finally {
        vlm.dispose();
      }
    });
  const plain = await tune('plain', null);
  const aligned = await tune('aligned', at('priors'));
  const folders = { start: o.vlm, plain: plain.checkpoint, aligned: aligned.checkpoint };
  const { scores, questions } = await stage('evaluate', () =>
    scoreCheckpoints(folders, size.testClips, run, (done, total) => o.onProgress('evaluate', done, total)),
  );
  return {
    ...{ store, shown, recipe, plain: plain.log, aligned: aligned.log, scores, questions, seconds },
    checkpoint: aligned.checkpoint,
    commands: commandsOf(o, size),
  };
}

/** The first clips with a question, of those that move. */
function* trainingClips(count: number) {
  let found = 0;
  for (let index = 0; found < count; index++) {
    const clip = makeClip('train', index);
    if (clip.questions.length === 0) continue;
    found++;
    yield clip;
  }
}

/** A clip's first question without its options, as the mini VLM was taught to answer. */
function openRow({ id, caption, questions }: WorldClip): unknown {
  const { stem, options, answer } = questions[0]!;
  return {
    ...{ id, video: `videos/${id}.mov`, caption },
    conversations: [
      { from: 'human', value: `<video>\n${stem}` },
      { from: 'gpt', value: options[answer] },
    ],
  };
}

/** The same by hand, on the clips and questions that the demo wrote (and priors for all of its clips). */
function commandsOf({ out, vlm, vdm }: WorldDemoOptions, { steps, batchSize }: DemoSize): string[] {
  const tool = 'npx motion-enhancer';
  const at = (name: string) => join(out, name);
  const common = `--steps ${steps} --batch-size ${batchSize} --lr ${RECIPE.lr} --merger-lr ${RECIPE.mergerLr} --vision-lr ${RECIPE.visionLr} --fps ${RECIPE.fps} --max-pixels ${RECIPE.maxPixels}`;
  return [
    `${tool} extract --vdm ${vdm.dir} --data ${at('clips/open.json')} --out ${at('priors')} --frames 16 --height 64 --width 64 --stream reference --steps-used 2 --unit layer-head --selection change --head-count 4`,
    `${tool} inspect ${at('priors')}`,
    `${tool} train --vlm ${vlm} --data ${at('clips/open.json')} --out ${at('plain')} ${common}`,
    `${tool} train --vlm ${vlm} --data ${at('clips/open.json')} --priors ${at('priors')} --out ${at('aligned')} ${common} --aligner ${RECIPE.aligner} --lambda ${RECIPE.lambda} --sharpen ${RECIPE.sharpen} --prior-scale ${RECIPE.priorScale} --words ${RECIPE.words}`,
  ];
}
