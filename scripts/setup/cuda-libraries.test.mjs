import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLdd, requirementFor } from './cuda-libraries.mjs';
import { SetupError } from './errors.mjs';

const none = () => assert.fail('the toolkit is asked without need');

test('parseLdd lists what the loader does not find, once each', () => {
  const text =
    '\tlinux-vdso.so.1 (0x00007fc45a55a000)\n\tlibc10.so => /x/libc10.so (0x00007fc45a40c000)\n' +
    '\tlibcudart.so.13 => not found\n\tlibcupti.so.13 => not found\n\tlibcudart.so.13 => not found\n';
  assert.deepEqual(parseLdd(text), ['libcudart.so.13', 'libcupti.so.13']);
});

test("CUDA 13: the version comes from torch's cuda-toolkit requirement", async () => {
  const torch = ['filelock', 'cuda-toolkit[cublas,cudart,cupti]==13.0.3; platform_system == "Linux"'];
  const asked = [];
  const toolkit = async (version) => {
    asked.push(version);
    return [
      "nvidia-cuda-cupti==13.0.80.*; extra == 'all'",
      "nvidia-cuda-cupti==13.0.85.*; (sys_platform == 'linux') and extra == 'cupti'",
    ];
  };
  assert.equal(await requirementFor('libcupti.so.13', torch, toolkit), 'nvidia-cuda-cupti==13.0.85.*');
  assert.deepEqual(asked, ['13.0.3']);
});

test('CUDA 12: torch names the package itself', async () => {
  const torch = ['nvidia-cuda-runtime-cu12==12.8.90; platform_system == "Linux"'];
  assert.equal(await requirementFor('libcudart.so.12', torch, none), 'nvidia-cuda-runtime-cu12==12.8.90');
});

test('without metadata any release of the same major version serves', async () => {
  assert.equal(await requirementFor('libcudart.so.13', [], none), 'nvidia-cuda-runtime>=13,<14');
});

test('an unknown library is an error that names it', async () => {
  await assert.rejects(
    requirementFor('libmkl_core.so.2', [], none),
    (error) => error instanceof SetupError && /libmkl_core\.so\.2/.test(error.message),
  );
});
