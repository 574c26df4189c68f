/** One command of the tool. */
export interface Command {
  name: string;
  /** One line for the list of commands. */
  summary: string;
  /** @returns the exit code */
  run(argv: string[]): Promise<number>;
}

/** Commands by name, loaded only when called: `doctor` must run where libtorch does not. */
export const COMMANDS: Readonly<Record<string, () => Promise<{ command: Command }>>> = {
  doctor: () => import('./doctor.js'),
  probe: () => import('./probe.js'),
  extract: () => import('./extract.js'),
  priors: () => import('./priors.js'),
  inspect: () => import('./inspect.js'),
  train: () => import('./train.js'),
  generate: () => import('./generate.js'),
  parity: () => import('./parity.js'),
  demo: () => import('./demo.js'),
};
