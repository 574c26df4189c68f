import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '@motion-enhancer/support';
import { firstSlurmHost } from './first-slurm-host.js';
import { GROUP_FILE, readGroupEnvironment } from './read-group-environment.js';

const TORCHRUN = { RANK: '5', LOCAL_RANK: '1', WORLD_SIZE: '8', MASTER_ADDR: 'node0', MASTER_PORT: '29400' };

test('torchrun, with and without a store of its agent, and a PyTorchJob, which counts no local ranks', () => {
  assert.deepEqual(readGroupEnvironment(TORCHRUN), {
    launcher: 'torchrun',
    rank: 5,
    size: 8,
    localRank: 1,
    store: { kind: 'tcp', host: 'node0', port: 29400 },
  });
  const agent = { ...TORCHRUN, RANK: '0', TORCHELASTIC_USE_AGENT_STORE: 'True', TORCHELASTIC_RESTART_COUNT: '2' };
  assert.deepEqual(readGroupEnvironment(agent).store, {
    kind: 'tcp',
    host: 'node0',
    port: 29400,
    byLauncher: true,
    prefix: '/worker/attempt_2',
  });
  const { LOCAL_RANK: _, ...job } = { ...TORCHRUN, RANK: '0' };
  assert.deepEqual(readGroupEnvironment(job), {
    launcher: 'torchrun',
    rank: 0,
    size: 8,
    localRank: 0,
    store: { kind: 'tcp', host: 'node0', port: 29400 },
  });
});

test('Slurm: the first host of the list and a port from the job', () => {
  const slurm = {
    SLURM_PROCID: '3',
    SLURM_LOCALID: '1',
    SLURM_NTASKS: '4',
    SLURM_JOB_NODELIST: 'gpu[07-08]',
    SLURM_JOB_ID: '123456',
  };
  assert.deepEqual(readGroupEnvironment(slurm), {
    launcher: 'slurm',
    rank: 3,
    size: 4,
    localRank: 1,
    store: { kind: 'tcp', host: 'gpu07', port: 18456 },
  });
  const other = readGroupEnvironment({ ...slurm, SLURM_STEP_ID: '1' });
  assert.notEqual((other.store as { port: number }).port, 18456, 'a step beside it has another port');
  const told = { ...slurm, MASTER_ADDR: 'here', MASTER_PORT: '9' };
  assert.deepEqual(readGroupEnvironment(told).store, { kind: 'tcp', host: 'here', port: 9 });
  assert.equal(
    readGroupEnvironment({ ...slurm, SLURM_PROCID: '0', SLURM_LOCALID: '0', SLURM_STEP_NUM_TASKS: '1' }).store,
    null,
  );
  assert.throws(() => readGroupEnvironment({ ...slurm, SLURM_JOB_NODELIST: undefined }), /SLURM_JOB_NODELIST/);
});

test("Slurm's lists of hosts", () => {
  const lists = {
    a: 'a',
    'a,b': 'a',
    'gpu[003-006,9],x': 'gpu003',
    'a[1-2]b[07,9]': 'a1b07',
    'n[5]': 'n5',
    'a-1.b.c,d': 'a-1.b.c',
  };
  for (const [list, first] of Object.entries(lists)) assert.equal(firstSlurmHost(list), first);
  for (const list of ['', 'a[1', 'a]', ' ', '[', 'a[x]'])
    assert.throws(() => firstSlurmHost(list), /SLURM_JOB_NODELIST/, list);
});

test('Open MPI: on one host alone, on several with MASTER_ADDR', () => {
  const mpi = {
    OMPI_COMM_WORLD_RANK: '1',
    OMPI_COMM_WORLD_LOCAL_RANK: '1',
    OMPI_COMM_WORLD_SIZE: '2',
    OMPI_COMM_WORLD_LOCAL_SIZE: '2',
  };
  assert.deepEqual(readGroupEnvironment(mpi), {
    launcher: 'open-mpi',
    rank: 1,
    size: 2,
    localRank: 1,
    store: { kind: 'tcp', host: '127.0.0.1', port: 29500 },
  });
  const wide = { ...mpi, OMPI_COMM_WORLD_LOCAL_SIZE: '1', OMPI_COMM_WORLD_LOCAL_RANK: '0' };
  assert.throws(() => readGroupEnvironment(wide), /MASTER_ADDR.*mpirun -x/);
  assert.equal(
    (readGroupEnvironment({ ...wide, MASTER_ADDR: 'a', MASTER_PORT: '7' }).store as { host: string }).host,
    'a',
  );
});

test('our own starter, one process of a launcher, and no launcher', () => {
  const own = { RANK: '1', LOCAL_RANK: '1', WORLD_SIZE: '2', [GROUP_FILE]: '/tmp/x' };
  assert.deepEqual(readGroupEnvironment(own), {
    launcher: 'motion-enhancer',
    rank: 1,
    size: 2,
    localRank: 1,
    store: { kind: 'file', path: '/tmp/x' },
  });
  assert.equal(readGroupEnvironment({ RANK: '0', WORLD_SIZE: '1' }).store, null);
  const none = { launcher: 'none', rank: 0, size: 1, localRank: 0, store: null };
  assert.deepEqual(readGroupEnvironment({}), none);
  assert.deepEqual(readGroupEnvironment({ SLURM_PROCID: '0' }), none);
});

test('variables that contradict each other or are missing are named', () => {
  const wrong: [Record<string, string | undefined>, RegExp][] = [
    [{ WORLD_SIZE: '2', RANK: '5' }, /Expected a rank below WORLD_SIZE=2 for RANK but received "5"/],
    [{ MASTER_ADDR: undefined }, /Expected the host of rank 0 for MASTER_ADDR but it is not set/],
    [{ MASTER_ADDR: ' ' }, /for MASTER_ADDR/],
    [{ MASTER_PORT: undefined }, /for MASTER_PORT but it is not set/],
    [{ MASTER_PORT: '70000' }, /a port from 1 to 65535 for MASTER_PORT/],
    [{ MASTER_PORT: 'x' }, /for MASTER_PORT/],
    [{ WORLD_SIZE: undefined }, /for WORLD_SIZE but it is not set/],
    [{ RANK: undefined }, /for RANK but it is not set/],
    [{ RANK: '-1' }, /for RANK/],
    [{ WORLD_SIZE: '0', RANK: '0' }, /at least 1 for WORLD_SIZE/],
    [{ LOCAL_RANK: '8' }, /for LOCAL_RANK/],
  ];
  for (const [change, pattern] of wrong) {
    assert.throws(
      () => readGroupEnvironment({ ...TORCHRUN, ...change }),
      (error) => error instanceof UserError && pattern.test(error.message),
      JSON.stringify(change),
    );
  }
});
