/** What a progress report says; also the machine-readable line, with `type` and `label`. */
export interface ProgressState {
  label: string;
  stage: string;
  unit: string;
  done: number;
  /** Unknown where null. */
  total: number | null;
  /** Units a second over the recent past; null before the first one is done. */
  rate: number | null;
  etaSeconds: number | null;
  elapsedSeconds: number;
  rssBytes: number;
  gpuBytes: number | null;
  note: string;
}

/** 93784 → `26:03:04`, 75 → `1:15` */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number) => String(value).padStart(2, '0');
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** 1536 → `1.5 KiB` */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** The parts of a report in the order in which they are shown, '' where there is nothing to say. */
function parts(state: ProgressState) {
  const { label, stage, unit, done, total, rate, etaSeconds, rssBytes, gpuBytes } = state;
  const speed =
    rate === null ? '' : rate >= 1 ? `${rate.toFixed(1)} ${unit || 'it'}/s` : `${(1 / rate).toPrecision(3)} s each`;
  return {
    head: stage ? `${label} · ${stage}` : label,
    count: total === null && done === 0 ? '' : `${done}${total === null ? '' : `/${total}`}${unit ? ` ${unit}` : ''}`,
    eta: etaSeconds === null ? '' : `${clock(etaSeconds)} left`,
    speed,
    memory: `${bytesText(rssBytes)}${gpuBytes === null ? '' : `, GPU ${bytesText(gpuBytes)}`}`,
    note: state.note,
  };
}

/** One line for a log file: everything, without control characters. */
export function progressLine(state: ProgressState): string {
  const { head, count, eta, speed, memory, note } = parts(state);
  const percent = state.total ? `${Math.floor((100 * state.done) / state.total)} %` : '';
  return [head, percent, count, speed, eta, `${clock(state.elapsedSeconds)} gone`, memory, note]
    .filter(Boolean)
    .join('  ');
}

const BAR_CELLS = 24;
/** A bar shorter than this says nothing. */
const SHORTEST_BAR = 8;
const CYAN = '\x1b[36m';
const PLAIN = '\x1b[39m';

/** A line for a terminal of `columns`: what matters least goes first where it is narrow, and it never wraps. */
export function progressBar(state: ProgressState, columns: number, colour: boolean): string {
  const { head, count, eta, speed, memory, note } = parts(state);
  // The last column stays free: some terminals wrap as soon as it is written.
  const room = Math.max(1, columns - 1);
  const shown = { head: true, count: false, eta: false, bar: 0, speed: false, memory: false, note: false };
  let left = room - head.length;
  const take = (text: string): boolean => {
    if (!text || text.length + 2 > left) return false;
    left -= text.length + 2;
    return true;
  };
  shown.count = take(count);
  shown.eta = take(eta);
  if (state.total && left >= SHORTEST_BAR + 2) {
    shown.bar = SHORTEST_BAR;
    left -= SHORTEST_BAR + 2;
  }
  shown.speed = take(speed);
  shown.memory = take(memory);
  shown.note = take(note);
  if (shown.bar > 0) shown.bar = Math.min(BAR_CELLS, shown.bar + left);
  const line = [
    head.length > room ? `${head.slice(0, Math.max(0, room - 1))}…` : head,
    shown.bar > 0 && bar(state.done / state.total!, shown.bar, colour),
    shown.count && count,
    shown.speed && speed,
    shown.eta && eta,
    shown.memory && memory,
    shown.note && note,
  ];
  return line.filter(Boolean).join('  ');
}

function bar(share: number, cells: number, colour: boolean): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * cells);
  const filled = '━'.repeat(full);
  return `${colour ? `${CYAN}${filled}${PLAIN}` : filled}${(colour ? '─' : '·').repeat(cells - full)}`;
}
