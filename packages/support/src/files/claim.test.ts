import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isAlive, ownIdentity } from '../process-identity.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { loaderFlags } from '../threads/loader-flags.js';
import { CLAIM_LIMIT_MS, claimState, readClaim, refreshClaim, releaseClaim, takeClaim } from './claim.js';

const root = temporaryFolder();
let folders = 0;
const folder = () => {
  const dir = join(root, `store${folders++}`);
  mkdirSync(dir);
  return dir;
};
const leftovers = (dir: string) => readdirSync(dir).filter((name) => name.startsWith('.'));

/** The number of a process that has ended. */
const deadPid = (): number => spawnSync(process.execPath, ['-e', '']).pid;
const put = (dir: string, key: string, claim: object | string) =>
  writeFileSync(join(dir, `.${key}.claim`), typeof claim === 'string' ? claim : JSON.stringify(claim));
const age = (path: string, ms: number) => {
  const then = new Date(Date.now() - ms);
  utimesSync(path, then, then);
};

test('a claim is one process’s until it is given up', () => {
  const dir = folder();
  const claim = takeClaim(dir, 'aa');
  assert.ok(claim);
  assert.equal(claimState(dir, 'aa'), 'held');
  assert.equal(takeClaim(dir, 'aa'), null, 'not twice, not by the same process either');
  assert.ok(takeClaim(dir, 'ab'));
  releaseClaim(claim);
  assert.equal(claimState(dir, 'aa'), 'absent');
  assert.ok(takeClaim(dir, 'aa'));
});

test('void: of a dead process of this host, of another process with the same number, too old, empty for long', () => {
  const me = ownIdentity();
  const token = 'x';
  const VOID: [string, object | string, number][] = [
    ['dead', { ...me, pid: deadPid(), token }, 0],
    ['same number', { ...me, started: `${Number(me.started) - 1}`, token }, 0],
    ['old', { ...me, token }, CLAIM_LIMIT_MS + 1000],
    ['old, of another host', { ...me, host: 'elsewhere', pid: 1, token }, CLAIM_LIMIT_MS + 1000],
    ['empty', '', 60_000],
    ['half', '{"pid": 1', 60_000],
  ];
  const HELD: [string, object | string, number][] = [
    ['this process', { ...me, token }, 0],
    ['another host, whatever its number', { ...me, host: 'elsewhere', pid: deadPid(), token }, CLAIM_LIMIT_MS - 60_000],
    ['being written', '', 0],
  ];
  for (const [kind, cases] of [
    ['void', VOID],
    ['held', HELD],
  ] as const) {
    for (const [name, claim, old] of cases) {
      const dir = folder();
      put(dir, 'aa', claim);
      age(join(dir, '.aa.claim'), old);
      assert.equal(claimState(dir, 'aa'), kind, name);
      const taken = takeClaim(dir, 'aa');
      assert.equal(taken !== null, kind === 'void', name);
      if (taken) assert.equal(claimState(dir, 'aa'), 'held', name);
    }
  }
});

test('a host whose clock is ahead: its claim is held while it is refreshed, and void once it is not, whatever its time says', () => {
  const dir = folder();
  const path = join(dir, '.aa.claim');
  for (const ahead of [3_600_000, 40 * 365 * 86_400_000]) {
    put(dir, 'aa', { ...ownIdentity(), host: 'elsewhere', pid: 1, token: 'x' });
    age(path, -ahead);
    const later = (ms: number) => () => Date.now() + ms;
    const isVoid = (clock?: () => number) => (readClaim(path, clock) as { void: boolean }).void;
    assert.equal(isVoid(), false, 'refreshed just now');
    assert.equal(isVoid(later(CLAIM_LIMIT_MS - 60_000)), false);
    assert.equal(isVoid(later(CLAIM_LIMIT_MS + 60_000)), true, 'not refreshed since');
    assert.equal(isVoid(later(-3_600_000)), true, 'the file system’s clock was set back since');
  }
  assert.deepEqual(leftovers(dir), ['.aa.claim']);
  // A minute is no more than clocks differ.
  age(path, -30_000);
  assert.equal(claimState(dir, 'aa'), 'held');
});

test('refreshing keeps a claim; one that was taken over is not removed by its former holder', () => {
  const dir = folder();
  const mine = takeClaim(dir, 'aa')!;
  age(mine.path, CLAIM_LIMIT_MS + 1000);
  assert.equal(claimState(dir, 'aa'), 'void');
  refreshClaim(mine);
  assert.equal(claimState(dir, 'aa'), 'held');
  age(mine.path, CLAIM_LIMIT_MS + 1000);
  const theirs = takeClaim(dir, 'aa')!;
  assert.notEqual(theirs.token, mine.token);
  releaseClaim(mine);
  assert.ok(existsSync(theirs.path));
  releaseClaim(theirs);
  refreshClaim(theirs);
  assert.deepEqual(leftovers(dir), []);
});

test('what the dead holder half wrote goes with its claim, and nothing else', () => {
  const dir = folder();
  const dead = deadPid();
  put(dir, 'aa', { ...ownIdentity(), pid: dead, token: 'x' });
  const others = ['.ab.safetensors.7-00ff.tmp', `.aa.safetensors.${process.pid}-00ff.tmp`];
  for (const name of [`.aa.safetensors.${dead}-00ff.tmp`, ...others]) writeFileSync(join(dir, name), 'half');
  assert.ok(takeClaim(dir, 'aa'));
  assert.deepEqual(leftovers(dir).toSorted(), ['.aa.claim', ...others].toSorted());
});

test('processes that find the same void claims: each goes to one of them', { timeout: 60_000 }, async () => {
  const dir = folder();
  const keys = Array.from({ length: 60 }, (_, i) => `a${i.toString(16).padStart(2, '0')}`);
  const dead = deadPid();
  for (const key of keys) put(dir, key, { ...ownIdentity(), pid: dead, token: key });
  const claims = new URL(`./claim.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url).href;
  // They start at the same millisecond once all are there, and stay until all have tried.
  const script = `import { takeClaim } from ${JSON.stringify(claims)};
    process.stdin.once('data', (begin) => {
      while (Date.now() < Number(begin)) ;
      console.log(JSON.stringify(${JSON.stringify(keys)}.filter((key) => takeClaim(process.argv[1], key))));
    });
    console.log('ready');`;
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  const children = [0, 1, 2].map(() => {
    const flags = [...loaderFlags(process.execArgv), '--input-type=module', '-e', script];
    const child = spawn(process.execPath, [...flags, dir], { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    return { child, line: async () => String((await lines.next()).value) };
  });
  const linesOfAll = () => Promise.all(children.map(({ line }) => line()));
  assert.deepEqual(await linesOfAll(), ['ready', 'ready', 'ready']);
  const begin = Date.now() + 50;
  for (const { child } of children) child.stdin.write(String(begin));
  const taken = (await linesOfAll()).map((line) => JSON.parse(line) as string[]);
  for (const { child } of children) child.stdin.end();
  assert.deepEqual(taken.flat().toSorted(), keys);
});

test('this process lives; its identity with another start does not', () => {
  const me = ownIdentity();
  assert.ok(isAlive(me));
  assert.equal(isAlive({ ...me, pid: deadPid() }), false);
  if (me.started !== '') assert.equal(isAlive({ ...me, started: '1' }), false);
});
