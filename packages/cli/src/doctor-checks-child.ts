// Runs in a process of its own, started by doctor-checks-probe.ts: what is loaded here may crash or hang.
// Argument: engine | gpu | video. Each finding is a line of JSON on stdout, so that the last one shows how far it came.
import './environment.js';

/** Fields of the lines that the probes write. */
export type Finding = Readonly<Record<string, unknown>>;

const say = (finding: Finding): void => {
  process.stdout.write(`${JSON.stringify(finding)}\n`);
};

const PROBES: Readonly<Record<string, () => Promise<void>>> = {
  async engine() {
    say({ stage: 'loading the binding' });
    const { tensor, version, threads, buildConfig, scope, aten, groupBackends } = await import(
      '@motion-enhancer/libtorch'
    );
    say({ stage: 'multiplying two matrices', version: version(), threads: threads(), build: buildConfig() });
    say({ groups: groupBackends() });
    const product = scope(() => {
      const a = tensor([
        [1, 2],
        [3, 4],
      ]);
      return aten.mm(a, a).toArray() as number[];
    });
    if (product.flat().join() !== '7,10,15,22')
      throw new Error(`[[1, 2], [3, 4]]² came out as ${JSON.stringify(product)}`);
    say({ stage: 'done' });
  },

  async gpu() {
    say({ stage: 'loading the binding' });
    const { cuda, deviceInfo, scope, full } = await import('@motion-enhancer/libtorch');
    say({ stage: 'opening CUDA' });
    const { count, reason } = cuda();
    say({ stage: 'asking the GPUs', count, reason });
    for (let index = 0; index < count; index++) say({ gpu: deviceInfo(index) });
    for (let index = 0; index < count; index++) {
      say({ stage: `computing on cuda:${index}` });
      const sum = scope(() =>
        full([8], 2, { device: `cuda:${index}` })
          .sum()
          .item(),
      );
      if (sum !== 16) throw new Error(`8 × 2 came out as ${sum} on cuda:${index}`);
    }
    say({ stage: 'done' });
  },

  async video() {
    say({ stage: 'loading node-av' });
    const { getFFmpegInfo, Packet } = await import('node-av/lib');
    const { version } = getFFmpegInfo();
    const packet = new Packet();
    packet.alloc();
    packet.free();
    say({ stage: 'done', ffmpeg: version });
  },
};

const probe = PROBES[process.argv[2] ?? ''];
if (!probe) throw new Error(`Expected engine, gpu or video but received ${process.argv[2]}.`);
try {
  await probe();
} catch (error) {
  const { message, code, cause } = error as Error & { code?: string };
  say({ error: message.split('\n')[0], code, cause: cause instanceof Error ? cause.message : undefined });
  process.exitCode = 1;
}
