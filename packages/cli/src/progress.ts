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
  return new ProgressReport(options);
}

class ProgressReport implements Progress {
  readonly #label: string;
  readonly #unit: string;
  readonly #stream: ProgressStream;
  readonly #mode: keyof typeof INTERVAL_MS;
  readonly #colour: boolean;
  readonly #now: () => number;
  readonly #rssBytes: () => number;
  readonly #gpuBytes: () => number | null;
  readonly #began: number;
  /** The same function each time: the key under which the bar on the screen is known. */
  readonly #clearBar = () => this.#clear();
  #stageName = '';
  #total: number | null;
  #done = 0;
  #note = '';
  #samples: { at: number; done: number }[];
  #shownAt = Number.NEGATIVE_INFINITY;
  #peakRss = 0;
  #onScreen = false;
  #finished = false;

  constructor(options: ProgressOptions) {
    const { device, stream = process.stderr, env = process.env } = options;
    this.#label = options.label;
    this.#unit = options.unit ?? '';
    this.#stream = stream;
    this.#mode = options.json ? 'json' : stream.isTTY && env.TERM !== 'dumb' ? 'terminal' : 'lines';
    this.#colour = !env.NO_COLOR;
    this.#now = options.now ?? (() => performance.now());
    this.#rssBytes = options.rssBytes ?? residentBytes;
    this.#gpuBytes = device?.startsWith('cuda') ? gpuMeter(device) : () => null;
    this.#began = this.#now();
    this.#total = options.total ?? null;
    this.#samples = [{ at: this.#began, done: 0 }];
  }

  update(done: number, note?: string): void {
    this.#done = done;
    if (note !== undefined) this.#note = visibleText(note);
    this.#samples.push({ at: this.#now(), done });
    if (this.#samples.length > RATE_SAMPLES) this.#samples = this.#samples.slice(-RATE_SAMPLES);
    // A machine that reads along must see the end of each stage.
    this.#show(this.#mode === 'json' && done === this.#total);
  }

  stage(name: string, next: { total?: number; done?: number } = {}): void {
    this.#stageName = name;
    this.#total = next.total ?? null;
    this.#done = next.done ?? 0;
    this.#note = '';
    this.#samples = [{ at: this.#now(), done: this.#done }];
    this.#show(true);
  }

  step(stage: string, done: number, total: number, note?: string): void {
    // A count that starts above 1 goes on from an earlier run, whose units say nothing of this one's speed.
    if (stage !== this.#stageName) this.stage(stage, { total, done: done > 1 ? done : 0 });
    this.#total = total;
    this.update(done, note);
  }

  log(line: string): void {
    const stream = this.#stream;
    if (this.#mode === 'json') {
      const message = isJsonObject(line) ? line : JSON.stringify({ type: 'log', label: this.#label, message: line });
      stream.write(`${message}\n`);
      return;
    }
    const redraw = this.#onScreen;
    this.#clear();
    stream.write(`${stream.isTTY ? visibleText(line) : line}\n`);
    if (redraw) this.#show(true);
  }

  finish(summary = 'done'): void {
    if (this.#finished) return;
    const last = this.#state();
    this.#clear();
    this.#finished = true;
    const peakRssBytes = this.#peakRss;
    if (this.#mode === 'json')
      this.#stream.write(`${JSON.stringify({ type: 'finished', ...last, summary, peakRssBytes })}\n`);
    else {
      const facts = `${clock(last.elapsedSeconds)}, ${bytesText(peakRssBytes)} of memory`;
      this.#stream.write(`${this.#label}: ${summary} (${facts})\n`);
    }
  }

  #state(): ProgressState {
    const at = this.#now();
    const first = this.#samples[0]!;
    const last = this.#samples.at(-1)!;
    const rate =
      last.done > first.done && last.at > first.at ? (1000 * (last.done - first.done)) / (last.at - first.at) : null;
    const etaSeconds =
      rate === null || this.#total === null
        ? null
        : Math.max(0, (this.#total - this.#done) / rate - (at - last.at) / 1000);
    const rss = this.#rssBytes();
    this.#peakRss = Math.max(this.#peakRss, rss);
    return {
      label: this.#label,
      stage: this.#stageName,
      unit: this.#unit,
      done: this.#done,
      total: this.#total,
      rate,
      etaSeconds,
      elapsedSeconds: (at - this.#began) / 1000,
      rssBytes: rss,
      gpuBytes: this.#gpuBytes(),
      note: this.#note,
    };
  }

  #clear(): void {
    if (this.#onScreen) this.#stream.write(CLEAR);
    this.#onScreen = false;
    drawn.delete(this.#clearBar);
  }

  #show(force: boolean): void {
    const at = this.#now();
    if (this.#finished || (!force && at - this.#shownAt < INTERVAL_MS[this.#mode])) return;
    this.#shownAt = at;
    if (this.#mode === 'json') this.#stream.write(`${JSON.stringify({ type: 'progress', ...this.#state() })}\n`);
    else if (this.#mode === 'lines') this.#stream.write(`${progressLine(this.#state())}\n`);
    else {
      this.#stream.write(`${CLEAR}${progressBar(this.#state(), this.#stream.columns ?? 80, this.#colour)}`);
      this.#onScreen = true;
      drawn.add(this.#clearBar);
    }
  }
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
