import assert from 'node:assert/strict';
import { join } from 'node:path';
import { createAligner } from '@motion-enhancer/core/internal/align/index.js';
import { alignedStep } from '@motion-enhancer/core/internal/train/loss/step.js';
import { loadVlm, type Vlm } from '@motion-enhancer/core/internal/vlm/families/load.js';
import { Generator, keep, manualSeed, noGrad, rand, scope, type Tensor, tensor } from '@motion-enhancer/libtorch';
import { closeTo, leakFree } from '@motion-enhancer/libtorch/testing';
import type { Qwen25VL } from '@motion-enhancer/models';
import { freshSeed, temporaryFolder } from '@motion-enhancer/support/testing';
import { RunAligners } from '../run-axis/aligners.js';
import { repeatRuns } from '../run-axis/model.js';
import { TINY, worldTokenizer } from '../testing.js';
import { writeNewMiniVlm } from '../vlm/new-checkpoint.js';
import { choicesOf } from '../vlm/pretrain-samples.js';
import { type WorldData, worldData } from '../vlm/world-data.js';
import { accuracyOf, answerRuns, scoresOf } from './evaluate-runs.js';
import { RUN_RECIPE, type RunSpec } from './spec.js';
import { type AlignmentTable, runLosses } from './step.js';
import { trainRuns } from './train-runs.js';

const seed = freshSeed();
const GRID = { frames: 8, height: 4, width: 4 };

async function withData(body: (vlm: Vlm, data: WorldData) => void): Promise<void> {
  const dir = join(temporaryFolder(), 'vlm');
  writeNewMiniVlm(dir, worldTokenizer(), { seed, sizes: TINY });
  const vlm = loadVlm(dir, { device: 'cpu', dtype: 'float32' });
  const { config } = vlm.model as Qwen25VL;
  const data = await worldData(
    [{ split: 'train', form: 'world', from: seed % 1000, count: 6 }],
    (texts) => texts.flatMap(choicesOf),
    {
      config,
      tokenizer: vlm.tokenizer,
      device: 'cpu',
    },
  );
  manualSeed(seed);
  body(vlm, data);
  data.dispose();
  vlm.dispose();
}

/** Two conditions of random targets for two words a sample, of one and two tokens. */
function randomTable(N: number): AlignmentTable {
  const tensors = keep(
    scope(() => ({
      rows_NQ: tensor(
        Array.from({ length: N }, (_, n) => [145, 147 + (n % 3), 151]),
        { dtype: 'int64' },
      ),
      share_NWQ: tensor([
        [1, 0, 0],
        [0, 0.5, 0.5],
      ]).repeat(N, 1, 1),
      priors_CNWS: rand([2, N, 2, 128]).mul(0.02),
      words_CNW: tensor([
        [1, 1],
        [0, 1],
      ])
        .unsqueeze(1)
        .repeat(1, N, 1),
    })),
  );
  return { grid: GRID, ...tensors, dispose: () => Object.values(tensors).forEach((t: Tensor) => void t.dispose()) };
}

leakFree(`both losses are those of the project's training step, by every aligner (seed ${seed})`, () =>
  withData((vlm, data) => {
    const model = vlm.model as Qwen25VL;
    const N = data.samples.samples.length;
    const alignment = randomTable(N);
    const kinds = ['identity', 'mlp', 'pointwise'] as const;
    const parameters = repeatRuns(model.parameters(), 3, 'cpu');
    const aligners = new RunAligners({ kinds, seeds: [5, 5, 6], cells: 128, hidden: 16, device: 'cpu' });
    noGrad(() =>
      scope(() => {
        const chosen = [
          [0, 2],
          [1, 2],
          [2, 0],
        ];
        const conditions = [0, 1, 0];
        const index = tensor(chosen, { dtype: 'int64' });
        const arm = tensor(
          conditions.map((a) => [a]),
          { dtype: 'int64' },
        );
        const { ar_R, align_R } = runLosses(
          index,
          { condition_R1: arm, squared_R1: tensor([[0], [0], [1]]) },
          { ...data, alignment },
          { parameters, aligners, config: model.config, dtype: 'float32' },
        );
        kinds.forEach((kind, r) => {
          const generator = new Generator([5, 5, 6][r]!);
          const aligner = createAligner({ kind, cells: 128, hidden: 16, device: 'cpu', generator });
          generator.dispose();
          const steps = chosen[r]!.map((n) => {
            const { ids, labels, patches } = sampleOf(data, n);
            const kept = conditions[r] === 0 ? [0, 1] : [1];
            const [first, second, third] = alignment.rows_NQ.select(0, n).toArray().map(Number) as [
              number,
              number,
              number,
            ];
            return alignedStep(
              vlm,
              aligner,
              {
                chat: {
                  ...{ ids, labels, positions: positionsOf(data, ids.length) },
                  inputs: [{ pixels: patches, grid: data.layout.grid }],
                },
                prior: {
                  rows_WS: alignment.priors_CNWS
                    .select(0, conditions[r]!)
                    .select(0, n)
                    .indexSelect(0, tensor(kept, { dtype: 'int64' })),
                  grid: GRID,
                  words: kept.map((w) => (w === 0 ? [first] : [second, third])),
                  visual: data.layout.visual,
                  visualGrid: GRID,
                },
              },
              { kind: r === 2 ? 'squared' : 'norm' },
            );
          });
          const mean = (of: (step: (typeof steps)[number]) => Tensor) =>
            steps.reduce((sum, s) => sum + of(s).item(), 0) / 2;
          closeTo([ar_R.select(0, r).item()], [mean((s) => s.lossAr)], 1e-5, `L_AR, ${kind}`);
          closeTo([align_R!.select(0, r).item()], [mean((s) => s.lossAlign!)], 1e-5, `L_MSE, ${kind}`);
          aligner.dispose();
        });
      }),
    );
    aligners.dispose();
    alignment.dispose();
    for (const p of parameters.values()) p.dispose();
  }),
);

