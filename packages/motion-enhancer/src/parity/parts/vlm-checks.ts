import { backward, crossEntropy, keep, type SafetensorsFile, scope, type Tensor } from '@motion-enhancer/libtorch';
import type { Decoded } from '@motion-enhancer/models';
import { attempt } from '../attempt.js';
import { compare, compareExact, EXACT, OUTPUT } from '../compare.js';
import type { ParityContext, Tolerance } from '../part.js';

type Parameters = ReadonlyMap<string, Tensor>;

/** Of half-precision networks: the reference is float32. */
const HALF: Tolerance = { abs: 0, rel: 0.03 };

export const outputTolerance = (context: ParityContext): Tolerance => (context.dtype === 'float32' ? OUTPUT : HALF);

/**
 * The decoder's outputs on the sequence of step.safetensors: state after the first block, logits, attention of every
 * row, loss over the labels, and that its gradient reaches every parameter.
 */
export function decoderChecks(
  name: string,
  parameters: Parameters,
  forward: (rows: number[], onBlock: (layer: number, h: Tensor) => void) => Decoded,
  file: SafetensorsFile,
  context: ParityContext,
): void {
  const check = (tensor: string, ours: Tensor) => {
    if (file.tensors.has(tensor))
      context.report(compare(`${name}/${tensor}`, ours, file.read(tensor), outputTolerance(context)));
  };
  const n = file.read('input_ids').numel;
  const kept: Tensor[] = [];
  const out = forward(
    Array.from({ length: n }, (_, i) => i),
    (layer, h) => {
      if (layer === 0) kept.push(keep(h.detach().clone()));
    },
  );
  for (const first of kept) {
    check('hidden_first', first);
    first.dispose();
  }
  check('logits', out.logits);
  check('attention_mean', out.rows!.unsqueeze(0));
  if (!file.tensors.has('labels')) return;
  const targets = file
    .read('labels')
    .flatten()
    .to(out.logits.device)
    .narrow(0, 1, n - 1);
  const predictions = out.logits.select(0, 0).narrow(0, 0, n - 1);
  const loss = crossEntropy(predictions.to('float32'), targets);
  check('loss_ar', loss.view(1));
  finiteGradients(name, parameters, loss, context);
}

/** The reference has gradients of the sum with the alignment loss only; here all must exist and be finite. */
function finiteGradients(name: string, parameters: Parameters, loss: Tensor, context: ParityContext): void {
  backward([loss]);
  const bad = [...parameters].filter(([, parameter]) => parameter.grad?.isfinite().all().item() !== 1);
  context.report({
    name: `${name}/grad_finite`,
    maxAbs: bad.length,
    maxRel: 0,
    tolerance: EXACT,
    ok: bad.length === 0,
    ...(bad.length ? { note: `no finite gradient for ${bad[0]![0]}` } : {}),
  });
}

/** Greedy replies, plain and with repetition penalty: ids equal to the reference's. */
export function generationChecks(
  name: string,
  reply: (prompt: number[], o: { maxNewTokens: number; repetitionPenalty: number }) => number[],
  file: SafetensorsFile,
  context: ParityContext,
): void {
  // Rounding decides between near-equal logits: ids are compared in float32 only.
  if (context.dtype !== 'float32') return;
  for (const [tensor, repetitionPenalty] of [
    ['generated', 1],
    ['generated_penalty_1_3', 1.3],
  ] as const) {
    if (!file.tensors.has(tensor)) continue;
    attempt(`${name}/${tensor}`, context.report, () =>
      scope(() => {
        const ids = file.read('input_ids').toArray();
        const whole = file.read(tensor).toArray();
        const prompt = ids.slice(0, commonPrefix(ids, whole));
        const ours = reply(prompt, { maxNewTokens: whole.length - prompt.length, repetitionPenalty });
        context.report(compareExact(`${name}/${tensor}`, [...prompt, ...ours], whole));
      }),
    );
  }
}

function commonPrefix(a: readonly number[], b: readonly number[]): number {
  let n = 0;
  while (n < a.length && a[n] === b[n]) n++;
  return n;
}

/** Two forms of a checkpoint must give equal parameters under equal names, the first rounded as the second is. */
export function sameParameters(name: string, plain: Parameters, other: Parameters, context: ParityContext): void {
  const names = [...plain.keys()];
  const same = names.length === other.size && names.every((parameter) => other.has(parameter));
  const worst = same ? Math.max(...names.map((n) => difference(plain.get(n)!, other.get(n)!))) : Number.NaN;
  context.report({
    name,
    maxAbs: worst,
    maxRel: worst,
    tolerance: EXACT,
    ok: worst === 0,
    ...(same ? {} : { note: 'the two forms have other parameters' }),
  });
}

function difference(plain: Tensor, other: Tensor): number {
  return scope(() => plain.detach().to(other.dtype).sub(other.detach()).abs().max().item());
}
