import { join } from 'node:path';
import { noGrad, openSafetensors, scope, stack, type Tensor, tensor } from '@motion-enhancer/libtorch';
import { DdimSchedule, loadCogVideoXTransformer } from '@motion-enhancer/models';
import { resolve } from '../../config/field.js';
import { AttentionCapture } from '../../prior/capture/attention-capture.js';
import { captureStream } from '../../prior/capture/capture-stream.js';
import type { HeadMaps } from '../../prior/capture/head-maps.js';
import { PRIOR_FIELDS } from '../../prior/config.js';
import { cogVideoXDenoiser } from '../../prior/diffusion/cogvideox/denoiser.js';
import { invert, reconstruct } from '../../prior/diffusion/trajectory.js';
import { headMetrics, topIndices } from '../../prior/selection/heads.js';
import { motionSaliency, textToVideo } from '../../prior/selection/tokens.js';
import { compare, compareKept, OUTPUT } from '../compare.js';
import { readJson } from '../golden-file.js';
import type { Check, ParityPart, Tolerance } from '../part.js';

interface Extraction {
  transformer: string;
  steps: number;
  guidance: number;
  text_tokens: number;
  real_tokens: number;
}

/** Attention statistics are small numbers: judged relative to their largest entry. */
const STATISTIC: Tolerance = { abs: 0, rel: 1e-3 };

/** docs/method.md 1–3 from x0 and embeddings on: trajectories, averaged map, head metrics, kept heads and tokens, prior. */
export const priorPart: ParityPart = {
  name: 'prior',
  needs: ['prior/extraction.json', 'prior/extraction.safetensors'],
  run(root, { device, dtype, report }) {
    const about = readJson(join(root, 'prior/extraction.json')) as unknown as Extraction;
    const file = openSafetensors(join(root, 'prior/extraction.safetensors'));
    // The reference ran in float64; its tolerances hold from float32 on.
    const model = loadCogVideoXTransformer(join(root, about.transformer, 'transformer'), { device, dtype });
    try {
      for (const squareSum of ['accumulate', 'replay'] as const) {
        noGrad(() => scope(() => checkPrior(about, (name) => file.read(name), model, squareSum, report)));
      }
    } finally {
      model.dispose();
      file.close();
    }
  },
};

function checkPrior(
  about: Extraction,
  read: (name: string) => Tensor,
  transformer: ReturnType<typeof loadCogVideoXTransformer>,
  squareSum: 'accumulate' | 'replay',
  report: (check: Check) => void,
): void {
  const name = (tensorName: string) => `prior/${tensorName}${squareSum === 'replay' ? ' (replay)' : ''}`;
  const input = (tensorName: string) => read(tensorName).to(model.dtype, model.device);
  const model = cogVideoXDenoiser(transformer, new DdimSchedule());
  const config = { ...resolve(PRIOR_FIELDS, {}), steps: about.steps };
  const x0 = input('x0');
  const grid = { ...model.grid(x0, input('text')), textTokens: about.text_tokens };
  const capture = new AttentionCapture(model.attention.heads, grid, {
    device: model.device,
    dtype: model.dtype,
    squareSum,
  });
  try {
    const conditioning = { text: input('text'), empty: input('empty_text') };
    const trajectory = invert(model, x0, conditioning.empty, about.steps);
    const states = reconstruct(model, trajectory, conditioning, {
      steps: about.steps,
      guidance: about.guidance,
      start: input('noise'),
      capture: (attention) => captureStream(capture, attention, config),
    });
    const stacked = (list: Tensor[]) => scope(() => stack(list));
    if (squareSum === 'accumulate') {
      report(compare(name('inversion'), stacked(trajectory), read('inversion'), OUTPUT));
      report(compare(name('reconstruction'), stacked(states), read('reconstruction'), OUTPUT));
    }
    checkMaps(capture.finish()[0]!, { about, read, name, report });
  } finally {
    capture.dispose();
  }
}

interface Golden {
  about: Extraction;
  read: (name: string) => Tensor;
  /** Of a check, in the report. */
  name: (tensorName: string) => string;
  report: (check: Check) => void;
}

/** Averaged maps, head metrics, kept heads and tokens, prior. */
function checkMaps(maps: HeadMaps, golden: Golden): void {
  const { about, read, name, report } = golden;
  const { grid } = maps;
  const judge = (tensorName: string, actual: Tensor, expected: Tensor) =>
    report(compare(name(tensorName), actual, expected, STATISTIC));
  const config = resolve(PRIOR_FIELDS, {});
  const reference = read('attention').to('float64');
  const T = grid.textTokens;
  const video = reference.slice(1, T).slice(2, T);
  judge('attention text→video', maps.textToVideo_HTS, reference.narrow(1, 0, T).slice(2, T));
  judge('attention same location', maps.sameLocation_HPFF, sameLocation(video, grid.frames));
  judge('attention Σ', maps.total_H, video.sum([1, 2]));
  judge('attention Σ²', maps.squares_H, video.square().sum([1, 2]));
  const metrics = headMetrics(maps);
  const float64 = { dtype: 'float64' } as const;
  judge('head_metrics', tensor([metrics.dfc, metrics.tcs, metrics.dsr], float64), read('head_metrics'));
  judge('head_score', tensor(metrics.score, float64), read('head_score'));
  const heads = topIndices(metrics.score, config.headRatio);
  report(compareKept(name('heads'), heads, read('heads').toArray(), metrics.score, read('head_score').toArray()));
  const textToVideo_TS = textToVideo(maps, heads);
  const { ms } = motionSaliency(textToVideo_TS, grid.frames);
  judge('motion_score', tensor(ms, float64), read('motion_score'));
  const real = ms.slice(0, about.real_tokens);
  const referenceScores = read('motion_score').toArray().slice(0, about.real_tokens);
  const tokens = read('tokens').toArray();
  report(compareKept(name('tokens'), topIndices(real, config.wordRatio), tokens, real, referenceScores));
  const kept = tensor(tokens, { dtype: 'int64', device: textToVideo_TS.device });
  judge('prior', textToVideo_TS.indexSelect(0, kept), read('prior'));
}

/** [heads, F·P, F·P] → entries of equal location [heads, P, F, F] */
function sameLocation(video_HSS: Tensor, F: number): Tensor {
  const [heads, S] = video_HSS.shape as [number, number];
  const P = S / F;
  const frames = video_HSS.reshape(heads, F, P, F, P);
  const at = Array.from({ length: P }, (_, p) => frames.select(2, p).select(3, p));
  return stack(at, 1);
}
