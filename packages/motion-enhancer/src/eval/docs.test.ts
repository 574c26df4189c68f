import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fixture } from '@motion-enhancer/support/testing';
import { PARSERS, type ParserName } from './parsers/index.js';
import { type Protocol, protocols } from './prompts/index.js';

const docs = readFileSync(fixture('../../docs/evaluation-grading.md'), 'utf8');
const cells = (line: string): string[] =>
  line
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim());
const rowsAfter = (head: string): string[][] => {
  const lines = docs.slice(docs.indexOf(head)).split('\n');
  const end = lines.findIndex((line) => !line.startsWith('|'));
  return lines.slice(0, end).map(cells);
};

test('the table of parsers in the docs says what they do', () => {
  const options = ['the ball', 'The blue cup', 'a chair', 'None of the above'].map((text, i) => ({
    letter: 'ABCD'[i]!,
    text,
  }));
  const [head, , ...rows] = rowsAfter('| reply |');
  assert.ok(rows.length >= 15);
  for (const [reply, ...read] of rows)
    for (const [i, letter] of read.entries()) {
      const name = head![i + 1]!.replaceAll('`', '') as ParserName;
      assert.equal(PARSERS[name].parse(reply!.replaceAll('`', ''), { options }) ?? '–', letter, `${name}: ${reply}`);
    }
});

test('the table of protocols in the docs has each of them with its judge', () => {
  const [, , ...rows] = rowsAfter('| benchmark | protocol |');
  const listed = rows.flatMap(([benchmark, protocol, , judge]) =>
    benchmark === 'each but favor-open'
      ? ['motionbench', 'favor', 'seedbench', 'videomme'].map((one) => [one, protocol, judge])
      : [[benchmark, protocol, judge]],
  );
  const judgeOf = (protocol: Protocol): string =>
    protocol.reading === 'reply'
      ? `\`${protocol.judge}\``
      : protocol.reading === 'caption'
        ? 'LLM-free metric'
        : 'least loss';
  assert.deepEqual(
    listed.map((row) => row.join(' ')).sort(),
    protocols()
      .map((protocol) => `${protocol.benchmark} ${protocol.name} ${judgeOf(protocol)}`)
      .sort(),
  );
});
