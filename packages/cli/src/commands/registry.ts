/** One command of the tool. */
export interface Command {
  name: string;
  /** @returns the exit code */
  run(argv: string[]): Promise<number>;
}

export interface Entry {
  /** One line for the list of commands. */
  summary: string;
  load(): Promise<{ command: Command }>;
}

/** Commands by name, loaded only when called: `doctor` must run where libtorch does not. */
export const COMMANDS: Readonly<Record<string, Entry>> = {
  doctor: { summary: 'is this machine ready, and what mends it if not', load: () => import('./doctor.js') },
  probe: { summary: 'what a video file holds, and whether it is whole', load: () => import('./probe.js') },
  extract: { summary: 'motion priors of a video and its text, or of a data set', load: () => import('./extract.js') },
  priors: { summary: 'verify, tidy and count a folder of priors', load: () => import('./priors.js') },
  inspect: { summary: 'pictures and tables of priors', load: () => import('./inspect.js') },
  train: { summary: 'fine-tune a VLM with its attention aligned to priors', load: () => import('./train.js') },
  generate: { summary: 'ask a VLM about videos and images', load: () => import('./generate.js') },
  chat: { summary: 'talk with a VLM about videos and images', load: () => import('./chat.js') },
  eval: { summary: 'answer and score a benchmark', load: () => import('./eval.js') },
  compare: { summary: 'tables of runs of eval beside the paper’s', load: () => import('./compare.js') },
  parity: { summary: 'compare every number with reference tensors', load: () => import('./parity.js') },
  world: { summary: 'the motion world: clips, mini models, what the priors find', load: () => import('./world.js') },
  demo: { summary: 'all of it in miniature, in the motion world', load: () => import('./demo.js') },
};
