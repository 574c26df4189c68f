// The method knows no video diffusion model: what is about CogVideoX stands in its folder and in the table of families.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const core = join(dirname(dirname(fileURLToPath(import.meta.url))), 'packages', 'motion-enhancer', 'src');
/** Folders of the method, of training and evaluation. */
const FOLDERS = ['config', 'data', 'prior', 'align', 'train', 'eval', 'view'];
const FAMILY = 'prior/diffusion/cogvideox/';
const TABLE = 'prior/diffusion/families.ts';
/** The family's name, and what packages/models exports of it. */
const NAMES = /cogvideox|\bDdimSchedule\b|T5Encoder|\bloadVae\b|\breadVaeConfig\b|\btilesUnder\b|\bvaeBytes\b/i;

/** Commands of the motion world, whose mini model is a CogVideoX, may name it. */
const OF_THE_WORLD = /\/world[^/]*\.ts$/;

test('no file of the method names CogVideoX or its classes, but for its own folder and the table', () => {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(join(core, folder), { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path}`),
  ).filter((path) => path.endsWith('.ts') && !/\.test\.ts$|\/testing[^/]*(\.ts$|\/)/.test(path));
  assert.ok(files.some((path) => path.startsWith(FAMILY)) && files.includes(TABLE));
  const wrong = files
    .filter((path) => !path.startsWith(FAMILY))
    .flatMap((path) =>
      readFileSync(join(core, path), 'utf8')
        .split('\n')
        .filter((line) => NAMES.test(line))
        .filter((line) => path !== TABLE || !/cogVideoXFamily/.test(line))
        .map((line) => `${path}: ${line.trim()}`),
    );
  assert.deepEqual(wrong, []);
});

test('no command names CogVideoX, but for those of the motion world', () => {
  const cli = join(core, '..', '..', 'cli', 'src');
  const named = readdirSync(cli, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !OF_THE_WORLD.test(`/${path}`))
    .filter((path) => NAMES.test(readFileSync(join(cli, path), 'utf8')));
  assert.deepEqual(named, []);
});
