/** Some tensors that go into one file. */
export interface Shard<T> {
  file: string;
  tensors: Map<string, T>;
}

/**
 * Divides tensors, in their order, into files of at most `maxShardBytes` (a larger tensor gets a file of its own),
 * with the names that transformers uses: `model.safetensors`, or `model-00001-of-00003.safetensors`.
 */
export function planShards<T>(
  stem: string,
  tensors: ReadonlyMap<string, T>,
  bytesOf: (tensor: T) => number,
  maxShardBytes: number,
): Shard<T>[] {
  const groups: Map<string, T>[] = [new Map()];
  let filled = 0;
  for (const [name, tensor] of tensors) {
    const bytes = bytesOf(tensor);
    if (filled > 0 && filled + bytes > maxShardBytes) {
      groups.push(new Map());
      filled = 0;
    }
    groups.at(-1)!.set(name, tensor);
    filled += bytes;
  }
  const number = (n: number) => String(n).padStart(5, '0');
  return groups.map((group, i) => ({
    file:
      groups.length === 1 ? `${stem}.safetensors` : `${stem}-${number(i + 1)}-of-${number(groups.length)}.safetensors`,
    tensors: group,
  }));
}
