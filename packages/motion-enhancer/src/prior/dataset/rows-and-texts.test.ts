import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseShard } from '@motion-enhancer/support';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { type Row, readData, type Turn } from '../../data/rows.js';
import { chooseRows, rowsOfVideos, videoOf } from './choose-rows.js';
import { textOfRow } from './text-of-row.js';
import { textsOfRow } from './texts-of-row.js';

const talk = (...contents: string[]): Turn[] =>
  contents.map((content, i) => ({ role: i % 2 === 0 ? 'user' : 'assistant', content }));

test('the descriptive text: caption, the answer of a caption-style pair, else question and answer', () => {
  const of = (row: Pick<Row, 'turns' | 'caption'>) => textOfRow(row, 'descriptive');
  assert.deepEqual(of({ turns: talk('Why?', 'So.'), caption: ' A dog runs. ' }), {
    text: 'A dog runs.',
    source: 'caption',
  });
  for (const question of [
    'Describe the video.',
    'Please give a detailed description of the motion',
    'Write a CAPTION.',
    'What is happening here?',
    'Can you summarise it?',
  ])
    assert.deepEqual(of({ turns: talk(question, 'A dog runs.') }), { text: 'A dog runs.', source: 'answer' }, question);
  for (const question of ['What does the dog do?', 'Who is prescribed what?', ''])
    assert.equal(of({ turns: talk(question, 'It runs.') }).source, 'question-answer', question);
  assert.equal(of({ turns: talk('What does it do?', 'It runs.') }).text, 'What does it do? It runs.');
  assert.equal(of({ turns: talk('Who?', 'A dog.', 'Describe it.', 'A dog runs.') }).text, 'A dog runs.');
  const system: Turn = { role: 'system', content: 'Describe everything.' };
  assert.equal(
    of({ turns: [system, ...talk('Who?', 'A dog.')] }).text,
    'Who? A dog.',
    'the system’s turn is no question',
  );
});

test('a named text, and rows that lack it', () => {
  const row = { turns: talk('Who?', 'A dog.', 'Describe it.', 'A dog runs.') };
  assert.deepEqual(textOfRow(row, 'question'), { text: 'Who?', source: 'question' });
  assert.deepEqual(textOfRow(row, 'answer'), { text: 'A dog.', source: 'answer' });
  assert.deepEqual(textOfRow(row, 'question-answer'), { text: 'Who? A dog.', source: 'question-answer' });
  assert.deepEqual(textOfRow(row, 'caption'), { text: 'A dog runs.', source: 'caption' });
  assert.throws(() => textOfRow({ turns: talk('Who?', 'A dog.') }, 'caption'), /no caption/);
  assert.throws(() => textOfRow({ turns: talk(' ', 'A dog.') }, 'question'), /its question is empty/);
  assert.throws(() => textOfRow({ turns: talk('Describe it.', '\n') }, 'descriptive'), /its answer is empty/);
  assert.throws(() => textOfRow({ turns: [] }, 'answer'), /no question with an answer/);
});

const row = (line: number): Row => ({ id: `r${line}`, video: 'v', turns: [], line });

test('shards are disjoint and make the whole, in order, malformed rows among them', () => {
  const rows = [1, 2, 4, 7, 8, 10].map(row);
  const bad = [3, 5, 6, 9].map((line) => ({ line, reason: 'x' }));
  const linesOf = (shard: string, limit = 0) => chooseRows(rows, bad, parseShard(shard), limit).map((e) => e.line);
  assert.deepEqual(linesOf(''), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  for (const limit of [0, 1, 5, 100])
    for (const n of [1, 2, 3, 7, 20]) {
      const parts = Array.from({ length: n }, (_, i) => linesOf(`${i}/${n}`, limit));
      assert.deepEqual(
        parts.flat().toSorted((a, b) => a - b),
        linesOf('', limit),
      );
      assert.ok(Math.max(...parts.map((p) => p.length)) - Math.min(...parts.map((p) => p.length)) <= 1);
      for (const part of parts)
        assert.deepEqual(
          part,
          part.toSorted((a, b) => a - b),
        );
    }
  assert.deepEqual(linesOf('', 3), [1, 2, 3]);
  // Mending row 3 moves no other row to another shard.
  const mended = chooseRows([...rows, row(3)], bad.slice(1), parseShard('1/2'), 0).map((e) => e.line);
  assert.deepEqual(mended, linesOf('1/2'));
  for (const wrong of ['2/2', '0/0', '1', '-1/2', '1/2/3', 'a/b', '0.5/2'])
    assert.throws(() => parseShard(wrong), /Expected i\/n .* for --shard/, wrong);
});

test('rows without a video are set apart', () => {
  const video = { type: 'video', path: 'v' } as const;
  const rows: Row[] = [
    row(1),
    { ...row(2), media: [{ type: 'image', path: 'i' }, video] },
    { ...row(3), media: [{ ...video, start: 0, end: 1 }] },
    { ...row(4), media: [{ type: 'video', paths: ['a.png'] }] },
    { ...row(5), media: [] },
  ];
  const { usable, bad } = rowsOfVideos({ rows, bad: [{ line: 9, reason: 'x' }] });
  assert.deepEqual(
    usable.map(({ line }) => line),
    [1, 2, 3, 4],
  );
  assert.deepEqual(
    bad.map(({ line }) => line),
    [9, 5],
  );
  assert.match(bad[1]!.reason, /no video/);
  assert.deepEqual(videoOf(rows[1]!), video);
  assert.deepEqual(videoOf(rows[0]!), { type: 'video', path: rows[0]!.video });
});

test('of a question without an answer the question is what a prior can be of', async () => {
  const path = join(temporaryFolder(), 'prompts.jsonl');
  const rows = [
    { video: 'a.mp4', prompt: 'Which way does it turn?' },
    { video: 'a.mp4', messages: [{ role: 'user', content: '<video>\nWhat falls?' }] },
    { video: 'a.mp4' },
  ];
  writeFileSync(path, rows.map((one) => JSON.stringify(one)).join('\n'));
  await assert.rejects(readData([path]), { code: 'ERR_DATA', message: /no usable row/ });
  const read = await readData([path], { prompts: true });
  assert.deepEqual(
    read.rows.map((one) => textOfRow(one, 'question')),
    ['Which way does it turn?', 'What falls?'].map((text) => ({ text, source: 'question' })),
  );
  assert.deepEqual(
    read.rows.map((one) => [...textsOfRow(one)]),
    [['Which way does it turn?'], ['What falls?']],
  );
  assert.throws(() => textOfRow(read.rows[0]!, 'answer'), /no question with an answer/);
  assert.deepEqual(
    read.bad.map(({ line }) => line),
    [3],
  );
});

test('tags are no part of what the diffusion model is told', () => {
  const turns = talk('Look:\n<video>\nwhat?', 'It runs.');
  assert.equal(textOfRow({ turns }, 'question-answer').text, 'Look:what? It runs.');
});
