import { existsSync } from 'node:fs';

/** A zero-shot model of the paper's tables that this project loads. */
export interface BaselineSystem {
  /** As the paper's tables call it. */
  name: string;
  /** On Hugging Face. */
  repository: string;
}

export const BASELINES: readonly BaselineSystem[] = [
  { name: 'Qwen2.5-VL-3B', repository: 'Qwen/Qwen2.5-VL-3B-Instruct' },
  { name: 'Qwen2.5-VL-7B', repository: 'Qwen/Qwen2.5-VL-7B-Instruct' },
  { name: 'Qwen2.5-VL-72B', repository: 'Qwen/Qwen2.5-VL-72B-Instruct' },
  { name: 'InternVL3-2B', repository: 'OpenGVLab/InternVL3-2B' },
  { name: 'InternVL3-8B', repository: 'OpenGVLab/InternVL3-8B' },
];

/** The repository of a baseline by its name in the paper's tables; anything else stays as it is. */
export function repositoryOf(nameOrDir: string): string {
  if (existsSync(nameOrDir)) return nameOrDir;
  const plain = (text: string) => text.toLowerCase().replace(/[-_. ]|instruct/g, '');
  return BASELINES.find(({ name }) => plain(name) === plain(nameOrDir))?.repository ?? nameOrDir;
}
