import assert from 'node:assert/strict';
import { liveTensors, ones, scope, type Tensor, zeros } from '@motion-enhancer/libtorch';
import { gpuTest, tensorTest } from '@motion-enhancer/libtorch/testing';
import { UserError } from '@motion-enhancer/support';
import { passOf } from './pass.js';

const leaf = (device = 'cpu') => zeros([3], { device }).requiresGrad_(true);

/** Its only step fails: what it made is gone at once, before `dispose`, and no gradient stays. */
function failsClean(pass: ReturnType<typeof passOf>, parameters: readonly Tensor[], error: object | RegExp): void {
  const before = liveTensors();
  assert.throws(() => scope(() => pass.run(0)), error);
  assert.equal(liveTensors(), before);
  for (const p of parameters) assert.equal(p.grad, null);
  pass.dispose();
  assert.equal(liveTensors(), before);
}

tensorTest('a pass without a GPU cannot be recorded, and leaves no tensor', () => {
  const w = leaf();
  const pass = passOf({ recorded: true, inputs: () => [ones([3]), ones([3])], loss: (_, [x]) => w.mul(x!).sum() }, [w]);
  failsClean(
    pass,
    [w],
    (error: unknown) => error instanceof UserError && /parameters on a GPU.*"cpu"/.test(error.message),
  );
});

tensorTest('an input that cannot be copied leaves none of those before it', () => {
  const w = leaf();
  const gone = ones([3]);
  gone.dispose();
  failsClean(passOf({ recorded: true, inputs: () => [ones([3]), gone], loss: () => w.sum() }, [w]), [w], /./);
});

tensorTest('a pass that fails half-way leaves no gradient for the next one to add to', () => {
  const w = leaf();
  let fail = true;
  const pass = passOf(
    {
      inputs: () => [ones([3])],
      loss: (_, [x]) => {
        const loss = w.mul(x!).sum();
        if (!fail) return loss;
        w.grad = ones([3]);
        throw new Error('on purpose');
      },
    },
    [w],
  );
  failsClean(pass, [w], /on purpose/);
  fail = false;
  scope(() => assert.deepEqual(pass.run(1).gradients[0]!.toArray(), [1, 1, 1]));
});

for (const [when, failing] of [
  ['before it is recorded', 1],
  ['while it is recorded', 2],
] as const)
  gpuTest(`a loss that fails ${when} leaves nothing, and the next pass is recorded`, () => {
    const w = leaf('cuda:0');
    let calls = 0;
    const options = {
      recorded: true,
      inputs: (step: number) => [ones([3], { device: 'cuda:0' }).mul(step + 1)],
      loss: (_: number, [x]: readonly Tensor[]) => {
        const loss = w.mul(x!).sum();
        if (++calls === failing) throw new Error('on purpose');
        return loss;
      },
    };
    failsClean(passOf(options, [w]), [w], /on purpose/);
    const pass = passOf(options, [w]);
    for (const step of [0, 1, 2])
      scope(() => assert.deepEqual(pass.run(step).gradients[0]!.toArray(), [step + 1, step + 1, step + 1]));
    pass.dispose();
  });

gpuTest('inputs of another shape than those recorded are refused', () => {
  const w = leaf('cuda:0');
  const pass = passOf(
    {
      recorded: true,
      inputs: (step) => [ones([step === 0 ? 3 : 1], { device: 'cuda:0' })],
      loss: (_, [x]) => w.mul(x!).sum(),
    },
    [w],
  );
  scope(() => void pass.run(0));
  assert.throws(() => scope(() => pass.run(1)), /Expected \[3\], as recorded, for the inputs of step 1 .*"\[1\]"/);
  pass.dispose();
});
