import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { readData } from '../rows.js';
import { CASES } from '../video/test-videos.js';
import { splitList } from './split-json.js';

const dir = temporaryFolder();
const at = (name: string) => join(CASES, name);
const file = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(dir, name), content);
  return join(dir, name);
};
const turnsOf = async (path: string) =>
  (await readData([path])).rows.map(({ turns }) => turns.map(({ role, content }) => `${role}: ${content}`));
const reasons = async (path: string) => (await readData([path])).bad.map(({ line, reason }) => `${line}: ${reason}`);

test('video_start and video_end, of a row and of a part, are the part of the video that is meant', async () => {
  const { rows, sets } = await readData([at('video-start-end/vstart.json')]);
  const path = at('video-start-end/both.mkv');
  for (const row of rows) assert.deepEqual(row.media, [{ type: 'video', path, start: 1, end: 2 }]);
  assert.equal(rows.length, 2);
  assert.equal(sets[0]!.unused, undefined);
  const talk = {
    conversations: [
      { from: 'human', value: '<video><video>?' },
      { from: 'gpt', value: 'A' },
    ],
  };
  const two = { videos: ['a.mp4', 'b.mp4'], video_start: [0, '1.5'], video_end: [1, null], ...talk };
  const one = { videos: ['a.mp4'], question: 'Q', answer: 'A' };
  const wrong = [{ video_start: 2, video_end: 1 }, { video_start: 'x' }, { video_end: [1, 2] }, { video_start: -1 }];
  const made = await readData([file('v.json', JSON.stringify([two, ...wrong.map((span) => ({ ...one, ...span }))]))]);
  assert.deepEqual(made.rows[0]!.media, [
    { type: 'video', path: join(dir, 'a.mp4'), start: 0, end: 1 },
    { type: 'video', path: join(dir, 'b.mp4'), start: 1.5 },
  ]);
  for (const [i, reason] of [
    /video_end \(1\) is not after/,
    /video_start is no time/,
    /2 video_end for 1/,
    /no time/,
  ].entries())
    assert.match(made.bad[i]!.reason, reason);
});

test('a data file that is not UTF-8 is refused with byte and line', async () => {
  for (const [name, where] of [
    ['latin1.jsonl', 'byte 0xe4 at offset 123 \\(line 1\\)'],
    ['gbk.jsonl', 'byte 0xc3 at offset 74 \\(line 1\\)'],
    ['latin1.csv', 'byte 0xe4 at offset 36 \\(line 2\\)'],
  ] as const)
    await assert.rejects(readData([at(`non-utf8-data/${name}`)]), {
      code: 'ERR_DATA',
      message: new RegExp(`${name} is not UTF-8: ${where}.*iconv`),
    });
  const lines = `${JSON.stringify({ video: 'a.mp4', caption: 'größer €𝄞' })}\n`.repeat(30_000);
  assert.equal((await readData([file('long.jsonl', lines)])).rows.length, 30_000, 'characters across pieces');
  const cut = Buffer.from(lines);
  cut[cut.length - 40_000] = 0xff;
  const place = cut.length - 40_000;
  const line = cut.subarray(0, place).filter((byte) => byte === 10).length + 1;
  await assert.rejects(readData([file('late.jsonl', cut)]), {
    message: new RegExp(`byte 0x(ff|[ef][0-9a-f]|c3) at offset ${place}|at offset ${place - 1} \\(line ${line}\\)`),
  });
  await assert.rejects(readData([file('utf16.json', Buffer.from('\uFEFF[{"a":1}]', 'utf16le'))]), {
    message: /offset 0.*UTF-16LE/,
  });
  await assert.rejects(readData([file('end.jsonl', Buffer.from([0x7b, 0x7d, 0xc3]))]), { message: /0xc3 at offset 2/ });
});

test('NaN in one row costs that row, in a list as in lines', async () => {
  for (const name of ['nan.json', 'nan.jsonl']) {
    const { rows, bad } = await readData([at(`nan-json/${name}`)]);
    assert.deepEqual(
      [rows.map(({ id }) => id), bad.map(({ line, reason }) => [line, reason])],
      [['2'], [[1, 'not valid JSON, which has no NaN']]],
    );
  }
});

