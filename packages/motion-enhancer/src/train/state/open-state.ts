import { join } from 'node:path';
import { openSafetensors, type SafetensorsFile, type Tensor } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';

/** The tensors of a saved state, in however many files. */
export interface StateReader {
  /** In host memory, a view of the file. @throws UserError where it is missing or of another shape */
  read(name: string, shape: readonly number[]): Tensor;
  close(): void;
}

export function openState(dir: string, files: readonly string[]): StateReader {
  const open: SafetensorsFile[] = [];
  try {
    for (const name of files) open.push(openSafetensors(join(dir, name)));
  } catch (error) {
    for (const file of open) file.close();
    throw error;
  }
  return {
    read(name, shape) {
      const file = open.find(({ tensors }) => tensors.has(name));
      const found = file?.tensors.get(name)?.shape;
      if (!file || String(found) !== String(shape))
        throw new UserError(
          `Expected [${shape}] for ${name} in ${dir} but received ${found ? `[${found}]` : 'nothing'}. The state is of another training: give another --out.`,
          { code: 'ERR_CHECKPOINT' },
        );
      return file.read(name);
    },
    close() {
      for (const file of open) file.close();
    },
  };
}
