import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { checkDiskSpace } from './disk-space.js';

test('a disk without room is reported with what is needed, before anything is written', () => {
  const dir = temporaryFolder();
  checkDiskSpace(dir, 0, 'nothing');
  assert.throws(() => checkDiskSpace(dir, 2 ** 60, 'the states'), {
    name: 'UserError',
    code: 'ERR_WRITE',
    message: /Expected 1073741824\.1 GiB of free space in .* for the states but received .* GiB\. Free space there/,
  });
});