test('of ranking rows the chosen reply is the answer; the rejected one is said not to be used', async () => {
  for (const [spec, turns] of [
    [at('dpo-rows/rank.json'), ['user: <video>What?', 'assistant: good']],
    [at('dpo-rows/dataset_info.json:rank'), ['user: <video>What?', 'assistant: good']],
    [at('dpo-rows/dpo.json'), ['user: <video>\nDescribe.', 'assistant: good answer']],
    [at('dpo-rows/dpo_flat.json'), ['user: <video>\nDescribe.', 'assistant: good']],
  ] as const) {
    const { rows, sets } = await readData([spec]);
    assert.deepEqual(
      rows.map((row) => row.turns.map(({ role, content }) => `${role}: ${content}`)),
      [turns],
      spec,
    );
    assert.deepEqual(sets[0]!.unused, { rejected: 1 }, spec);
  }
  const asked = [{ role: 'user', content: '<video>Q' }];
  const reply = (content: string) => ({ role: 'assistant', content });
  const made = file(
    'rank.jsonl',
    [
      { video: 'a.mp4', messages: asked, chosen: [reply('A')], rejected: [reply('B')] },
      { video: 'a.mp4', messages: asked, chosen: 'A', rejected: 'B' },
      { video: 'a.mp4', prompt: asked, completion: [reply('A')] },
      { video: 'a.mp4', prompt: '<video>Q', chosen: [reply('A')] },
      { video: 'a.mp4', instruction: '<video>Q', chosen: 'A', rejected: 'B' },
      { video: 'a.mp4', question: '<video>Q', chosen: reply('A') },
      { video: 'a.mp4', messages: [...asked, reply('A')], chosen: reply('C') },
    ]
      .map((row) => JSON.stringify(row))
      .join('\n'),
  );
  assert.deepEqual(await turnsOf(made), Array(6).fill(['user: <video>Q', 'assistant: A']));
  assert.match((await reasons(made)).join(), /^7: it has an answer and chosen/);
});

test('<video> and <image> as plain text of an answer are left untouched; media stand before the question', async () => {
  for (const [name, question, answer] of [
    ['video', 'Which HTML tag embeds a clip?', 'Use the <video> element.'],
    ['image', 'Which HTML tag shows a picture?', 'The <image> element is not standard; use img.'],
  ])
    assert.deepEqual(await turnsOf(at(`literal-tag-in-answer/literal_${name}_answer.json`)), [
      [`user: <video>${question}`, `assistant: ${answer}`],
    ]);
});

test('system_prompt is used; tools and fields that mean nothing here are said not to be', async () => {
  assert.deepEqual(await turnsOf(at('system-prompt-tools/system_prompt.json')), [
    ['system: Answer in French.', 'user: <video>\nWhat?', 'assistant: ok'],
  ]);
  const row = {
    video: 'a.mp4',
    messages: [
      { role: 'user', content: [{ type: 'video', max_pixels: 9 }, 'Q'] },
      { role: 'assistant', content: 'A', name: 'x' },
    ],
    tools: '[]',
    length: 3,
    height: null,
  };
  const { sets } = await readData([file('tools.jsonl', `${JSON.stringify(row)}\n${JSON.stringify(row)}`)]);
  assert.deepEqual(sets[0]!.unused, { tools: 2, length: 2, 'content.max_pixels': 2, 'messages.name': 2 });
});

test('turns of tools and turns without text are reported by role and turn', async () => {
  assert.deepEqual(await reasons(at('tool-roles/tool.jsonl')), [
    '1: turn 2 has the role "tool_call", which is not read (human or user, gpt or assistant, system)',
  ]);
  assert.deepEqual(await reasons(at('tool-roles/none.jsonl')), [
    '1: turn 2 (assistant) has no text (value or content)',
  ]);
  assert.deepEqual(await reasons(at('tool-roles/missingvalue.json')), [
    '1: turn 2 (gpt) has no text (value or content)',
    '3: turn 2 (gpt) has no text (value or content)',
  ]);
  assert.deepEqual(
    await turnsOf(at('tool-roles/missingvalue.json')),
    [['user: <video>\nq', 'assistant: a']],
    'Human, GPT',
  );
});

