import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { ncclHeaders } from './nccl-headers.mjs';

const WHEEL_HEADERS = ['cuda_runtime_api.h', 'cublas_v2.h', 'cublasLt.h', 'cusparse.h', 'cusolverDn.h'];
const ALL = [...WHEEL_HEADERS, 'crt/host_defines.h', 'nv/target'];
const NCCL = '#define NCCL_MAJOR 2\n#define NCCL_MINOR 28\n#define NCCL_PATCH 9\n';

/** A machine with a torch for CUDA 13.0 and what `put` lays down: folders of headers, relative to its root. */
function machine(t, put) {
  const system = mkdtempSync(join(tmpdir(), 'nccl-headers-'));
  t.after(() => rmSync(system, { recursive: true }));
  const site = join(system, 'site-packages');
  mkdirSync(join(site, 'torch'), { recursive: true });
  for (const [folder, headers] of Object.entries(put)) {
    for (const header of headers) {
      const path = join(system, folder, header);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(
        path,
        header === 'nccl.h' ? NCCL : header === 'cuda_runtime_api.h' ? '#define CUDART_VERSION  13000\n' : '',
      );
    }
  }
  const at = (folder) => join(system, folder);
  const find = (options = {}) =>
    ncclHeaders({ libtorchDir: join(site, 'torch'), version: '2.11.0+cu130', env: {}, system, ...options });
  return { at, find };
}

const NCCL_WHEEL = 'site-packages/nvidia/nccl/include';
const CUDA_WHEELS = 'site-packages/nvidia/cu13/include';

test("wheels that are complete serve alone; CUDA's come after NCCL's", async (t) => {
  const { at, find } = machine(t, { [NCCL_WHEEL]: ['nccl.h'], [CUDA_WHEELS]: ALL, 'usr/local/cuda/include': ALL });
  assert.deepEqual(await find(), {
    includeDirs: [at(NCCL_WHEEL), at(CUDA_WHEELS)],
    identity: 'NCCL 2.28.9, CUDA 13.0',
  });
});

test('a toolkit serves where the wheels lack headers, with what CUDA 13 keeps one folder deeper', async (t) => {
  const toolkit = 'usr/local/cuda-13.0/include';
  const { at, find } = machine(t, {
    [NCCL_WHEEL]: ['nccl.h'],
    [CUDA_WHEELS]: WHEEL_HEADERS,
    [toolkit]: ALL.filter((name) => name !== 'nv/target'),
    [`${toolkit}/cccl`]: ['nv/target'],
  });
  assert.deepEqual((await find()).includeDirs, [at(NCCL_WHEEL), at(toolkit), at(`${toolkit}/cccl`)]);
});

test('a toolkit of another major version is passed over, and one that CUDA_HOME names comes first', async (t) => {
  const { at, find } = machine(t, { [NCCL_WHEEL]: ['nccl.h'], 'usr/local/cuda/include': ALL, 'opt/cuda/include': ALL });
  const other = await find({ version: '2.11.0+cu128' });
  assert.match(other.missing, /cuda_runtime_api\.h.* no CUDA toolkit of torch's version/);
  const named = await find({ env: { CUDA_HOME: at('opt/cuda') } });
  assert.deepEqual(named.includeDirs, [at(NCCL_WHEEL), at('opt/cuda/include')]);
});

test('what wheels and toolkit hold is put together, and the two small wheels are fetched for the rest', async (t) => {
  const { at, find } = machine(t, {
    [NCCL_WHEEL]: ['nccl.h'],
    [CUDA_WHEELS]: WHEEL_HEADERS,
    fetched: ['crt/host_defines.h', 'nv/target'],
  });
  const asked = [];
  const fetchWheels = async (...args) => {
    asked.push(args);
    return at('fetched');
  };
  assert.deepEqual((await find({ fetchWheels })).includeDirs, [at(NCCL_WHEEL), at(CUDA_WHEELS), at('fetched')]);
  assert.deepEqual(asked, [[['nvidia-cuda-crt', 'nvidia-cuda-cccl'], '13.0']]);
  for (const failing of [async () => undefined, async () => Promise.reject(new Error('no network'))]) {
    assert.match(
      (await find({ fetchWheels: failing })).missing,
      /CUDA's headers crt\/host_defines\.h, nv\/target are not beside torch/,
    );
  }
});

test('without nccl.h nothing is fetched, and that is said', async (t) => {
  const { find } = machine(t, { [CUDA_WHEELS]: ALL });
  const fetchWheels = () => assert.fail('nothing is to be fetched');
  assert.match((await find({ fetchWheels })).missing, /^nccl\.h is neither in .*nvidia-nccl/);
});
