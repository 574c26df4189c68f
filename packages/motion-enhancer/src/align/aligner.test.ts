import assert from 'node:assert/strict';
import { join } from 'node:path';
import {
  Generator,
  grad,
  openSafetensors,
  rand,
  type Tensor,
  tensor,
  writeSafetensors,
  zeros,
} from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import { UserError } from '@motion-enhancer/support';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import {
  type Aligner,
  type AlignerKind,
  alignerFromTensors,
  createAligner,
  loadAligner,
  stackAligners,
} from './aligner.js';

const dir = temporaryFolder();

function withAligner(
  kind: AlignerKind,
  cells: number,
  hidden: number,
  body: (aligner: Aligner) => void,
  seed = 1,
): void {
  const generator = new Generator(seed);
  const aligner = createAligner({ kind, cells, hidden, device: 'cpu', generator });
  try {
    body(aligner);
  } finally {
    aligner.dispose();
    generator.dispose();
  }
}

/** Abramowitz and Stegun 7.1.26, refined by its own series: erf to 1e-7 is enough here. */
function erf(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const y =
    1 -
    ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * Math.exp(-x * x);
  return x < 0 ? -y : y;
}
const gelu = (x: number) => 0.5 * x * (1 + erf(x / Math.SQRT2));

/** Linear GELU Linear GELU Linear on plain numbers. */
function mlp(parameters: ReadonlyMap<string, Tensor>, row: number[]): number[] {
  let x = row;
  for (const [i, name] of ['0', '2', '4'].entries()) {
    const weight = parameters.get(`${name}.weight`)!.tolist() as number[][];
    const bias = parameters.get(`${name}.bias`)!.toArray();
    const input = i === 0 ? x : x.map(gelu);
    x = weight.map((w, o) => w.reduce((sum, v, j) => sum + v * input[j]!, bias[o]!));
  }
  return x;
}

tensorTest('mlp: Linear(S→m) GELU Linear(m→m) GELU Linear(m→S), row by row', () => {
  withAligner('mlp', 6, 5, (aligner) => {
    const shapes = [...aligner.parameters()].map(([name, t]) => [name, ...t.shape]);
    assert.deepEqual(shapes, [
      ['0.weight', 5, 6],
      ['0.bias', 5],
      ['2.weight', 5, 5],
      ['2.bias', 5],
      ['4.weight', 6, 5],
      ['4.bias', 6],
    ]);
    const rows = rand([3, 6]).mul(4).sub(2);
    const out = aligner.forward(rows);
    assert.deepEqual(out.shape, [3, 6]);
    closeTo(
      out,
      (rows.tolist() as number[][]).flatMap((row) => mlp(aligner.parameters(), row)),
      1e-5,
    );
  });
});

tensorTest('pointwise: the same small network for every cell', () => {
  withAligner('pointwise', 6, 4, (aligner) => {
    assert.deepEqual(aligner.parameters().get('0.weight')!.shape, [4, 1]);
    const rows = rand([2, 6]).mul(4).sub(2);
    const out = aligner.forward(rows);
    assert.deepEqual(out.shape, [2, 6]);
    closeTo(
      out,
      rows.toArray().flatMap((cell) => mlp(aligner.parameters(), [cell])),
      1e-5,
    );
  });
});

tensorTest('identity: what comes in goes out, without parameters', () => {
  withAligner('identity', 6, 4, (aligner) => {
    const rows = rand([2, 6]);
    closeTo(aligner.forward(rows), rows, 0);
    assert.equal(aligner.parameters().size, 0);
  });
});

tensorTest('initial values: float32 leaves, uniform in ±1/√inputs, decided by the seed', () => {
  const first: number[][] = [];
  for (const seed of [7, 7, 8])
    withAligner(
      'mlp',
      400,
      100,
      (aligner) => {
        for (const [name, t] of aligner.parameters()) {
          const bound = 1 / Math.sqrt(name.startsWith('0') ? 400 : 100);
          const most = t.abs().max().item();
          assert.ok(most <= bound && most > 0.9 * bound, `${name}: ${most} of ${bound}`);
          assert.ok(Math.abs(t.mean().item()) < 0.2 * bound, name);
          assert.ok(t.requiresGrad && t.isLeaf && t.dtype === 'float32', name);
        }
        first.push(aligner.parameters().get('2.weight')!.toArray().slice(0, 4));
      },
      seed,
    );
  assert.deepEqual(first[0], first[1]);
  assert.notDeepEqual(first[0], first[2]);
});

