import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { UserError } from '@motion-enhancer/support';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { CAPTION_PROMPT, plainText, readRows } from './rows.js';

const dir = temporaryFolder();

function file(name: string, content: unknown): string {
  const path = join(dir, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}
const lines = (...values: unknown[]) => values.map((v) => (typeof v === 'string' ? v : JSON.stringify(v))).join('\n');

const TURNS = [
  { from: 'human', value: '<video>\nWhat happens?' },
  { from: 'gpt', value: 'A dog jumps.' },
];
const MESSAGES = [
  { role: 'user', content: '<video>What happens?' },
  { role: 'assistant', content: 'A dog jumps.' },
];
const EXPECTED = [
  { role: 'user', content: '<video>\nWhat happens?' },
  { role: 'assistant', content: 'A dog jumps.' },
];
const UNBROKEN = [{ role: 'user', content: '<video>What happens?' }, EXPECTED[1]];

test('2U1 and qwen-vl-finetune: video and conversations, in a JSON list or in lines', async () => {
  const sample = { id: 'a', video: 'clips/a.mp4', conversations: TURNS };
  const expected = [{ id: 'a', video: join(dir, 'clips/a.mp4'), turns: EXPECTED, line: 1 }];
  for (const content of [
    [sample],
    lines(sample),
    `\uFEFF${JSON.stringify([sample])}`,
    `\uFEFF${lines(sample)}`,
    JSON.stringify([sample], null, 2),
    `\n ${lines(sample)}\r\n`,
  ]) {
    const { rows, bad } = await readRows(file('a.json', content));
    assert.deepEqual(
      rows.map((r) => ({ ...r, line: 1 })),
      expected,
    );
    assert.deepEqual(bad, []);
  }
  assert.deepEqual(
    (await readRows(file('a.json', [{ ...sample, video: ['clips/a.mp4'] }]))).rows,
    expected,
    'a list of one video',
  );
});

test('InternVL: lines with further keys', async () => {
  const sample = { id: 3, video: 'a.mp4', conversations: TURNS, length: 7 };
  const { rows } = await readRows(file('b.jsonl', lines(sample, { ...sample, clip: [0.5, 2] })));
  const video = join(dir, 'a.mp4');
  assert.deepEqual(rows, [
    { id: '3', video, turns: EXPECTED, line: 1 },
    { id: '3', video, media: [{ type: 'video', path: video, start: 0.5, end: 2 }], turns: EXPECTED, line: 2 },
  ]);
});

test('LLaMA-Factory and ms-swift: messages and videos; ShareGPT’s conversations with videos', async () => {
  for (const [sample, turns] of [
    [{ messages: MESSAGES, videos: ['/data/a.mp4'] }, UNBROKEN],
    [{ messages: MESSAGES, videos: '/data/a.mp4' }, UNBROKEN],
    [{ conversations: TURNS, videos: ['/data/a.mp4'] }, EXPECTED],
    [{ messages: MESSAGES.map((m) => ({ ...m, loss: true })), videos: ['/data/a.mp4'] }, UNBROKEN],
    [{ messages: TURNS, videos: ['/data/a.mp4'] }, EXPECTED],
  ] as const) {
    const { rows } = await readRows(file('c.jsonl', lines('', sample)));
    assert.deepEqual(rows, [{ id: 'row-2', video: '/data/a.mp4', turns, line: 2 }]);
  }
});

test('system turns and several rounds are kept in order', async () => {
  const conversations = [
    { from: 'system', value: 'Be brief.' },
    ...TURNS,
    { from: 'human', value: 'Who?' },
    { from: 'gpt', value: 'A dog.' },
  ];
  const { rows } = await readRows(file('d.json', [{ video: 'a', conversations }]));
  assert.deepEqual(
    rows[0]!.turns.map((t) => t.role),
    ['system', 'user', 'assistant', 'user', 'assistant'],
  );
  assert.equal(rows[0]!.turns[0]!.content, 'Be brief.');
});

test('<video> goes with one line break on each side, as 2U1 has it', async () => {
  for (const [value, content] of [
    ['<video>\nWhat?', 'What?'],
    ['What?\n<video>', 'What?'],
    ['Look:\n<video>\nWhat?', 'Look:What?'],
    ['\n\n<video>\n\nWhat?', '\n\nWhat?'],
    ['<video>What?', 'What?'],
    ['What?', 'What?'],
    ['a video', 'a video'],
  ]) {
    const { rows } = await readRows(
      file('e.json', [{ video: 'a', conversations: [{ from: 'human', value }, TURNS[1]] }]),
    );
    assert.equal(plainText(rows[0]!.turns[0]!), content, JSON.stringify(value));
  }
});

test('paths: relative to the data file, or to the folder of media; absolute ones as they are', async () => {
  const path = file('f.json', [
    { video: 'x/../a.mp4', conversations: TURNS },
    { video: '/b.mp4', conversations: TURNS },
  ]);
  assert.deepEqual(
    (await readRows(path)).rows.map((r) => r.video),
    [join(dir, 'a.mp4'), '/b.mp4'],
  );
  assert.deepEqual(
    (await readRows(path, '/media')).rows.map((r) => r.video),
    ['/media/a.mp4', '/b.mp4'],
  );
});

test('caption rows: MotionBench-Train and generic ones answer the caption prompt; conversations stay as they are', async () => {
  const caption = 'A dog jumps.';
  const turns = (question: string) => [
    { role: 'user', content: `<video>${question}` },
    { role: 'assistant', content: caption },
  ];
  for (const sample of [
    { video_path: 'a.mp4', motion_caption: caption },
    { id: 'row-1', video: 'a.mp4', caption },
    { id: 'row-1', videos: ['a.mp4'], text: caption },
  ]) {
    const path = file('caption.jsonl', lines(sample));
    const expected = { id: 'row-1', video: join(dir, 'a.mp4'), caption, line: 1 };
    assert.deepEqual((await readRows(path)).rows, [{ ...expected, turns: turns(CAPTION_PROMPT) }]);
    assert.deepEqual((await readRows(path, dir, 'What moves?')).rows, [{ ...expected, turns: turns('What moves?') }]);
  }
  const both = { video: 'a.mp4', caption: 'A pet.', conversations: TURNS };
  const { rows } = await readRows(file('caption.json', [both]));
  assert.deepEqual([rows[0]!.turns, rows[0]!.caption], [EXPECTED, 'A pet.']);
  const { bad } = await readRows(
    file('caption.json', [
      both,
      { video: 'a', caption: ' ' },
      { video: 'a', caption: 5 },
      { caption },
      { video: 'a', caption: null },
    ]),
  );
  assert.equal(bad.length, 4);
  for (const [i, reason] of [/is empty/, /is no text/, /names no video/, /no conversation.*no caption/].entries())
    assert.match(bad[i]!.reason, reason);
});

test('malformed rows are set apart with line and reason; the others are used', async () => {
  const good = { video: 'a', conversations: TURNS };
  const two = { ...good, conversations: [{ from: 'human', value: '<video><video>Which?' }, TURNS[1]] };
  const MALFORMED: [unknown, RegExp][] = [
    ['{"video": ', /not valid JSON/],
    ['null', /not an object/],
    ['3', /not an object/],
    [{ conversations: TURNS }, /1 <video> tags but names 0 videos/],
    [{ video: '', conversations: TURNS }, /names no video/],
    [{ videos: [], conversations: TURNS }, /1 <video> tags but names 0 videos/],
    [{ video: 7, conversations: TURNS }, /names no video/],
    [{ videos: ['a', 'b'], conversations: TURNS }, /1 <video> tags but names 2 videos/],
    [{ videos: [[]], conversations: TURNS }, /a video without frames/],
    [{ videos: [['1.png', 5]], conversations: TURNS }, /names no video/],
    [
      { video: 'a', images: ['b.png', 'c.png'], conversations: [{ from: 'human', value: '<image>?' }, TURNS[1]] },
      /1 <image> tags but names 2 images/,
    ],
    [{ video: 'a', audios: ['x.wav'], conversations: TURNS }, /names audio/],
    ...[[2, 1], [1], 'x', [0, 'y'], [-1, 2]].map(
      (clip) => [{ video: 'a', clip, conversations: TURNS }, /clip is not/] as [unknown, RegExp],
    ),
    [{ videos: [['1.png']], clip: [0, 1], conversations: TURNS }, /clip wants exactly one video file/],
    [{ video: 'a', messages: MESSAGES.map((m) => ({ ...m, loss: false })) }, /none of its answers is learned/],
    [{ video: 'a', messages: [MESSAGES[0], { ...MESSAGES[1], loss_scale: -1 }] }, /loss_scale/],
    [{ video: 'a', query: 'Q', response: 'A', history: [['x']] }, /history is no list/],
    [{ video: 'a', conversation: [{ human: 'x' }] }, /is no text/],
    [two, /2 <video> tags/],
    [{ video: 'a' }, /no conversation/],
    [{ video: 'a', conversations: [] }, /no conversation/],
    [{ video: 'a', conversations: 'Hi' }, /no conversation/],
    [{ video: 'a', conversations: [null] }, /turn 1 is no object/],
    [{ video: 'a', conversations: [{ from: 'robot', value: 'x' }] }, /turn 1 has the role "robot"/],
    [
      { video: 'a', conversations: [{ from: 'constructor', value: 'x' }, TURNS[1]] },
      /turn 1 has the role "constructor"/,
    ],
    [{ video: 'a', conversations: [{ from: 'human', value: 5 }] }, /turn 1 \(human\) has no text/],
    [{ video: 'a', conversations: [TURNS[0]] }, /no turn is an answer/],
  ];
  const { rows, bad } = await readRows(file('g.jsonl', lines(good, ...MALFORMED.map(([row]) => row), good)));
  assert.deepEqual(
    rows.map((r) => r.line),
    [1, MALFORMED.length + 2],
  );
  assert.deepEqual(
    bad.map((b) => b.line),
    MALFORMED.map((_, i) => i + 2),
  );
  for (const [i, [row, reason]] of MALFORMED.entries()) assert.match(bad[i]!.reason, reason, JSON.stringify(row));
  const list = await readRows(file('g.json', [good, 5, good]));
  assert.deepEqual(list.bad, [{ line: 2, reason: 'not an object' }]);
  assert.equal(list.rows.length, 2);
});

test('files without a usable row, broken JSON, absent files', async () => {
  const fails = (path: string, message: RegExp) =>
    assert.rejects(
      () => readRows(path),
      (e) => e instanceof UserError && e.code === 'ERR_DATA' && message.test(e.message) && e.message.includes(path),
    );
  await fails(
    file('h.json', [{ video: 'a' }, 3]),
    /no usable row \(2 are malformed\)\. The first: row 1, it has no conversation/,
  );
  await fails(file('h.json', ''), /no usable row \(0 are malformed\)\.$/);
  await fails(file('h.json', '[]'), /no usable row/);
  await fails(file('h.json', '[{"video": "a"},'), /not valid JSON/);
  await fails(join(dir, 'absent.json'), /cannot be read/);
  await fails(dir, /cannot be read/);
});
