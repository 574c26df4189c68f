import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { UserError } from '@motion-enhancer/support';
import { liveTensors, scope, writeSafetensors, zeros } from '../index.js';

const dir = mkdtempSync(join(tmpdir(), 'full-disk-'));
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir]).status === 0;
process.on('exit', () => {
  if (mounted) spawnSync('umount', [dir]);
  rmSync(dir, { recursive: true, force: true });
});

test('a full disk: typed error with sizes, old file untouched, nothing left behind', {
  skip: !mounted && 'mounting a small tmpfs needs root',
}, () => {
  const before = liveTensors();
  scope(() => {
    const path = join(dir, 'model.safetensors');
    writeSafetensors(path, { small: zeros([100]) });
    const old = readFileSync(path);
    assert.throws(
      () => writeSafetensors(path, { large: zeros([1024, 1024]) }),
      (error: unknown) => {
        assert.ok(error instanceof UserError);
        assert.equal(error.code, 'ERR_WRITE');
        assert.match(error.message, /the disk is full/);
        assert.ok(error.message.includes(path));
        const [needed, free] = [...error.message.matchAll(/(\d+) bytes/g)].map((m) => Number(m[1]));
        assert.ok(needed! > 4 * 2 ** 20 && needed! < 4 * 2 ** 20 + 1000);
        assert.ok(free! > 0 && free! < 2 ** 20);
        return true;
      },
    );
    assert.deepEqual(readFileSync(path), old);
    assert.deepEqual(readdirSync(dir), ['model.safetensors']);
  });
  assert.equal(liveTensors(), before);
});