tensorTest('gradients reach every parameter and the rows', () => {
  for (const kind of ['mlp', 'pointwise'] as const)
    withAligner(kind, 6, 5, (aligner) => {
      const rows = rand([3, 6], { requiresGrad: true });
      const parameters = [...aligner.parameters().values(), rows];
      for (const gradient of grad([aligner.forward(rows).square().sum()], parameters))
        assert.ok(gradient.abs().max().item() > 0);
    });
});

tensorTest('save and load: kind, sizes, every value; trainable again', () => {
  for (const kind of ['mlp', 'pointwise', 'identity'] as const)
    withAligner(kind, 6, 5, (aligner) => {
      const path = join(dir, `${kind}.safetensors`);
      aligner.save(path);
      const loaded = loadAligner(path);
      try {
        assert.deepEqual([loaded.kind, loaded.cells], [kind, 6]);
        if (kind !== 'identity') assert.equal(loaded.hidden, 5);
        assert.deepEqual([...loaded.parameters().keys()], [...aligner.parameters().keys()]);
        for (const [name, t] of loaded.parameters()) {
          closeTo(t, aligner.parameters().get(name)!, 0, name);
          assert.ok(t.requiresGrad && t.isLeaf);
        }
        const rows = rand([2, 6]);
        closeTo(loaded.forward(rows), aligner.forward(rows), 0);
      } finally {
        loaded.dispose();
      }
      const file = openSafetensors(path);
      assert.equal(file.metadata.kind, kind);
      file.close();
    });
});

tensorTest('loaded weights are copies; what is missing is named', () => {
  const tensors = new Map(
    [0, 2, 4].flatMap((i) => [[`${i}.weight`, zeros([2, 2])] as const, [`${i}.bias`, zeros([2])] as const]),
  );
  const aligner = alignerFromTensors('mlp', tensors);
  tensors.get('4.bias')!.fill_(5);
  assert.deepEqual(aligner.forward(tensor([[1, 1]])).toArray(), [0, 0]);
  assert.deepEqual([aligner.cells, aligner.hidden], [2, 2]);
  aligner.dispose();
  const path = join(dir, 'other.safetensors');
  writeSafetensors(path, { '0.weight': zeros([2, 2]) });
  assert.throws(
    () => loadAligner(path),
    (e) => e instanceof UserError && e.code === 'ERR_CHECKPOINT' && /0\.bias/.test(e.message),
  );
});

tensorTest('stacked aligners: the rows of each run go through its own, gradients come from its own rows alone', () => {
  for (const kind of ['mlp', 'pointwise', 'identity'] as const)
    withAligner(kind, 6, 5, (first) =>
      withAligner(
        kind,
        6,
        5,
        (second) => {
          const both = stackAligners([first, second]);
          try {
            const rows = rand([2, 3, 4, 6]);
            const out = both.forward(rows);
            assert.deepEqual([both.kind, both.cells, ...out.shape], [kind, 6, 2, 3, 4, 6]);
            for (const [r, alone] of [first, second].entries()) {
              closeTo(out.select(0, r).contiguous(), alone.forward(rows.select(0, r)), 1e-6, `${kind}, run ${r}`);
              for (const [name, t] of both.parameters()) {
                closeTo(t.select(0, r).contiguous(), alone.parameters().get(name)!, 0, name);
                const [gradient] = grad([both.forward(rows).select(0, r).square().sum()], [t]);
                assert.equal(
                  gradient!
                    .select(0, 1 - r)
                    .abs()
                    .max()
                    .item(),
                  0,
                  name,
                );
                assert.ok(gradient!.select(0, r).abs().max().item() > 0, name);
              }
            }
          } finally {
            both.dispose();
          }
        },
        2,
      ),
    );
});
