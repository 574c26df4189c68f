import { existsSync } from 'node:fs';
import { noGrad, openSafetensors, scope, type Tensor, writeSafetensors } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';

/** Writes named tensors and where the training stands, beside and renamed. */
export function saveState(path: string, tensors: ReadonlyMap<string, Tensor>, step: number): void {
  scope(() => noGrad(() => writeSafetensors(path, Object.fromEntries(tensors), { step: String(step) })));
}

/**
 * Copies a saved state into these tensors.
 * @returns the step that it was saved after; 0 where there is no file
 * @throws UserError when the file belongs to another training
 */
export function loadState(path: string, tensors: ReadonlyMap<string, Tensor>): number {
  if (!existsSync(path)) return 0;
  return scope(() =>
    noGrad(() => {
      const file = openSafetensors(path);
      try {
        for (const [name, target] of tensors) {
          const shape = file.tensors.get(name)?.shape;
          if (String(shape) !== String(target.shape))
            throw new UserError(
              `Expected [${target.shape}] for ${name} in ${path} but received ${shape ? `[${shape}]` : 'nothing'}. The file is of another training: give another --out.`,
              { code: 'ERR_CHECKPOINT' },
            );
          target.copy_(file.read(name));
        }
        return Number(file.metadata.step ?? 0);
      } finally {
        file.close();
      }
    }),
  );
}
