import type { Command } from '../commands/registry.js';

interface Entry {
  summary: string;
  load(): Promise<{ command: Command }>;
}

/** Commands of the motion world by name, loaded only when called. */
export const WORLD_COMMANDS: Readonly<Record<string, Entry>> = {
  'train-vlm': { summary: 'pre-train the mini VLM', load: () => import('./train-vlm.js') },
};
