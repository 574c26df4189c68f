import {
  AdamW,
  fromTypedArray,
  Generator,
  grad,
  linear,
  noGrad,
  randn,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '@motion-enhancer/libtorch';
import type { Example } from './features.js';

export interface ClassifierOptions {
  steps: number;
  hidden: number;
  lr: number;
  seed: number;
}

/**
 * Trains a scorer of options (a perceptron with one hidden layer, the four options compete in a softmax) on one set of
 * examples and counts its right answers on another.
 */
export function trainedAccuracy(train: readonly Example[], test: readonly Example[], o: ClassifierOptions): number {
  return scope(() => {
    const data = (set: readonly Example[]): [x: Tensor, y: Tensor] => {
      const width = set[0]!.options[0]!.length;
      const flat = new Float32Array(set.length * 4 * width);
      set.forEach(({ options }, i) => {
        for (const [k, option] of options.entries()) flat.set(option, (i * 4 + k) * width);
      });
      return [
        fromTypedArray(flat, [set.length, 4, width]),
        tensor(
          set.map(({ answer }) => answer),
          { dtype: 'int64' },
        ),
      ];
    };
    const [x, y] = data(train);
    const [xTest, yTest] = data(test);
    const generator = new Generator(o.seed);
    const width = x.size(2);
    const parameters = [
      randn([o.hidden, width], { generator }).mul(1 / Math.sqrt(width)),
      zeros([o.hidden]),
      randn([1, o.hidden], { generator }).mul(1 / Math.sqrt(o.hidden)),
    ].map((p) => p.requiresGrad_());
    generator.dispose();
    const [w1, b1, w2] = parameters as [Tensor, Tensor, Tensor];
    const scores = (input: Tensor) => linear(linear(input, w1, b1).gelu(), w2).flatten(1); // [N, 4]
    const optimiser = new AdamW(parameters, { lr: o.lr, weightDecay: 0.3 });
    for (let step = 0; step < o.steps; step++) {
      scope(() => {
        const right = scores(x).logSoftmax(1).gather(1, y.unsqueeze(1));
        optimiser.step(grad([right.mean().neg()], parameters));
      });
    }
    optimiser.dispose();
    return noGrad(() => scores(xTest).argmax(1).eq(yTest).sum().item() / test.length);
  });
}
