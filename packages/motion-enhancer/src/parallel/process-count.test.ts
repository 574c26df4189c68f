import assert from 'node:assert/strict';
import { test } from 'node:test';
import { processCount } from './process-count.js';

const ask = (given: { gpus?: string; processes?: number; device?: string }, gpus: number) =>
  processCount({ gpus: '', processes: null, device: 'auto', ...given }, gpus);

test('one process unless asked; all or so many GPUs of the host; processes on the CPU', () => {
  assert.equal(ask({}, 8), 1);
  assert.equal(ask({ gpus: 'all' }, 8), 8);
  assert.equal(ask({ gpus: '2' }, 8), 2);
  assert.equal(ask({ processes: 4, device: 'cpu' }, 0), 4);
});

test('what cannot be is refused', () => {
  assert.throws(() => ask({ gpus: '9' }, 2), /Expected at most 2, the GPUs of this host, for gpus but received "9"/);
  assert.throws(() => ask({ gpus: 'all' }, 0), /without a GPU/);
  assert.throws(() => ask({ gpus: '0' }, 2), /whole number/);
  assert.throws(() => ask({ gpus: 'some' }, 2), /whole number/);
  assert.throws(() => ask({ gpus: '2', processes: 2 }, 2), /not both/);
  assert.throws(() => ask({ gpus: '2', device: 'cpu' }, 2), /device/);
  assert.throws(() => ask({ processes: 2 }, 0), /Expected cpu with processes for device/);
});
