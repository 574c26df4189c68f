import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clearBars, createProgress, type ProgressOptions } from './progress.js';
import { bytesText, clock, progressBar } from './progress-text.js';

function rig(options: Partial<ProgressOptions> & { tty?: boolean; columns?: number } = {}) {
  const { tty = false, columns = 80, ...rest } = options;
  const writes: string[] = [];
  let time = 1000;
  const progress = createProgress({
    label: 'work',
    unit: 'steps',
    now: () => time,
    rssBytes: () => 3 * 2 ** 30,
    env: { NO_COLOR: '1' },
    ...rest,
    stream: { write: (text: string) => writes.push(text), isTTY: tty, columns },
  });
  return {
    progress,
    writes,
    wait: (ms: number) => {
      time += ms;
    },
    /** What a terminal shows in the end: each line after its last carriage return. */
    screen: () =>
      writes
        .join('')
        .split('\n')
        .map((line) => line.split('\r\x1b[K').at(-1)!),
  };
}

describe('progress on a terminal', () => {
  it('is redrawn at most ten times a second', () => {
    const { progress, writes, wait } = rig({ tty: true, total: 1000 });
    for (let i = 1; i <= 1000; i++) {
      wait(5);
      progress.update(i);
    }
    assert.ok(writes.length <= 51 && writes.length >= 49, `${writes.length} writes in 5 s`);
  });

  it('knows rate and time left', () => {
    const { progress, writes, wait } = rig({ tty: true, total: 100, columns: 120 });
    for (let i = 1; i <= 50; i++) {
      wait(500);
      progress.update(i);
    }
    assert.match(writes.at(-1)!, /50\/100 steps {2}2\.0 steps\/s {2}0:25 left {2}3\.0 GiB/);
  });

  it('takes the rate of what this run did, not of what an earlier one left', () => {
    const { progress, writes, wait } = rig({ tty: true, columns: 120 });
    progress.step('train', 500, 600);
    wait(4000);
    progress.step('train', 502, 600);
    assert.match(writes.at(-1)!, /2\.00 s each {2}3:16 left/);
  });

  it('never wraps, whatever the width', () => {
    const state = {
      label: 'extract',
      stage: 'reconstruct',
      unit: 'steps',
      done: 123456,
      total: 1234567,
      rate: 0.013,
      etaSeconds: 1e6,
      elapsedSeconds: 9,
      rssBytes: 1e12,
      gpuBytes: 1e11,
      note: 'a note '.repeat(5),
    };
    for (let columns = 1; columns < 200; columns++) {
      const line = progressBar(state, columns, false);
      assert.ok(line.length < Math.max(2, columns), `${columns} columns: ${line.length}`);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
      assert.equal(progressBar(state, columns, true).replace(/\x1b\[\d+m/g, '').length, line.length);
    }
  });

  it('leaves one line of summary, and what was logged', () => {
    const { progress, screen, wait } = rig({ tty: true, total: 3 });
    progress.update(1);
    progress.log('a warning');
    wait(61_000);
    progress.update(3);
    progress.finish('3 done');
    progress.update(4);
    progress.finish('again');
    assert.deepEqual(screen(), ['a warning', 'work: 3 done (1:01, 3.0 GiB of memory)', '']);
  });

  it('is cleared when the work fails', () => {
    const { progress, screen, writes } = rig({ tty: true, total: 3 });
    progress.update(1);
    assert.notEqual(screen().at(-1), '');
    clearBars();
    assert.equal(screen().at(-1), '');
    const count = writes.length;
    clearBars();
    assert.equal(writes.length, count);
  });

  it('has colour unless NO_COLOR', () => {
    for (const [env, coloured] of [
      [{}, true],
      [{ NO_COLOR: '1' }, false],
    ] as const) {
      const { progress, writes } = rig({ tty: true, total: 2, env });
      progress.update(1);
      assert.equal(writes.join('').includes('\x1b[36m'), coloured);
    }
  });
});

describe('progress in a log', () => {
  it('says a line each 10 s and at each stage, without control characters', () => {
    const { progress, writes, wait } = rig();
    progress.stage('load');
    progress.stage('invert', { total: 100 });
    for (let i = 1; i <= 100; i++) {
      wait(250);
      progress.update(i);
    }
    progress.finish();
    assert.equal(writes.length, 5);
    assert.match(writes[0]!, /^work · load /);
    assert.match(
      writes[2]!,
      /^work · invert {2}40 % {2}40\/100 steps {2}4\.0 steps\/s {2}0:15 left {2}0:10 gone {2}3\.0 GiB\n$/,
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is the point
    for (const text of writes) assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f]/);
  });

  it('takes a dumb terminal for a log', () => {
    const { progress, writes } = rig({ tty: true, env: { TERM: 'dumb' } });
    progress.stage('load');
    assert.ok(!writes.join('').includes('\r'));
  });
});

describe('progress for machines', () => {
  it('is one JSON object a line; text becomes a log entry, objects pass', () => {
    const { progress, writes, wait } = rig({ json: true, tty: true });
    progress.stage('train', { total: 4 });
    for (let i = 1; i <= 4; i++) {
      wait(300);
      progress.update(i, `loss ${i}`);
    }
    progress.log('note "quoted"\nsecond');
    progress.log('{"type":"step","step":4}');
    progress.log('{not json');
    progress.finish('fine');
    const lines = writes.map((text) => {
      assert.equal(text.indexOf('\n'), text.length - 1);
      return JSON.parse(text);
    });
    assert.deepEqual(
      lines.map((line) => line.type),
      ['progress', 'progress', 'log', 'step', 'log', 'finished'],
    );
    const { rate, etaSeconds, ...rest } = lines[1];
    assert.deepEqual([rate.toFixed(3), etaSeconds], ['3.333', 0]);
    assert.deepEqual(rest, {
      type: 'progress',
      label: 'work',
      stage: 'train',
      unit: 'steps',
      done: 4,
      total: 4,
      elapsedSeconds: 1.2,
      rssBytes: 3 * 2 ** 30,
      gpuBytes: null,
      note: 'loss 4',
    });
    assert.equal(lines[2].message, 'note "quoted"\nsecond');
    assert.equal(lines[5].summary, 'fine');
  });
});

describe('texts', () => {
  it('clock', () => {
    assert.deepEqual([0, 59.6, 75, 3600, 93784].map(clock), ['0:00', '1:00', '1:15', '1:00:00', '26:03:04']);
  });
  it('bytes', () => {
    assert.deepEqual([0, 1023, 1536, 200 * 2 ** 20, 3.25 * 2 ** 30].map(bytesText), [
      '0 B',
      '1023 B',
      '1.5 KiB',
      '200 MiB',
      '3.3 GiB',
    ]);
  });
});