function sampleOf({ samples, clips }: WorldData, n: number) {
  const pads = samples.ids_NL.select(0, n).toArray().map(Number);
  const positions = samples.logitPositions_NK.select(0, n).toArray().map(Number);
  const targets = samples.targets_NK.select(0, n).toArray().map(Number);
  const length = Math.max(...positions.filter((_, k) => targets[k]! >= 0)) + 2;
  const labels = new Array<number>(length).fill(-100);
  positions.forEach((place, k) => {
    if (targets[k]! >= 0) labels[place + 1] = targets[k]!;
  });
  const patches = clips.read(samples.clip_N.narrow(0, n, 1), 'float32').select(0, 0);
  return { ids: pads.slice(0, length), labels, patches };
}

const positionsOf = ({ samples }: WorldData, length: number) => samples.positions.narrow(2, 0, length).contiguous();

leakFree('runs side by side are what each is alone, and a second time the same', () =>
  withData((vlm, data) => {
    const model = vlm.model as Qwen25VL;
    const N = data.samples.samples.length;
    const alignment = randomTable(N);
    const common = { lambda: 30, lambdaRatio: 0, data: N };
    const runs: RunSpec[] = [
      { condition: 'plain', seed: 1, prior: null, aligner: 'identity', ...common },
      { condition: 'a', seed: 1, prior: 0, aligner: 'mlp', ...common },
      { condition: 'b', seed: 2, prior: 1, aligner: 'identity', ...common, data: Math.min(N, 4) },
      { condition: 'c', seed: 2, prior: 1, aligner: 'identity', ...common, lambdaRatio: 0.5 },
      { condition: 'd', seed: 2, prior: 1, aligner: 'identity', ...common, loss: 'squared' },
    ];
    const options = {
      start: model.parameters(),
      config: model.config,
      recipe: {
        ...RUN_RECIPE,
        steps: 3,
        batchSize: 2,
        lr: 1e-3,
        visionLr: 1e-3,
        ratioEvery: 2,
        warmupRatio: 0,
        alignerWidth: 8,
      },
      data: { ...data, alignment },
      pool: N,
      device: 'cpu',
      dtype: 'float32' as const,
    };
    const all = trainRuns({ ...options, runs });
    runs.forEach((run, r) => {
      const alone = trainRuns({ ...options, runs: [run] });
      scope(() => {
        for (const [name, p] of alone.parameters) {
          const moved = p.detach().select(0, 0).sub(model.parameters().get(name)!);
          const together = all.parameters.get(name)!.detach().select(0, r).sub(model.parameters().get(name)!);
          // Adam's first steps are of size lr whatever the gradient: roundings show where it is about 0.
          const off = moved.sub(together).abs().mean().item();
          assert.ok(off < 2e-2 * moved.abs().mean().item() + 1e-9, `${name} of run ${r}: ${off}`);
        }
      });
      closeTo([all.ar[r]!], [alone.ar[0]!], 1e-3, 'L_AR');
      if (run.prior !== null) {
        closeTo([all.lambda[r]!, all.ratios![r]!], [alone.lambda[0]!, alone.ratios![0]!], 1e-2, 'λ, ratio');
        assert.equal(all.lambda[r] === 30, run.lambdaRatio === 0);
      }
      for (const p of alone.parameters.values()) p.dispose();
    });
    const given = { parameters: all.parameters, config: model.config, data, dtype: 'float32' as const };
    const whole = answerRuns({ ...given, batchSize: 100 });
    assert.deepEqual(answerRuns({ ...given, batchSize: 3 }), whole);
    // The likeliest of a question's four whole replies, as Qwen2.5-VL itself has them.
    const one = repeatRuns(model.parameters(), 1, 'cpu');
    const [chosen] = answerRuns({ ...given, parameters: one });
    chosen!.slice(0, 2).forEach((option, q) => {
      const likelihoods = [0, 1, 2, 3].map((i) => {
        const { ids, labels, patches } = scope(() => keep(sampleOf(data, 4 * q + i)));
        const positions = labels.flatMap((label, at) => (label < 0 ? [] : [at - 1]));
        const total = noGrad(() =>
          scope(() => {
            const visual = model.encodeVisual(patches, [data.layout.grid]);
            const positions_3BN = positionsOf(data, ids.length);
            const { logits } = model.forward({ ids: [ids], visual, positions_3BN, logits: positions });
            const rows = logits.select(0, 0).logSoftmax(-1);
            return positions.reduce(
              (sum, at, k) =>
                sum +
                rows
                  .select(0, k)
                  .select(0, ids[at + 1]!)
                  .item(),
              0,
            );
          }),
        );
        patches.dispose();
        return total;
      });
      assert.ok(likelihoods[option]! >= Math.max(...likelihoods) - 1e-3, `${likelihoods}: ${option}`);
    });
    for (const p of one.values()) p.dispose();
    const scores = scoresOf(whole[0]!, data.samples.samples);
    const right = whole[0]!.filter((chosen, i) => data.samples.samples[4 * i]!.answer === chosen).length;
    assert.equal(whole[0]!.length, N / 4);
    assert.equal(accuracyOf(scores).overall, right / whole[0]!.length);
    for (const p of all.parameters.values()) p.dispose();
    alignment.dispose();
  }),
);
