import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { groupsCheck } from './doctor-checks-groups.js';
import { checkCpu, checkDisk, checkMemory, checkNode, readIfThere } from './doctor-checks-machine.js';
import { type ProbeResult, probe } from './doctor-checks-probe.js';
import { bytesText } from './progress-text.js';

export interface DoctorCheck {
  name: string;
  /** Without it nothing runs. */
  required: boolean;
  state: 'ok' | 'missing' | 'broken';
  detail: string;
  /** What mends it: a command where there is one. */
  remedy?: string;
}

export interface DoctorOptions {
  /** Patience with each probe of native code, ms. */
  timeoutMs?: number;
  env?: NodeJS.ProcessEnv;
}

const NPM_CI = 'npm ci --ignore-scripts';

/** All checks. Native code is only ever loaded in processes of its own. */
export async function runChecks({ timeoutMs = 60_000, env = process.env }: DoctorOptions = {}): Promise<DoctorCheck[]> {
  const binding = bindingPath(env);
  const [engine, gpu, video] = await Promise.all([
    probe('engine', timeoutMs, env),
    probe('gpu', timeoutMs, env),
    probe('video', timeoutMs, env),
  ]);
  return [
    checkNode(),
    checkCpu(),
    checkMemory(),
    ...checkDisk(process.cwd(), env),
    engineCheck(engine, binding, env),
    ...gpuChecks(gpu, engine),
    groupsCheck(engine, gpu.found.gpus.length),
    videoCheck(video),
  ];
}

/** The path that packages/libtorch/src/native.ts loads, found without loading it. */
export function bindingPath(env: NodeJS.ProcessEnv): string {
  const named = env.MOTION_ENHANCER_BINDING ?? env.LIBTORCH_NODE_BINDING;
  if (named !== undefined) return named;
  const errors = import.meta.resolve('@motion-enhancer/libtorch/errors');
  return fileURLToPath(new URL('../../../native/build/libtorch_node.node', errors));
}

function engineCheck({ found, failure }: ProbeResult, binding: string, env: NodeJS.ProcessEnv): DoctorCheck {
  const there = existsSync(binding);
  const base = { name: 'engine', required: true };
  if (!failure) {
    const build = found.build as { libtorchDir?: string; source?: string; version?: string; builtAt?: string } | null;
    const built = build?.builtAt ?? statSync(binding).mtime.toISOString();
    const other =
      build?.version && bare(build.version) !== bare(String(found.version)) ? ` (built for ${build.version})` : '';
    const from = build ? ` from ${build.source}: ${build.libtorchDir}` : '';
    const detail = `libtorch ${found.version}${other}${from}; ${found.threads} threads; binding ${binding}, built ${built}`;
    return { ...base, state: 'ok', detail };
  }
  if (failure.code === 'ERR_MODULE_NOT_FOUND')
    return { ...base, state: 'missing', detail: failure.message, remedy: NPM_CI };
  if (!there) {
    return {
      ...base,
      state: 'missing',
      detail: `the libtorch binding ${binding} does not exist`,
      remedy: rebuild(env, there),
    };
  }
  const what = failure.kind === 'error' ? firstSentence(failure.message) : failure.message;
  const lost = lostLibrary(failure.message, binding);
  return {
    ...base,
    state: 'broken',
    detail: `the libtorch binding ${binding}: ${what}${lost}`,
    remedy: rebuild(env, there),
  };
}

/** 2.13.0 of 2.13.0+cu130 */
const bare = (version: string): string => version.split('+')[0]!;

function rebuild(env: NodeJS.ProcessEnv, there: boolean): string {
  if (env.MOTION_ENHANCER_BINDING === undefined) return `${there ? 'rm -rf native/build && ' : ''}npm run setup`;
  return 'unset MOTION_ENHANCER_BINDING, or point it at a binding that npm run setup built';
}

/** A libtorch that was there at build time and has gone since is the usual cause of a library that is not found. */
function lostLibrary(message: string, binding: string): string {
  if (!/cannot open shared object/.test(message)) return '';
  try {
    const { libtorchDir } = JSON.parse(readIfThere(join(dirname(binding), 'config.json'))) as { libtorchDir: string };
    return existsSync(libtorchDir) ? '' : ` (it was built for the libtorch in ${libtorchDir}, which is gone)`;
  } catch {
    return '';
  }
}

function gpuChecks({ found, failure }: ProbeResult, engine: ProbeResult): DoctorCheck[] {
  const base = { name: 'gpu', required: false };
  if (engine.failure) return [{ ...base, state: 'missing', detail: 'not asked: the engine does not load' }];
  const release = /Kernel Module(?: for \S+)?\s+([\d.]+)/.exec(readIfThere('/proc/driver/nvidia/version'))?.[1];
  if (failure) {
    const driver = release ? `driver ${release}; ` : '';
    const remedy = 'nvidia-smi (if it fails as well, reinstall the NVIDIA driver); --device cpu works without';
    return [{ ...base, state: 'broken', detail: `${driver}CUDA: ${failure.message}`, remedy }];
  }
  if (found.gpus.length > 0) {
    return found.gpus.map((gpu, index) => {
      const cuda = `CUDA ${Math.floor(Number(gpu.driver) / 1000)}.${Math.floor((Number(gpu.driver) % 1000) / 10)}`;
      const detail = `cuda:${index} ${gpu.name}, ${bytesText(Number(gpu.total))}, driver ${release ? `${release} (${cuda})` : cuda}`;
      return { ...base, state: 'ok' as const, detail };
    });
  }
  const reason = String(found.reason ?? 'the driver reports no device');
  if (/no NVIDIA device/.test(reason))
    return [{ ...base, state: 'missing', detail: `${reason} Everything runs on the CPU.` }];
  const remedy = /no CUDA part/.test(reason)
    ? "python3 -m pip install 'torch>=2.9' && npm run setup"
    : 'nvidia-smi (if it fails as well, reinstall the NVIDIA driver)';
  return [{ ...base, state: 'missing', detail: reason, remedy }];
}

function videoCheck({ found, failure }: ProbeResult): DoctorCheck {
  const base = { name: 'video', required: true };
  if (!failure) return { ...base, state: 'ok', detail: `FFmpeg ${found.ffmpeg} in node-av` };
  const binary = `@seydx/node-av-${process.platform}-${process.arch}`;
  const absent =
    failure.kind === 'error' && /cannot find|not found|could not load/i.test(`${failure.code} ${failure.message}`);
  return {
    ...base,
    state: absent ? 'missing' : 'broken',
    detail: `node-av: ${failure.message}`,
    remedy: `npm install --ignore-scripts node-av ${binary}`,
  };
}

/** Sentences after the first hold a remedy of their own. */
function firstSentence(message: string): string {
  return message
    .replace(/^The libtorch binding could not be loaded: /, 'it could not be loaded: ')
    .replace(/\. Run `.*$/s, '');
}
