import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, describe, it } from 'node:test';
import { liveTensors, scope } from '@motion-enhancer/libtorch';
import { freshSeed, randomSource } from '@motion-enhancer/support/testing';
import { decodePng } from '../data/image/index.js';
import { escapeHtml, html } from './html.js';
import { writeInspectPage } from './inspect-page.js';
import { lineChart, niceTicks } from './line-chart.js';
import { type DemoPageData, writeDemoPage } from './page.js';
import { shortNumber } from './tables.js';
import { madeFrames, madePrior } from './testing.js';

const RANDOM = randomSource(freshSeed());

const scratch = mkdtempSync(join(tmpdir(), 'page-'));
after(() => rmSync(scratch, { recursive: true }));

/** Each would break out of its place if it were written as it is. */
const TRICKY = [
  '"><script>alert(1)</script>',
  "' onmouseover='alert(2)",
  '</style><img src=x>',
  '&amp;',
  '$1 $& %s',
  '\\',
];

function demo(name: string, changes: Partial<DemoPageData> = {}, words: readonly string[] = ['one', 'two']): string {
  const path = join(scratch, `${name}.html`);
  const before = liveTensors();
  scope(() => {
    const prior = madePrior(words);
    prior.info.id = words[0]!;
    writeDemoPage(path, {
      summary: ['What was run.'],
      weights: 'random',
      priors: [{ prior, frames: madeFrames(5), pixelFrames: prior.info.cell.frames }],
      training: [
        { step: 1, lossAr: 3, lossAlign: null, gradNorm: 1, lr: 0, tokensPerSecond: 10 },
        { step: 2, lossAr: 2, lossAlign: 2e-6, gradNorm: Number.NaN, lr: 1e-5, tokensPerSecond: 11 },
      ],
      answers: [{ prompt: 'What moves?', before: 'x', after: 'y' }],
      commands: ['npx motion-enhancer demo'],
      timings: [{ stage: 'extract', seconds: 1.25 }],
      ...changes,
    });
  });
  assert.equal(liveTensors(), before, 'live tensors');
  return readFileSync(path, 'utf8');
}

