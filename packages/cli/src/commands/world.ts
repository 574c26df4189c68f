import { nearestName, UserError } from '@motion-enhancer/support';
import type { Command, Entry } from './registry.js';

/** What `world` can do, loaded only when called. */
const ACTIONS: Readonly<Record<string, Entry>> = {
  make: { summary: 'clips as videos, masks, captions, questions', load: () => import('./world-make.js') },
  'train-vdm': { summary: 'train the mini CogVideoX', load: () => import('./world-train-vdm.js') },
  check: {
    summary: 'can a text or one frame give answers away',
    load: () => import('./world-check.js'),
  },
  sample: {
    summary: 'videos of captions, and what the autoencoder keeps of clips',
    load: () => import('./world-sample.js'),
  },
  'score-samples': {
    summary: 'are shape, colour and motion of captions recognised in samples of them',
    load: () => import('./world-score-samples.js'),
  },
  localise: { summary: 'do the priors find what moves', load: () => import('./world-localise.js') },
  priors: { summary: 'priors of many clips in one file', load: () => import('./world-priors.js') },
  show: { summary: 'contact sheet, captions and questions of some clips', load: () => import('./world-show.js') },
  'train-vlm': { summary: 'pre-train the mini VLM', load: () => import('./world-train-vlm.js') },
  'score-vlm': {
    summary: 'how a mini VLM answers about clips it never saw',
    load: () => import('./world-score-vlm.js'),
  },
  ladder: { summary: 'arms and seeds of fine-tuning side by side', load: () => import('./world-ladder.js') },
  'ladder-report': { summary: 'the table of such an experiment', load: () => import('./world-ladder-report.js') },
};

export const command: Command = {
  name: 'world',
  async run(argv) {
    const [name, ...rest] = argv;
    if (name === '--help' || name === '-h') {
      const lines = Object.entries(ACTIONS).map(([action, { summary }]) => `  ${action.padEnd(15)}${summary}`);
      console.log(
        `motion-enhancer world ACTION [options]    (world ACTION --help for its options)\n\n${lines.join('\n')}`,
      );
      for (const { load } of Object.values(ACTIONS)) {
        console.log('');
        await (await load()).command.run(['--help']);
      }
      return 0;
    }
    const action = name !== undefined && Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    if (!action) {
      const names = Object.keys(ACTIONS);
      const guess = name === undefined ? null : nearestName(name, names);
      throw new UserError(
        `Expected ${names.join(', ')} after world but received ${name === undefined ? 'nothing' : `"${name}"`}.${guess ? ` Did you mean ${guess}?` : ''}`,
        { code: 'ERR_USAGE' },
      );
    }
    return (await action.load()).command.run(rest);
  },
};
