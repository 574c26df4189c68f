// Files that somebody cuts or replaces while they are open, or while a model of theirs is used.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { arange, liveTensors, openSafetensors, scope, writeSafetensors } from '../index.js';
import { native } from '../native.js';

const dir = mkdtempSync(join(tmpdir(), 'me-'));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));

function withFile(body: (path: string) => void): void {
  const before = liveTensors();
  scope(() => {
    const path = join(dir, 'weights.safetensors');
    writeSafetensors(path, {
      a: arange(0, 5000),
      b: arange(0, 200_000, 1, { dtype: 'float64' }),
      c: arange(0, 3).ne(1),
    });
    body(path);
  });
  assert.equal(liveTensors(), before);
}

test('what was read stays when its file is cut or overwritten', () =>
  withFile((path) => {
    const file = openSafetensors(path);
    const [a, b, c] = ['a', 'b', 'c'].map((name) => file.read(name));
    file.close();
    truncateSync(path, 10);
    writeFileSync(path, Buffer.alloc(2_000_000, 7));
    assert.equal(b!.sum().item(), (199_999 * 200_000) / 2);
    assert.equal(a!.select(0, 4999).item(), 4999);
    assert.deepEqual(c!.toArray(), [1, 0, 1]);
  }));

test('a file that is cut after it was opened is reported when a tensor beyond its end is read', () => {
  const { fileToMemory } = native;
  for (const withNative of [true, false])
    withFile((path) => {
      const file = openSafetensors(path);
      truncateSync(path, statSync(path).size - 300_000);
      if (!withNative) delete native.fileToMemory;
      try {
        const error = {
          name: 'UserError',
          code: 'ERR_SAFETENSORS',
          message: /weights\.safetensors.*changed since it was opened/,
        };
        assert.throws(() => file.read('b'), error);
      } finally {
        if (fileToMemory) native.fileToMemory = fileToMemory;
      }
      file.close();
    });
});

test('both ways of reading give the same bytes', () =>
  withFile((path) => {
    const { fileToMemory } = native;
    const file = openSafetensors(path);
    const first = file.read('b').toArray();
    delete native.fileToMemory;
    try {
      assert.deepEqual(file.read('b').toArray(), first);
    } finally {
      if (fileToMemory) native.fileToMemory = fileToMemory;
    }
    file.close();
  }));
