import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadQwen2Tokenizer } from './load-qwen2.js';
import { preTokenizerPattern, QWEN2_PATTERN } from './pre-tokenizer-pattern.js';
import { readBytePairFiles } from './read-byte-pair-files.js';
import { fixture, fixtureJson, type GoldenCase, internvl3Fixture, randomText } from './test-fixtures.js';

const cases: GoldenCase[] = fixtureJson('tokenizers/qwen2.json');
const golden = fixtureJson('goldens/tokens_qwen2.json');

test('ids equal the goldens; a folder of vocab.json and merges.txt has the added tokens of Qwen2.5', () => {
  const tokenizer = loadQwen2Tokenizer(fixture('tokenizers/qwen2'));
  for (const { text, ids } of golden.qwen2_5) assert.deepEqual(tokenizer.encode(text).ids, ids, text);
  for (const { text, ids } of golden.internvl3) assert.deepEqual(internvl3Fixture().encode(text).ids, ids, text);
  for (const [group, special] of [
    ['added_special', true],
    ['added_nonspecial', false],
  ] as const) {
    for (const [content, id] of Object.entries<number>(golden[group])) {
      assert.deepEqual(tokenizer.encode(content), { ids: [id], spans: [[0, content.length]], special: [special] });
      assert.equal(tokenizer.idToToken(id), content);
    }
  }
  assert.deepEqual([tokenizer.padId, tokenizer.eosId, tokenizer.vocabSize], [151643, 151645, 151665]);
});

test('ids equal transformers on 300 random strings; spans too, but for combining characters', () => {
  assert.equal(cases.length, 300);
  for (const [text, ids, upstream] of cases) {
    const encoding = internvl3Fixture().encode(text);
    assert.deepEqual(encoding.ids, ids, JSON.stringify(text));
    // What NFC leaves alone has exactly the same spans; what it composes spans all its parts (upstream: the first).
    if (text.normalize('NFC') === text) assert.deepEqual(encoding.spans.flat(), upstream, JSON.stringify(text));
    for (const [i, [start, end]] of encoding.spans.entries()) {
      assert.ok(start <= upstream![2 * i]! && end >= upstream![2 * i + 1]!, JSON.stringify([text, i]));
    }
  }
});

test('a token of whole characters decodes to the text of its span', () => {
  const tokenizer = internvl3Fixture();
  for (let i = 0; i < 200; i++) {
    const text = randomText(8).normalize('NFC').toString();
    const { ids, spans } = tokenizer.encode(text);
    assert.equal(tokenizer.decode(ids), Buffer.from(text).toString());
    let end = 0;
    for (const [j, id] of ids.entries()) {
      const [start, stop] = spans[j]!;
      // No gap: a token starts where the last one ended, or inside a character that both share.
      assert.ok(start <= end && stop >= end && stop > start, JSON.stringify(text));
      end = stop;
      const decoded = tokenizer.decode([id]);
      const source = Buffer.from(text.slice(start, stop)).toString();
      if (!decoded.includes('\ufffd')) assert.equal(decoded, source);
    }
    assert.equal(end, text.length);
  }
});

test('NFC: the span covers the letter and its marks', () => {
  const text = 'cafe\u0301 \u1112\u1161\u11ab';
  const { spans } = internvl3Fixture().encode(text);
  assert.ok(spans.some(([start, end]) => start <= 3 && end === 5));
  assert.deepEqual(internvl3Fixture().encode(text).ids, internvl3Fixture().encode('café 한').ids);
  assert.equal(spans.at(-1)![1], text.length);
});

test('the streaming decoder holds back unfinished characters', () => {
  const tokenizer = internvl3Fixture();
  const text = 'run 🏃‍♂️💨 你好 ☃';
  const { ids } = tokenizer.encode(text);
  const decoder = tokenizer.createDecoder();
  const parts = ids.map((id) => decoder.push(id));
  assert.equal(parts.join('') + decoder.end(), text);
  assert.ok(parts.includes('') && !parts.join('').includes('\ufffd'));
  decoder.push(tokenizer.encode('𓀀').ids[0]!);
  assert.equal(decoder.end(), '\ufffd');
  const chat = tokenizer.encode('<|im_start|>user\nhi<|im_end|>').ids;
  assert.equal(tokenizer.decode(chat), '<|im_start|>user\nhi<|im_end|>');
  assert.equal(tokenizer.decode(chat, { skipSpecialTokens: true }), 'user\nhi');
});

test('tokenizer.json gives the same as vocab.json and merges.txt', () => {
  const { ids, lefts, rights } = readBytePairFiles(fixture('tokenizers/qwen2'));
  const { addedTokens } = internvl3Fixture();
  const dir = mkdtempSync(join(tmpdir(), 'tokenizer-'));
  try {
    for (const pairs of [true, false]) {
      const json = {
        added_tokens: addedTokens.map(({ id, content, special }) => ({ id, content, special, normalized: false })),
        normalizer: { type: 'NFC' },
        pre_tokenizer: {
          type: 'Sequence',
          pretokenizers: [
            { type: 'Split', pattern: { Regex: QWEN2_PATTERN }, behavior: 'Isolated', invert: false },
            { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
          ],
        },
        model: {
          type: 'BPE',
          vocab: Object.fromEntries(ids),
          merges: lefts.map((left, i) => (pairs ? [left, rights[i]] : `${left} ${rights[i]}`)),
        },
      };
      writeFileSync(join(dir, 'tokenizer.json'), JSON.stringify(json));
      const tokenizer = loadQwen2Tokenizer(dir);
      assert.deepEqual(
        tokenizer.addedTokens.map(({ id }) => id),
        addedTokens.map(({ id }) => id),
      );
      for (const [text] of cases.slice(0, 100))
        assert.deepEqual(tokenizer.encode(text), internvl3Fixture().encode(text));
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test("the pattern's letter case and white space are Unicode's, as in Oniguruma", () => {
  const words = (text: string) => [...text.matchAll(preTokenizerPattern(QWEN2_PATTERN))].map(([word]) => word);
  assert.deepEqual(words("it'S we'LL x'\u017fy"), ['it', "'S", ' we', "'LL", ' x', "'\u017f", 'y']);
  // U+0085 is a blank, U+FEFF is none (JavaScript's \\s says the opposite).
  assert.deepEqual(words('a\u0085 b'), ['a', '\u0085', ' b']);
  assert.deepEqual(words('a \ufeff!'), ['a', ' \ufeff!']);
});

test('ids of transformers for those', () => {
  const ids = (text: string) => internvl3Fixture().encode(text).ids;
  assert.deepEqual(ids("it'\u017f ok"), [275, 6, 144815, 5394]);
  assert.deepEqual(ids("IT'S we'LL"), [952, 13272, 582, 6, 4086]);
  assert.deepEqual(ids('x\u0085y\ufeffz  \u0085 q'), [87, 126, 227, 88, 3225, 89, 256, 126, 227, 2804]);
  assert.deepEqual(ids('Привет, мир'), [53645, 26991, 8178, 11, 137144]);
});
