import { cat, type SafetensorsFile, type Tensor } from '@motion-enhancer/libtorch';
import type { Grid, Qwen25VLConfig } from '@motion-enhancer/models';
import { UserError } from '@motion-enhancer/support';

/**
 * Grids and patches of a reference file in the order of their tokens: transformers keeps images (`pixel_values`,
 * `image_grid_thw`) and videos (`pixel_values_videos`, `video_grid_thw`) apart.
 * @param ids with the pad tokens expanded; of a batch, its rows one after the other
 */
export function mediaInOrder(
  ids: readonly number[],
  { imageTokenId, videoTokenId, vision }: Qwen25VLConfig,
  file: SafetensorsFile,
): { grids: Grid[]; patches: Tensor } {
  const next = {
    image: reader(file, 'image_grid_thw', 'pixel_values'),
    video: reader(file, 'video_grid_thw', 'pixel_values_videos'),
  };
  const grids: Grid[] = [];
  const patches: Tensor[] = [];
  for (let i = 0; i < ids.length; ) {
    const kind = ids[i] === imageTokenId ? 'image' : ids[i] === videoTokenId ? 'video' : null;
    if (!kind) {
      i++;
      continue;
    }
    const medium = next[kind]();
    grids.push(medium.grid);
    patches.push(medium.patches);
    i += medium.patches.size(0) / vision.spatialMergeSize ** 2;
  }
  return { grids, patches: cat(patches, 0) };
}

/** Gives the media of one kind, one after the other. */
function reader(file: SafetensorsFile, gridName: string, patchName: string): () => { grid: Grid; patches: Tensor } {
  const has = file.tensors.has(gridName) && file.tensors.has(patchName);
  const grids = has ? (file.read(gridName).tolist() as unknown as Grid[]) : [];
  const all = has ? file.read(patchName) : null;
  let [media, row] = [0, 0];
  return () => {
    const grid = grids[media++];
    if (!grid || !all)
      throw new UserError(
        `Expected a grid in ${gridName} for every medium of input_ids but received ${grids.length}.`,
        {
          code: 'ERR_PARITY',
        },
      );
    const rows = grid[0] * grid[1] * grid[2];
    const patches = all.narrow(0, row, rows);
    row += rows;
    return { grid, patches };
  };
}
