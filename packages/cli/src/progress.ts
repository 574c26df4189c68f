import { visibleText } from '@motion-enhancer/support';
import { bytesText, clock, type ProgressState, progressBar, progressLine } from './progress-text.js';

/** Where progress is written: `process.stderr`, or a stand-in for it. */
export interface ProgressStream {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

export interface ProgressOptions {
  /** What runs, for example `extract`. */
  label: string;
  /** How many units there are in all. */
  total?: number;
  /** What is counted, in the plural: `steps`. */
  unit?: string;
  /** One JSON object a line instead of words. */
  json?: boolean;
  /** A CUDA device, whose memory is then shown too. */
  device?: string;
  stream?: ProgressStream;
  /** Milliseconds of a clock that never goes back. */
  now?: () => number;
  rssBytes?: () => number;
  env?: Readonly<Record<string, string | undefined>>;
}

export interface Progress {
  /** `done` units of the stage are finished. */
  update(done: number, note?: string): void;
  /** A new stage begins; counting starts again, at `done` where an earlier run left off. */
  stage(name: string, options?: { total?: number; done?: number }): void;
  /** `stage` where the name is new, then `update`. */
  step(stage: string, done: number, total: number, note?: string): void;
  /** A line of its own, above the bar. In JSON, text becomes `{type: 'log'}`; a line that is an object stays as it is. */
  log(line: string): void;
  /** Ends the report: the bar goes, one line of summary stays. */
  finish(summary?: string): void;
}

/** Redrawn at most this often, in milliseconds. */
const INTERVAL_MS = { terminal: 100, json: 1000, lines: 10_000 };
/** The rate is that of the last so many updates: early steps are slower than the rest. */
const RATE_SAMPLES = 20;
const CLEAR = '\r\x1b[K';

const drawn = new Set<() => void>();

/** Takes bars that nobody finished off the terminal, so that a message of failure starts on an empty line. */
export function clearBars(): void {
  for (const clear of drawn) clear();
}

/**
 * Shows how far long work is: on a terminal a bar with rate, time left and memory; elsewhere a line each 10 s and at
 * each new stage; with `json` an object a line.
 */
export function createProgress(options: ProgressOptions): Progress {
  const { label, unit = '', json = false, device, stream = process.stderr, env = process.env } = options;
  const { now = () => performance.now(), rssBytes = residentBytes } = options;
  const mode = json ? 'json' : stream.isTTY && env.TERM !== 'dumb' ? 'terminal' : 'lines';
  const colour = !env.NO_COLOR;
  const gpuBytes = device?.startsWith('cuda') ? gpuMeter(device) : () => null;
  const began = now();
  let stageName = '';
  let total: number | null = options.total ?? null;
  let done = 0;
  let note = '';
  let samples: { at: number; done: number }[] = [{ at: began, done: 0 }];
  let shownAt = Number.NEGATIVE_INFINITY;
  let peakRss = 0;
  let onScreen = false;
  let finished = false;

  function state(): ProgressState {
    const at = now();
    const first = samples[0]!;
    const last = samples.at(-1)!;
    const rate =
      last.done > first.done && last.at > first.at ? (1000 * (last.done - first.done)) / (last.at - first.at) : null;
    const etaSeconds =
      rate === null || total === null ? null : Math.max(0, (total - done) / rate - (at - last.at) / 1000);
    const rss = rssBytes();
    peakRss = Math.max(peakRss, rss);
    const elapsedSeconds = (at - began) / 1000;
    return {
      label,
      stage: stageName,
      unit,
      done,
      total,
      rate,
      etaSeconds,
      elapsedSeconds,
      rssBytes: rss,
      gpuBytes: gpuBytes(),
      note,
    };
  }

  function clear(): void {
    if (onScreen) stream.write(CLEAR);
    onScreen = false;
    drawn.delete(clear);
  }

  function show(force: boolean): void {
    const at = now();
    if (finished || (!force && at - shownAt < INTERVAL_MS[mode])) return;
    shownAt = at;
    if (mode === 'json') stream.write(`${JSON.stringify({ type: 'progress', ...state() })}\n`);
    else if (mode === 'lines') stream.write(`${progressLine(state())}\n`);
    else {
      stream.write(`${CLEAR}${progressBar(state(), stream.columns ?? 80, colour)}`);
      onScreen = true;
      drawn.add(clear);
    }
  }

  const self: Progress = {
    update(count, text) {
      done = count;
      if (text !== undefined) note = visibleText(text);
      samples.push({ at: now(), done });
      if (samples.length > RATE_SAMPLES) samples = samples.slice(-RATE_SAMPLES);
      // A machine that reads along must see the end of each stage.
      show(mode === 'json' && done === total);
    },
    stage(name, next = {}) {
      stageName = name;
      total = next.total ?? null;
      done = next.done ?? 0;
      note = '';
      samples = [{ at: now(), done }];
      show(true);
    },
    step(name, count, of, text) {
      // A count that starts above 1 goes on from an earlier run, whose units say nothing of this one's speed.
      if (name !== stageName) self.stage(name, { total: of, done: count > 1 ? count : 0 });
      total = of;
      self.update(count, text);
    },
    log(line) {
      if (mode === 'json') {
        stream.write(`${isJsonObject(line) ? line : JSON.stringify({ type: 'log', label, message: line })}\n`);
        return;
      }
      const redraw = onScreen;
      clear();
      stream.write(`${stream.isTTY ? visibleText(line) : line}\n`);
      if (redraw) show(true);
    },
    finish(summary = 'done') {
      if (finished) return;
      const last = state();
      clear();
      finished = true;
      if (mode === 'json') {
        stream.write(`${JSON.stringify({ type: 'finished', ...last, summary, peakRssBytes: peakRss })}\n`);
      } else stream.write(`${label}: ${summary} (${clock(last.elapsedSeconds)}, ${bytesText(peakRss)} of memory)\n`);
    },
  };
  return self;
}

function isJsonObject(line: string): boolean {
  if (!line.startsWith('{')) return false;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

/** Bytes that libtorch holds on a CUDA device. The engine is loaded only for this: commands without it stay light. */
function gpuMeter(device: string): () => number | null {
  let meter: (() => number) | null = null;
  import('@motion-enhancer/libtorch').then(
    ({ memoryStats }) => {
      meter = () => memoryStats(device).allocated;
    },
    () => {},
  );
  return () => meter?.() ?? null;
}

/** Memory of this process; 0 where the system does not tell (without /proc). */
function residentBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return 0;
  }
}
