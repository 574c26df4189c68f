import { join } from 'node:path';
import { writeHeatMaps } from '@motion-enhancer/core/internal/view/heat-maps.js';
import { writeDemoPage } from '@motion-enhancer/core/internal/view/page.js';
import type { ResultSection } from '@motion-enhancer/core/internal/view/result-section.js';
import { version } from '@motion-enhancer/libtorch';
import { accuracyOf, type TypeScores } from '../runs/evaluate-runs.js';
import { shippedSweep } from './shipped-sweep.js';
import type { WorldDemoOptions, WorldDemoReport } from './world-demo.js';

const SUMMARY = [
  'In the motion world, small textured shapes stand, slide, spin, grow, sway and hop before textured backgrounds, and the camera pans and zooms. Two mini models live in it: a CogVideoX that makes such clips from captions, and a Qwen2.5-VL that is asked what moves and how.',
  'Here the diffusion model watched some training clips, and one real video, by DDIM inversion and denoising; the attention of the captions’ words became motion priors: over the four (layer, head) units whose maps change most from frame to frame, on the inverted video, which find the mover best here without labels; the first clip is also shown in the paper’s form, over motion-sensitive heads (MHS) of the reconstruction and with motion-salient words (MTTI). The VLM then was fine-tuned for a few steps on questions about these clips, once plainly, and once with its own text-to-video attention pulled toward the priors.',
];

/** Pictures and page of a run. @returns their paths */
export function writeWorldPage(
  report: WorldDemoReport,
  o: WorldDemoOptions,
  ladder: string | null,
): { files: string[]; page: string } {
  const priors = report.shown.map(({ key, frames, pixelFrames }) => ({
    prior: report.store.read(key),
    frames,
    pixelFrames,
  }));
  const files = priors.flatMap(({ prior, frames, pixelFrames }) =>
    writeHeatMaps(join(o.out, 'maps', prior.info.id), prior, frames, pixelFrames),
  );
  const page = join(o.out, 'index.html');
  const experiment = ladder === null ? null : shippedSweep(ladder);
  const random = o.vdm.weights === 'random';
  writeDemoPage(page, {
    title: 'MotionEnhancer: the whole method in the motion world',
    summary: [
      ...SUMMARY,
      pullLine(report),
      random
        ? 'The diffusion model has untrained random weights: its maps mean nothing. The VLM is trained.'
        : 'The diffusion model is small: docs/results/world.md measures how far each form of prior finds the mover. The real video is far from anything that the diffusion model has learned: it shows that any video runs, not what a large model would see.',
    ],
    weights: random ? 'random' : 'trained',
    facts: [
      ['device', `${o.device}, ${o.dtype}`],
      ['engine', `libtorch ${version()} in Node ${process.versions.node}`],
      ['VLM', o.vlm],
      ['diffusion model', o.vdm.dir],
      ['real video', 'Big Buck Bunny, one second (CC BY 3.0, Blender Foundation)'],
      ['date', new Date().toISOString().slice(0, 10)],
    ],
    priors,
    training: report.aligned,
    plainTraining: report.plain,
    results: [accuracies(report, experiment !== null), ...(experiment ? [experiment] : [])],
    answers: [],
    commands: report.commands,
    timings: Object.entries(report.seconds).map(([stage, seconds]) => ({ stage, seconds })),
  });
  return { files, page };
}

/** What the aligned run pulled with, and how strongly beside L_AR. */
function pullLine({ recipe: { lambda, sharpen }, aligned }: WorldDemoReport): string {
  const ratios = aligned.flatMap(({ gradRatio }) => gradRatio ?? []);
  const [low, high] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toPrecision(2));
  const range = low === high ? low : `${low} to ${high}`;
  return [
    `The pull is that of change-r-last:sharp=${sharpen} in the experiment (motion-enhancer world ladder): λ = ${lambda}, no aligner, all words, each map taken to the power ${sharpen} and scaled to the mean sum that the start model’s rows have on the maps’ grid (${aligned[0]!.rowSum!.toPrecision(3)}); but maps keep the diffusion model’s finer grid, to which the attention is resized, and there are ${aligned.length} steps in place of hundreds, which prove nothing`,
    ratios.length > 0 ? ` (λ‖∇L_MSE‖ / ‖∇L_AR‖ was ${range} where it was measured).` : '.',
  ].join('');
}

const percent = (share: number) => (100 * share).toFixed(1);

function accuracies({ scores, questions }: WorldDemoReport, hasSweep: boolean): ResultSection {
  const types = Object.keys(scores.start);
  const cells = (of: TypeScores) =>
    types.map((type) => {
      const [right, count] = of[type] ?? [0, 0];
      return `${percent(right / count)} (${right} of ${count})`;
    });
  const names = { start: 'before fine-tuning', plain: 'fine-tuned plainly', aligned: 'fine-tuned, aligned' };
  return {
    title: 'Answers to questions about test clips',
    notes: [
      `Accuracy in % on ${questions} questions about clips that no training saw: of four replies the likeliest is taken; chance is 25. A few steps on a handful of clips teach little, and so few questions tell small changes apart only by luck. ${hasSweep ? 'The experiment below is the measurement.' : 'The experiment that would (motion-enhancer world ladder, docs/world-vlm.md) has not been run yet.'}`,
    ],
    tables: [
      {
        head: ['', 'all', ...types],
        rows: (['start', 'plain', 'aligned'] as const).map((name) => [
          names[name],
          percent(accuracyOf(scores[name]).overall),
          ...cells(scores[name]),
        ]),
      },
    ],
  };
}