/** Whatever the page would load: values of src, href, srcset, action and of url(). */
function references(page: string): string[] {
  const attributes = [...page.matchAll(/\b(?:src|href|srcset|action|poster|data)\s*=\s*"([^"]*)"/g)];
  const styles = [...page.matchAll(/url\(\s*['"]?([^'")]*)/g)];
  return [...attributes, ...styles].map((match) => match[1]!);
}

/** Open and close tags pair up: text that broke out would show here. */
function assertBalanced(page: string): void {
  const open: string[] = [];
  const inert = page.replace(/<(script|style)>[\s\S]*?<\/\1>/g, '').replace(/<!doctype html>/, '');
  for (const [, close, name, rest] of inert.matchAll(/<(\/?)([a-z][a-z0-9]*)((?:"[^"]*"|[^>"])*)>/gi)) {
    if (/^(meta|input|img|br)$/.test(name!) || rest!.endsWith('/')) continue;
    if (close) assert.equal(open.pop(), name);
    else open.push(name!);
  }
  assert.deepEqual(open, []);
}

describe('writeDemoPage', () => {
  it('loads nothing: every reference lies inside the page or beside it', () => {
    const page = demo('whole');
    const all = references(page);
    assert.ok(all.length >= 2, 'the film strip and a word at least');
    for (const reference of all) {
      if (reference.startsWith('data:image/png;base64,')) {
        const { width, height } = decodePng(Buffer.from(reference.slice(22), 'base64'));
        assert.ok(width > height);
      } else assert.ok(existsSync(resolve(dirname(join(scratch, 'whole.html')), reference)), reference);
    }
    assert.doesNotMatch(page, /https?:\/\/|@import|\bfetch\(|XMLHttpRequest|<link|<iframe/);
    assertBalanced(page);
    assert.deepEqual(
      readdirSync(scratch).filter((name) => name.endsWith('.tmp')),
      [],
    );
  });

  it('escapes whatever it is given', () => {
    const all = TRICKY.join(' ');
    const page = demo(
      'tricky',
      {
        title: all,
        summary: TRICKY,
        facts: TRICKY.map((text) => [text, text] as const),
        answers: [{ prompt: all, video: all, before: all, after: all }],
        commands: TRICKY,
        timings: [{ stage: all, seconds: 1 }],
      },
      TRICKY,
    );
    assert.equal(page.match(/<script/g)?.length, 1);
    assert.equal(page.match(/<img /g)?.length, 3, 'one a kept word');
    assert.doesNotMatch(page, /alert\(1\)<\/script|<img src=x|[^;]' onmouseover='/);
    for (const text of TRICKY) assert.ok(page.includes(escapeHtml(text)), text);
    assertBalanced(page);
  });

  it('lets no script run but its own, and loads nothing', () => {
    const page = demo('policy');
    const [, policy] = /<meta http-equiv="Content-Security-Policy" content="([^"]+)">/.exec(page)!;
    const [, script] = /<script>([\s\S]*)<\/script>/.exec(page)!;
    const hash = createHash('sha256').update(script!).digest('base64');
    assert.match(policy!, /^default-src &#39;none&#39;; img-src data:;/);
    assert.ok(policy!.includes(`script-src &#39;sha256-${escapeHtml(hash)}&#39;;`), policy);
    assert.doesNotMatch(page, /\son\w+=/);
  });

  it('warns of random weights, and of no others', () => {
    assert.match(demo('random'), /Untrained random weights: the maps mean nothing/);
    assert.doesNotMatch(demo('trained', { weights: 'trained' }), /mean nothing/);
  });

  it('leaves out what there is nothing to say of', () => {
    const page = demo('little', { priors: [], training: [], answers: [], commands: [], timings: [] });
    assert.doesNotMatch(page, /<h2>|<svg|<table/);
    assertBalanced(page);
  });

  it('holds a script that parses', () => {
    const script = /<script>([\s\S]*)<\/script>/.exec(demo('script'))![1]!;
    assert.doesNotThrow(() => new Function(script));
  });

  it('says where it could not write', () => {
    assert.throws(
      () =>
        writeDemoPage(join(scratch, 'no', 'such', 'page.html'), {
          summary: [],
          weights: 'trained',
          priors: [],
          training: [],
          answers: [],
          commands: [],
          timings: [],
        }),
      /UserError: Could not write .*page\.html/,
    );
  });
});

describe('writeInspectPage', () => {
  it('shows one prior: its words, heads and options', () => {
    const before = liveTensors();
    scope(() => {
      const prior = madePrior(['slow', 'fast'], { weights: 'trained', heads: 7 });
      const path = writeInspectPage(join(scratch, 'inspect', 'deep'), prior, madeFrames(5), prior.info.cell.frames);
      const page = readFileSync(path, 'utf8');
      assertBalanced(page);
      const [words, heads] = page.split('<h3>Heads</h3>');
      assert.deepEqual(
        [...words!.matchAll(/<td data-value="“(\w+)">/g)].map((match) => match[1]),
        ['fast', 'slow'],
      );
      assert.equal(heads!.match(/<tr class="may/g)?.length, 7);
      assert.doesNotMatch(page, /mean nothing/);
    });
    assert.equal(liveTensors(), before);
  });
});

describe('parts of the pages', () => {
  it('html escapes values and keeps html', () => {
    assert.equal(html`<b>${['<', html`<i>${'"'}</i>`, 0, null, false]}</b>`.text, '<b>&lt;<i>&quot;</i>0</b>');
  });

  it('ticks are round, few, and enclose the values', () => {
    for (let trial = 0; trial < 300; trial++) {
      const least = (RANDOM.next() - 0.5) * 10 ** Math.round(RANDOM.next() * 12 - 8);
      const most = least + RANDOM.next() * 10 ** Math.round(RANDOM.next() * 12 - 8);
      const ticks = niceTicks(least, most);
      const slack = 1e-6 * Math.max(Math.abs(least), Math.abs(most), 1e-300);
      assert.ok(ticks.length >= 2 && ticks.length <= 7, `${least} ${most}: ${ticks}`);
      assert.ok(ticks[0]! <= least + slack && ticks.at(-1)! >= most - slack, `${least} ${most}: ${ticks}`);
    }
    assert.deepEqual(niceTicks(0, 10), [0, 5, 10]);
    assert.equal(niceTicks(0, 0)[0], 0);
  });

  it('a chart breaks its curve where a value is missing and stays within its box', () => {
    const y = [1, 2, null, 4, Number.NaN, 1e9];
    const { text } = lineChart(
      'loss',
      y.map((value, x) => ({ x, y: value })),
    );
    assert.equal(text.match(/<polyline/g)?.length, 3);
    for (const [, x, top] of text.matchAll(/([\d.-]+),([\d.-]+)(?=[ "])/g)) {
      assert.ok(Number(x) >= 0 && Number(x) <= 420 && Number(top) >= 0 && Number(top) <= 190);
    }
    assert.match(lineChart('none', [{ x: 1, y: null }]).text, /no values/);
    assert.doesNotMatch(lineChart('one', [{ x: 1, y: 5 }]).text, /NaN|Infinity/);
  });

  it('numbers are short', () => {
    assert.deepEqual([0, 1, 0.123456, 1234.5678, 1.23456e-7, -1e9, Number.NaN].map(shortNumber), [
      '0',
      '1',
      '0.1235',
      '1235',
      '1.23e-7',
      '-1.00e+9',
      'NaN',
    ]);
  });
});
