// A file of the method, of training, evaluation or the commands names no family of VLMs: what differs between families stands
// in their folders (packages/motion-enhancer/src/vlm/families) and reaches the rest through the interface VlmFamily.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const CORE = 'packages/motion-enhancer/src';
const FOLDERS = ['config', 'data', 'plugins', 'prior', 'align', 'train', 'eval', 'vlm', 'view'].map(
  (f) => `${CORE}/${f}`,
);

/** Names of families, of their towers and of their classes. */
const FAMILY = /qwen|intern-?vl|internvit/i;
/** Values of settings and formats of other people's that are called after a family; nothing is decided by them. */
const ALLOWED = [/qwen-vl-utils/g, /InternVL’s meta JSON/g];
/** A decision by a family's name. */
const SWITCH =
  /\bfamily(\.id)?\s*[!=]==?|instanceof\s+(Qwen|InternVL)|['"](qwen2_5_vl|internvl3|internvl|internvl_chat)['"]/;

/** Published protocols, numbers and checkpoints: their words name models, nothing there may branch by them. */
const PUBLISHED = [
  `${CORE}/eval/benchmarks/`,
  `${CORE}/eval/prompts/`,
  `${CORE}/eval/judges/`,
  `${CORE}/eval/paper/`,
  `${CORE}/eval/systems.ts`,
  `${CORE}/eval/report/reported-lines.ts`,
];
/** Commands of the motion world, whose mini model is of one family. */
const OF_THE_WORLD = /^packages\/cli\/src\/(commands\/)?world/;

const isTest = (path) => /\.test\.ts$|\/testing[^/]*(\.ts$|\/)|killed-child/.test(path);

const sources = [...FOLDERS, 'packages/cli/src'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => join(folder, path))
    .filter((path) => !isTest(path) && !path.startsWith(`${CORE}/vlm/families/`) && !OF_THE_WORLD.test(path)),
);

/** The code of a file without comments, which may cite sources: lines keep their numbers. */
function codeLines(path) {
  const text = readFileSync(join(root, path), 'utf8');
  const blank = (comment) => comment.replace(/[^\n]/g, ' ');
  return text
    .replace(/\/\*[\s\S]*?\*\//g, blank)
    .replace(/(^|[^:'"`])\/\/[^\n]*/g, blank)
    .split('\n');
}

const found = (paths, wrong) =>
  paths.flatMap((path) =>
    codeLines(path).flatMap((line, i) => (wrong(line) ? [`${path}:${i + 1}: ${line.trim().slice(0, 100)}`] : [])),
  );

test('no file of the method, of training, evaluation or the commands names a family', () => {
  assert.ok(sources.length > 200, `${sources.length} sources`);
  const strict = sources.filter((path) => !PUBLISHED.some((published) => path.startsWith(published)));
  const named = found(strict, (line) => FAMILY.test(ALLOWED.reduce((rest, word) => rest.replace(word, ''), line)));
  assert.deepEqual(named, []);
});

test('published protocols and numbers name models, but nothing is decided by a name', () => {
  assert.deepEqual(
    found(sources, (line) => SWITCH.test(line)),
    [],
  );
});
