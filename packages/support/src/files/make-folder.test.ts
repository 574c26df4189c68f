import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkFolder, makeFolder } from './make-folder.js';

const dir = mkdtempSync(join(tmpdir(), 'make-folder-'));
after(() => rmSync(dir, { recursive: true }));
const at = (...names: string[]) => join(dir, ...names);

test('folders above are made; one that is there stays', () => {
  makeFolder(at('a', 'b', 'c'));
  assert.ok(statSync(at('a', 'b', 'c')).isDirectory());
  writeFileSync(at('a', 'kept'), '');
  makeFolder(at('a'));
  makeFolder(at('a', 'x', '..', 'y'));
  assert.ok(existsSync(at('a', 'kept')) && existsSync(at('a', 'y')));
  symlinkSync(at('a'), at('link'));
  makeFolder(at('link', 'd'));
  assert.ok(existsSync(at('a', 'd')));
});

test('checkFolder makes nothing', () => {
  checkFolder(at('new', 'deep'));
  assert.equal(existsSync(at('new')), false);
});

test('what is in the way is reported', () => {
  writeFileSync(at('file'), '');
  symlinkSync(at('gone'), at('dangling'));
  for (const path of [at('file'), at('file', 'p'), at('file', 'p', 'q')])
    for (const make of [makeFolder, checkFolder])
      assert.throws(() => make(path), { name: 'UserError', code: 'ERR_WRITE', message: /file.* cannot be made: .*\./ });
  for (const path of [at('dangling'), at('dangling', 'p')])
    assert.throws(() => makeFolder(path), { code: 'ERR_WRITE', message: /dangling.* cannot be made/ });
});

test('a folder that lets none be made ends with an error, not never', { skip: !existsSync('/proc/self') }, async () => {
  // In a process of its own, which can be ended.
  const module = new URL(`./make-folder.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url).href;
  const code = `const { makeFolder } = await import(${JSON.stringify(module)});
    for (const dir of ['/proc/motion-enhancer', '/proc/self/a/b'])
      try { makeFolder(dir); } catch (error) { console.log(error.code, error.message); }`;
  const flags = process.execArgv.filter((flag) => !flag.startsWith('--test'));
  const args = [...flags, '--input-type=module', '--eval', code];
  const child = spawn(process.execPath, args, { timeout: 60_000, stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const [exit] = (await once(child, 'close')) as [number | null];
  assert.equal(exit, 0, 'it was ended after a minute');
  const lines = out.trimEnd().split('\n');
  assert.equal(lines.length, 2);
  for (const line of lines) assert.match(line, /^ERR_WRITE The folder \/proc\/.* cannot be made: E/);
});

test('every other folder is made here too: no recursive mkdir of Node’s is left in the sources', () => {
  const packages = fileURLToPath(new URL('../../../', import.meta.url));
  const sources = readdirSync(packages).flatMap((name) =>
    readdirSync(join(packages, name, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !/(\.test\.ts|(^|\/)testing[^/]*(\.ts|\/.*))$/.test(path))
      .map((path) => join(packages, name, 'src', path)),
  );
  assert.ok(sources.length > 500, `${sources.length} sources`);
  const recursive = /\bmkdir(Sync)?\((?:(?!\bmkdir)[^;])*\brecursive\b/;
  assert.match('await mkdir(\n  dirname(path),\n  { mode: 0o700, recursive: true },\n)', recursive);
  assert.deepEqual(
    sources.filter((path) => recursive.test(readFileSync(path, 'utf8'))),
    [],
    'makeFolder is what to call',
  );
});
