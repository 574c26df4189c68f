import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { UserError } from '@motion-enhancer/support';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { absoluteSpec, type Row, readData } from '../rows.js';

const dir = temporaryFolder();
mkdirSync(join(dir, 'data'));

function file(name: string, content: unknown): string {
  const path = join(dir, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}
const read = async (...specs: string[]) => (await readData(specs)).rows;
const turnsOf = (rows: readonly Row[]) => rows.map(({ turns }) => turns.map(({ content }) => content));
const sample = (i: number) => ({
  video: `${i}.mp4`,
  conversations: [
    { from: 'human', value: `<video>\nWhat is ${i}?` },
    { from: 'gpt', value: `It is ${i}.` },
  ],
});
const samples = (n: number) => Array.from({ length: n }, (_, i) => sample(i));

test('several media stand where their tags are, images and videos in their own order; without tags before the question', async () => {
  const ask = async (value: string, media: object) =>
    (
      await read(
        file('media.json', [
          {
            ...media,
            conversations: [
              { from: 'human', value },
              { from: 'gpt', value: 'A.' },
            ],
          },
        ]),
      )
    )[0]!;
  const at = (name: string) => join(dir, name);
  const mixed = await ask('See <image> then <video> then <image>.', { image: ['a.png', 'b.png'], video: 'c.mp4' });
  assert.deepEqual(mixed.media, [
    { type: 'image', path: at('a.png') },
    { type: 'video', path: at('c.mp4') },
    { type: 'image', path: at('b.png') },
  ]);
  assert.equal(mixed.video, at('c.mp4'));
  const untagged = await ask('What?', { images: ['a.png'], videos: ['c.mp4'] });
  assert.equal(untagged.turns[0]!.content, '<image><video>What?');
  const frames = { type: 'video', paths: [at('1.jpg'), at('2.jpg')] };
  for (const media of [{ videos: [['1.jpg', '2.jpg']] }, { video: ['1.jpg', '2.jpg'] }])
    assert.deepEqual((await ask('<video>What?', media)).media, [frames]);
  assert.equal((await ask('<video><video>?', { videos: ['1.jpg', '2.jpg'] })).media!.length, 2, 'two tags: two videos');
  const llava = await ask('<image>\nWhat?', { video: 'c.mp4' });
  assert.deepEqual([llava.turns[0]!.content, llava.video], ['<video>\nWhat?', at('c.mp4')]);
  const text = await ask('Hello', {});
  assert.deepEqual([text.media, text.video], [[], '']);
});

test('ms-swift: query and response with history, instruction and input, ShareGPT pairs, parts, loss of single answers', async () => {
  const video = { videos: ['/a.mp4'] };
  const rows = await read(
    file(
      'swift.jsonl',
      [
        { ...video, system: 'Be brief.', query: 'Q2', response: 'A2', history: [['<video>Q1', 'A1']] },
        { ...video, instruction: 'Do', input: 'this', output: 'done' },
        {
          ...video,
          system: 's',
          conversation: [
            { human: '<video>Q', assistant: 'A' },
            { human: 'R', assistant: 'B' },
          ],
        },
        {
          messages: [
            {
              role: 'user',
              content: [
                { type: 'video', video: '/a.mp4' },
                { type: 'text', text: 'Q' },
              ],
            },
            { role: 'assistant', content: 'A', loss: false },
            { role: 'user', content: 'R' },
            { role: 'assistant', content: 'B', loss_scale: 0.5 },
          ],
        },
        { videos: [{ path: '/a.mp4' }], question: 'Q', chosen: 'good', rejected: 'bad' },
      ]
        .map((row) => JSON.stringify(row))
        .join('\n'),
    ),
  );
  assert.deepEqual(turnsOf(rows), [
    ['Be brief.', '<video>Q1', 'A1', 'Q2', 'A2'],
    ['<video>Do\nthis', 'done'],
    ['s', '<video>Q', 'A', 'R', 'B'],
    ['<video>Q', 'A', 'R', 'B'],
    ['<video>Q', 'good'],
  ]);
  for (const row of rows) assert.equal(row.video, '/a.mp4');
  assert.deepEqual(
    rows[3]!.turns.map(({ weight }) => weight),
    [undefined, 0, undefined, 0.5],
  );
});

test('tables: a head line, quoted cells, lists as JSON', async () => {
  const path = file(
    't.csv',
    '\uFEFFquery,response,videos,history\r\n"Say ""a"",\nplease",A,"[""/x.mp4""]",\r\nQ,B,/y.mp4,"[[""P"",""O""]]"\r\n',
  );
  const rows = await read(path);
  assert.deepEqual(turnsOf(rows), [
    ['<video>Say "a",\nplease', 'A'],
    ['<video>P', 'O', 'Q', 'B'],
  ]);
  assert.deepEqual(
    rows.map(({ video }) => video),
    ['/x.mp4', '/y.mp4'],
  );
});

test('LLaMA-Factory: dataset_info.json with columns and tags', async () => {
  file('data/a.json', [{ instruction: '<video>Do', input: '', output: 'done', clips: ['v.mp4'], other: 1 }, { x: 1 }]);
  file(
    'data/b.jsonl',
    JSON.stringify({
      talk: [
        { who: 'me', said: '<video>Q' },
        { who: 'bot', said: 'A' },
      ],
      sys: 'S',
      videos: ['v.mp4'],
    }),
  );
  file('data/c.json', [
    {
      messages: [
        { role: 'user', content: '<video>Q' },
        { role: 'assistant', content: 'A' },
      ],
      videos: ['v.mp4'],
    },
  ]);
  const info = file('data/dataset_info.json', {
    alpaca: { file_name: 'a.json', columns: { videos: 'clips' } },
    share: {
      file_name: 'b.jsonl',
      formatting: 'sharegpt',
      columns: { messages: 'talk', system: 'sys', videos: 'videos' },
      tags: { role_tag: 'who', content_tag: 'said', user_tag: 'me', assistant_tag: 'bot' },
    },
    open: { file_name: 'c.json', formatting: 'openai', columns: { messages: 'messages', videos: 'videos' } },
    far: { hf_hub_url: 'org/name' },
  });
  const alpaca = await readData([`${info}:alpaca`]);
  assert.deepEqual(turnsOf(alpaca.rows), [['<video>Do', 'done']]);
  assert.equal(alpaca.rows[0]!.video, join(dir, 'data/v.mp4'));
  assert.deepEqual(
    alpaca.bad.map(({ line }) => line),
    [2],
  );
  assert.deepEqual(turnsOf(await read(`${info}:share`)), [['S', '<video>Q', 'A']]);
  assert.deepEqual(turnsOf(await read(`${info}:open`)), [['<video>Q', 'A']]);
  for (const [spec, message] of [
    [info, /describes 4 data sets.*:alpaca/],
    [`${info}:none`, /alpaca, share, open, far.*none/],
    [`${info}:far`, /nothing is fetched/],
  ] as const)
    await assert.rejects(
      () => read(spec),
      (e) => e instanceof UserError && e.code === 'ERR_DATA' && message.test(e.message),
    );
});

test('InternVL: meta JSON with roots, repeats and shares', async () => {
  file(
    'data/i.jsonl',
    samples(4)
      .map((row) => JSON.stringify(row))
      .join('\n'),
  );
  const meta = file('meta.json', {
    first: { root: 'clips/', annotation: 'data/i.jsonl', data_augment: false, repeat_time: 2, length: 4 },
    half: { root: '/far', annotation: 'data/i.jsonl', repeat_time: 0.5, length: 4 },
  });
  const { rows, sets } = await readData([meta]);
  assert.deepEqual(
    rows.map(({ video }) => video),
    [...[0, 1, 2, 3, 0, 1, 2, 3].map((i) => join(dir, `clips/${i}.mp4`)), '/far/0.mp4', '/far/1.mp4'],
  );
  assert.deepEqual(
    sets.map(({ name, rows: n, ids }) => [name, n, ids.length]),
    [
      ['first', 4, 8],
      ['half', 4, 2],
    ],
  );
  // The same ids for other videos: priors are found by id.
  assert.deepEqual(sets[1]!.ids, ['half/row-1', 'half/row-2']);
  assert.equal((await read(`${meta}:half`))[0]!.id, 'row-1');
});

test('mixtures: a share or a number of rows, drawn by the seed, with the ids that were taken', async () => {
  const a = file('a.json', samples(100));
  const b = file(
    'b.json',
    samples(10).map((row, i) => ({ ...row, id: `b${i}` })),
  );
  const take = (seed: number, ...specs: string[]) => readData(specs, { seed });
  const half = await take(3, `${a}%50`, `${b}#4`);
  assert.deepEqual(
    half.sets.map(({ asked, ids }) => [asked, ids.length]),
    [
      ['50%', 50],
      ['4', 4],
    ],
  );
  assert.deepEqual(
    half.sets.flatMap(({ ids }) => ids),
    half.rows.map(({ id }) => id),
  );
  assert.equal(new Set(half.sets[0]!.ids).size, 50, 'without replacement');
  assert.deepEqual(
    half.rows.map(({ line }) => line).slice(0, 50),
    half.rows
      .map(({ line }) => line)
      .slice(0, 50)
      .toSorted((x, y) => x - y),
  );
  assert.deepEqual((await take(3, `${a}%50`, `${b}#4`)).rows, half.rows, 'the same seed');
  assert.notDeepEqual((await take(4, `${a}%50`)).sets[0]!.ids, half.sets[0]!.ids, 'another seed');
  assert.deepEqual((await take(3, `${b}#4`, `${a}%50`)).sets[1]!.ids, half.sets[0]!.ids, 'whatever stands beside it');
  const more = (await take(3, `${b}#25`)).sets[0]!.ids;
  const counts = more.reduce((n, id) => n.set(id, (n.get(id) ?? 0) + 1), new Map<string, number>());
  assert.deepEqual([more.length, counts.size, ...new Set([...counts.values()].toSorted())], [25, 10, 2, 3]);
  const media = JSON.stringify({ annotation_path: b, data_path: '/root', percent: 30 });
  assert.deepEqual(
    (await take(3, media)).rows.map(({ video }) => video.slice(0, 6)),
    ['/root/', '/root/', '/root/'],
  );
});

test('entries that mean nothing, and entries made absolute', async () => {
  for (const spec of [
    'a.json%0',
    'a.json#0',
    '{"path": 3}',
    '{"path": "a", "what": 1}',
    '{',
    '{"path":"a%5","count":1}',
  ])
    await assert.rejects(
      () => readData([spec]),
      (e) => e instanceof UserError && e.code === 'ERR_VALUE',
      spec,
    );
  for (const [spec, before, tail] of [
    ['a.json%500x', 'a.json', '%500x'],
    ['d%/a.jsonl#1.5', 'd%/a.jsonl', '#1.5'],
    ['a.json%', 'a.json', '%'],
    ['a.json%50#5', 'a.json', '%50#5'],
    ['a.json#-5', 'a.json', '#-5'],
    ['info.json:one%x', 'info.json:one', '%x'],
    ['{"path":"a.json%x"}', 'a.json', '%x'],
  ] as const)
    await assert.rejects(() => readData([spec]), {
      code: 'ERR_VALUE',
      message: new RegExp(
        `in percent \\(${before}%50\\) or a number of rows \\(${before}#500\\) for data but received .*${tail} is neither`,
      ),
    });
  // Without a data file before it, it is a part of a name.
  for (const name of ['50%mix.json', '#3'])
    await assert.rejects(() => readData([name]), { code: 'ERR_DATA', message: /cannot be read/ });
  assert.equal(absoluteSpec('/x/a.json:b%5'), '/x/a.json:b%5');
  assert.equal(absoluteSpec('a.json#7'), `${process.cwd()}/a.json#7`);
  assert.deepEqual(JSON.parse(absoluteSpec('{"path":"a.json","media":"m","count":7}')), {
    path: join(process.cwd(), 'a.json'),
    media: join(process.cwd(), 'm'),
    count: 7,
  });
});
