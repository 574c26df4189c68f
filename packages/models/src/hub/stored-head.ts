import { aten, scope } from '@motion-enhancer/libtorch';
import { reportOnce } from '@motion-enhancer/support';
import type { Checkpoint } from './checkpoint.js';

/**
 * Whether a checkpoint stores a head beside an embedding that the config says is the same, and both differ: the head is
 * then what the model answers with (transformers keeps it too, with a warning).
 */
export function headDiffers(checkpoint: Checkpoint, head: string, embedding: string): boolean {
  if (!checkpoint.has(head) || !checkpoint.has(embedding)) return false;
  const differs = scope(() => {
    const [a, b] = [checkpoint.read(head), checkpoint.read(embedding)];
    return a.dtype !== b.dtype || String(a.shape) !== String(b.shape) || !aten.equal(a, b);
  });
  if (differs)
    reportOnce(
      `note: ${checkpoint.configFile} ties ${head} to the embedding, but another head is stored: the stored one is used`,
    );
  return differs;
}
