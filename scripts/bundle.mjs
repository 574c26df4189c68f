#!/usr/bin/env node
// npm run bundle [-- --out DIR --without PACKAGE --with PATH --tests]: one folder, at most 60 MB, that runs the command
// line on a Linux machine without Node, npm and network. See docs/setup.md.
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeBundle } from './bundle/make-bundle.mjs';
import { runMain, SetupError } from './setup/errors.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

await runMain('bundle', async () => {
  await makeBundle({ root, ...readOptions(process.argv.slice(2)) });
});

function readOptions(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        out: { type: 'string', default: join(root, 'bundle') },
        without: { type: 'string', multiple: true, default: [] },
        with: { type: 'string', multiple: true, default: [] },
        tests: { type: 'boolean', default: false },
      },
    });
    return { out: resolve(values.out), without: values.without, extra: values.with, tests: values.tests };
  } catch (error) {
    throw new SetupError(
      error.message.split('. ')[0],
      'the options are --out DIR, --without PACKAGE (may repeat), --with PATH (may repeat), --tests.',
    );
  }
}
