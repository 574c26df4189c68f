import { expected } from '@motion-enhancer/support';

/** @throws UserError for a height or width that makes no whole tokens */
export function checkSize(multiple: number, size: { height: number; width: number }): void {
  for (const name of ['height', 'width'] as const) {
    if (size[name] % multiple !== 0)
      throw expected(`a multiple of ${multiple}`, name, size[name], 'Frames are resized to it.');
  }
}
