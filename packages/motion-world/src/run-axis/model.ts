import { keep, noGrad, scope, type Tensor } from '@motion-enhancer/libtorch';
import { type Grid, type Qwen25VLConfig, structureOf } from '@motion-enhancer/models';
import { type RunDecoded, type RunSequence, runLanguage } from './language.js';
import { checkOneWindow, runVision } from './vision.js';

export interface RunInput extends Omit<RunSequence, 'visual_RBSC'> {
  /** [R, B, patches, 3 · 2 · p · p], as `videoPatches` makes them; of any floating dtype. */
  patches_RBPI: Tensor;
  /** In patches, the same for every video. */
  grid: Grid;
}

/**
 * Forward pass of R models of Qwen2.5-VL's form at once. For R = 1 it is `Qwen25VL.encodeVisual` and `forward`.
 * @param parameters by canonical name, each with a leading run axis [R, …]; a differentiable cast of them will do
 */
export function runForward(
  input: RunInput,
  parameters: ReadonlyMap<string, Tensor>,
  config: Qwen25VLConfig,
): RunDecoded {
  checkOneWindow(input.grid, config.vision);
  const weights = structureOf(parameters, config);
  return scope(() => {
    const visual_RBSC = runVision(input.patches_RBPI, input.grid, weights.visual, config.vision);
    return runLanguage({ ...input, visual_RBSC }, weights.language_model, config.text);
  });
}

/** R copies of a model's parameters, [R, …] float32, recording gradients; the caller's to free. */
export function repeatRuns(parameters: ReadonlyMap<string, Tensor>, runs: number, device: string): Map<string, Tensor> {
  return noGrad(
    () =>
      new Map(
        [...parameters].map(([name, parameter]) => [
          name,
          keep(
            scope(() =>
              parameter
                .detach()
                .to('float32', device)
                .unsqueeze(0)
                .repeat(runs, ...parameter.shape.map(() => 1)),
            ),
          ).requiresGrad_(),
        ]),
      ),
  );
}

/** One run's parameters as a checkpoint has them: views. */
export function runOf(parameters: ReadonlyMap<string, Tensor>, run: number): Map<string, Tensor> {
  return new Map([...parameters].map(([name, parameter]) => [name, parameter.detach().select(0, run)]));
}
