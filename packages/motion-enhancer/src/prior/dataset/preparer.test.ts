import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as after } from 'node:timers/promises';
import { fixture, temporaryFolder } from '@motion-enhancer/support/testing';
import { resolve } from '../../config/field.js';
import { PRIOR_FIELDS } from '../config.js';
import type { PrepareRequest } from './prepare-row.js';
import { Preparer } from './preparer.js';

test('a thread that is closed while it decodes ends its file first: FFmpeg’s binding would abort the process', async () => {
  const preparer = new Preparer();
  const request = (): PrepareRequest => ({
    dir: temporaryFolder(),
    model: '0',
    dtype: 'float32',
    video: { path: fixture('videos/torchcodec_nasa_13013.mp4') },
    text: 'a shuttle',
    options: resolve(PRIOR_FIELDS, {}),
    frameRule: { perLatent: 4, latentMultiple: 2 },
    selections: [],
    onBroken: 'fail',
    replace: false,
  });
  assert.equal((await preparer.prepare(request())).state, 'ready');
  const ends = [1, 2, 3].map(() =>
    preparer.prepare(request()).then(
      () => 'prepared',
      (error: Error) => error.message,
    ),
  );
  await after(20);
  await preparer.close();
  for (const end of ends) assert.match(await end, /prepared|was closed/);
  await preparer.close();
});
