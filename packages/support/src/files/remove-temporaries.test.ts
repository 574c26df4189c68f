import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ownIdentity } from '../process-identity.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { takeClaim } from './claim.js';
import { removeTemporaries } from './remove-temporaries.js';

const dead = spawnSync(process.execPath, ['-e', '']).pid;

test('half-written files of dead processes go; those of living ones, and all else, stay', () => {
  const dir = temporaryFolder();
  const frames = join(dir, 'frames');
  mkdirSync(frames);
  assert.ok(takeClaim(dir, 'answers'));
  const kept = [
    `.b.png.${process.pid}-00ff00ff.tmp`,
    'c.png',
    '.d.png.tmp',
    `.e.png.${dead}-xyz.tmp`,
    `f.${dead}-00ff00ff.tmp`,
  ];
  for (const name of [`.a.png.${dead}-00ff00ff.tmp`, ...kept]) writeFileSync(join(frames, name), 'half');
  // Somebody on another host is at work: what is young may be its.
  const theirs = { ...ownIdentity(), host: 'elsewhere', pid: 1, token: 'x' };
  writeFileSync(join(dir, '.other.claim'), JSON.stringify(theirs));
  assert.equal(removeTemporaries(frames, dir, '.answers.claim'), 0);
  writeFileSync(join(dir, '.other.claim'), JSON.stringify({ ...theirs, host: ownIdentity().host, pid: dead }));
  assert.equal(removeTemporaries(frames, dir, '.answers.claim'), 1);
  assert.deepEqual(readdirSync(frames).sort(), kept.sort());
  assert.equal(removeTemporaries(join(dir, 'none'), dir, ''), 0);
});