test('parts of messages in the forms that people have', async () => {
  const forms = [
    [
      { type: 'video', video: '/a.mp4' },
      { type: 'text', text: 'Q' },
    ],
    [{ video: '/a.mp4' }, { text: 'Q' }],
    [{ type: 'video_url', video_url: { url: 'file:///a.mp4' } }, 'Q'],
    [{ type: 'video_url', video_url: '/a.mp4' }, 'Q'],
    [
      { type: 'video', path: '/a.mp4' },
      { type: 'text', text: 'Q' },
    ],
  ];
  const rows = forms.map((content) => ({
    messages: [
      { role: 'user', content },
      { role: 'assistant', content: [{ type: 'text', text: 'A' }] },
    ],
  }));
  const { rows: read, bad } = await readData([file('parts.json', JSON.stringify(rows))]);
  assert.deepEqual(
    [read.map(({ video, turns }) => [video, turns[0]!.content, turns[1]!.content]), bad],
    [Array(5).fill(['/a.mp4', '<video>Q', 'A']), []],
  );
  const odd = [
    {
      messages: [
        { role: 'user', content: 'Q' },
        { role: 'assistant', content: [{ type: 'video', video: 'a.mp4' }] },
      ],
    },
    {
      messages: [
        { role: 'user', content: [{ type: 'input_audio' }] },
        { role: 'assistant', content: 'A' },
      ],
    },
    { image: 'data:image/png;base64,AAAA', question: 'Q', answer: 'A' },
    { question: 'Q', answer: 'A' },
  ];
  assert.deepEqual(await reasons(file('odd.json', JSON.stringify(odd))), [
    '1: an answer names a video, which only questions may',
    '2: turn 1 (user) has no text (value or content)',
    '3: it holds its image within itself (a data: address). Write it into a file and name that',
  ]);
});

test('a folder of pictures is a video, its frames in natural order; file:// names a file', async () => {
  const [row] = (await readData([at('frames-folder/dir.json')])).rows;
  const paths = Array.from({ length: 8 }, (_, i) => at(`frames-folder/one/0000${i + 1}.png`));
  assert.deepEqual(row!.media, [{ type: 'video', paths }]);
  for (const name of ['clip', 'empty']) mkdirSync(join(dir, name));
  for (const name of ['frame10.png', 'frame2.png', 'frame1.PNG', '.hidden.png', 'notes.txt'])
    copyFileSync(paths[0]!, join(dir, 'clip', name));
  const text = JSON.stringify(['clip', 'empty', 'none'].map((video) => ({ video, caption: 'c' })));
  const { rows, bad } = await readData([file('folders.json', text)]);
  assert.deepEqual(rows[0]!.media, [
    { type: 'video', paths: ['frame1.PNG', 'frame2.png', 'frame10.png'].map((name) => join(dir, 'clip', name)) },
  ]);
  assert.match(bad[0]!.reason, /empty as a video, which holds no pictures/);
  assert.equal(rows[1]!.video, join(dir, 'none'), 'what is not there is told when it is read');
  const url = readFileSync(at('file-url/path1.json'), 'utf8').replace('file:///FOLDER/', `${pathToFileURL(dir).href}/`);
  assert.equal((await readData([file('url.json', url)])).rows[0]!.video, join(dir, 'a.mp4'));
});

test('ids are the JSON’s own characters', async () => {
  const row = (id: string) => `{"id": ${id}, "video": "a.mp4", "caption": "says \\"id\\": 12345678901234567890, not"}`;
  const ids = ['9007199254740993', '-12345678901234567890', '7', '"x"', 'null'];
  const { rows } = await readData([file('ids.jsonl', ids.map(row).join('\n'))]);
  assert.deepEqual(
    rows.map(({ id }) => id),
    ['9007199254740993', '-12345678901234567890', '7', 'x', 'row-5'],
  );
  assert.equal(rows[0]!.caption, 'says "id": 12345678901234567890, not');
});

for (const codec of ['none', 'snappy', 'gzip', 'brotli', 'zstd', 'lz4'])
  test(`parquet with ${codec}`, async () => {
    const { rows, sets } = await readData([at(`tables/${codec}.parquet`)]);
    assert.deepEqual(
      rows.map(({ id, video, turns }) => [id, video, turns[0]!.content, turns[1]!.content.length]),
      Array.from({ length: 12 }, (_, i) => [
        String(9007199254740993n + BigInt(i)),
        at('tables/a.mp4'),
        `<video>Wie groß ist ${i}?`,
        `Größe ${i} – ja. `.length * 8,
      ]),
    );
    assert.deepEqual(sets[0]!.unused, { score: 6 });
  });

test('a damaged parquet file is a mistake of the user, wherever it is damaged; pictures within it are reported', async () => {
  const whole = readFileSync(at('tables/zstd.parquet'));
  let refused = 0;
  for (let trial = 0; trial < 150; trial++) {
    const bytes = Buffer.from(whole);
    if (trial % 3 === 0) bytes.fill(0, (trial * 17) % bytes.length, (trial * 17 + 40) % bytes.length || bytes.length);
    else for (let k = 0; k < 4; k++) bytes[(trial * 7919 + k * 104_729) % bytes.length]! ^= 1 << (trial % 8);
    const path = file('bad.parquet', trial % 5 === 4 ? bytes.subarray(0, (trial * 53) % bytes.length) : bytes);
    await readData([path]).catch((error: Error & { code?: string }) => {
      assert.deepEqual([error.name, error.code], ['UserError', 'ERR_DATA'], error.stack);
      refused++;
    });
  }
  assert.ok(refused > 50, `${refused}`);
  await assert.rejects(readData([at('tables/within.parquet')]), {
    code: 'ERR_DATA',
    message: /holds its image within itself \(bytes\)/,
  });
});

test('gzip: lists, lines and tables; a cut one is reported', async () => {
  const row = { video: 'a.mp4', question: 'Q', answer: 'A' };
  for (const [name, text] of [
    ['l.json.gz', JSON.stringify([row])],
    ['l.jsonl.gz', JSON.stringify(row)],
    ['l.csv.gz', 'video,question,answer\na.mp4,Q,A'],
    ['l.tsv.gz', 'video\tquestion\tanswer\na.mp4\tQ\tA'],
    ['hidden.json', JSON.stringify([row])],
  ] as const) {
    const { rows, sets } = await readData([file(name, gzipSync(text))]);
    assert.deepEqual([rows.length, rows[0]!.turns[1]!.content, sets[0]!.name], [1, 'A', name.split('.')[0]]);
  }
  const cut = gzipSync(JSON.stringify([row])).subarray(0, 30);
  await assert.rejects(readData([file('cut.json.gz', cut)]), { code: 'ERR_DATA', message: /damaged gzip/ });
});

test('a list is split into the same elements wherever its pieces end', async () => {
  const values = [{ a: '[,]"\\"}\\\\' }, [1, [2, {}]], 'x,y', 3, null, { b: { c: ['é', '𝄞'] } }];
  const bytes = Buffer.from(` \n${JSON.stringify(values, null, 2)}\n `);
  for (const size of [1, 2, 3, 7, 1000]) {
    async function* pieces() {
      for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
    }
    const found: unknown[] = [];
    for await (const piece of splitList(pieces())) found.push(JSON.parse(piece.bytes.toString()));
    assert.deepEqual(found, values, `pieces of ${size}`);
  }
  for (const text of ['[1, 2', '[1] 2', '[1]]', '[{"a": "b}]', '[1][2]'])
    await assert.rejects(
      readData([file('broken.json', text)]),
      { code: 'ERR_DATA', message: /is not valid JSON: its? / },
      text,
    );
});

test('only regular files are read', { timeout: 20_000 }, async () => {
  execFileSync('mkfifo', [join(dir, 'pipe.json')]);
  for (const path of [join(dir, 'pipe.json'), '/dev/zero', join(dir, 'clip')])
    await assert.rejects(readData([path]), {
      code: 'ERR_DATA',
      message: /cannot be read: it is (not a regular file|a directory)/,
    });
});
