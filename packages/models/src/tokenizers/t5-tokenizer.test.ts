import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { loadT5Tokenizer } from './load-t5.js';
import { fixture, fixtureJson, type GoldenCase, randomText, t5Fixture } from './test-fixtures.js';

const cases: GoldenCase[] = fixtureJson('tokenizers/t5.json');

test('ids equal the goldens of sentencepiece', () => {
  const golden = fixtureJson('goldens/tokens_t5.json');
  assert.ok(golden.cases.length >= 6);
  for (const { text, ids_sentencepiece_plus_eos, ids_hf_fast } of golden.cases) {
    assert.deepEqual(t5Fixture().encode(text).ids, ids_sentencepiece_plus_eos, text);
    assert.deepEqual(t5Fixture().encode(text).ids, ids_hf_fast, text);
  }
});

test('ids equal upstream on 300 random strings', () => {
  assert.equal(cases.length, 300);
  for (const [text, ids] of cases) assert.deepEqual(t5Fixture().encode(text).ids, ids, JSON.stringify(text));
});

test('spans equal transformers, but for deleted and combining characters and blanks beside sentinels', () => {
  let equal = 0;
  let all = 0;
  let slipped = 0;
  for (const [text, , upstream] of cases) {
    if (upstream === null) continue;
    for (const [i, [start, end]] of t5Fixture().encode(text).spans.entries()) {
      const [from, to]: [number, number] = [upstream[2 * i]!, upstream[2 * i + 1]!];
      all++;
      if (start === from && end === to) equal++;
      // nmt_nfkc deletes control characters and upstream leaves marks out of spans: there they slip to a neighbour.
      else if (/[\p{Cc}\p{M}]/u.test(text)) slipped++;
      // A sentinel's span is the sentinel; upstream adds the blanks that lstrip and rstrip swallow.
      else if (text.slice(start, end).startsWith('<extra_id')) {
        assert.equal(text.slice(from, to).trim(), text.slice(start, end));
      }
      // The vowels and finals of a Hangul syllable belong to its span; upstream leaves them out.
      else assert.ok(start <= from && end >= to, JSON.stringify([text, i, start, end, from, to]));
    }
  }
  assert.ok(slipped / all < 0.05, `slipped: ${slipped} of ${all}`);
  assert.ok(equal / all > 0.95, `${equal} of ${all}`);
});

test('tokenizer.json of T5 v1.1 gives the ids and spans of spiece.model', () => {
  const json = gunzipSync(readFileSync(fixture('tokenizers/t5-v1_1-xxl/tokenizer.json.gz'))).toString('utf8');
  const other = loadT5Tokenizer(fixture('tokenizers/t5-v1_1-xxl'), { tokenizerJson: JSON.parse(json) });
  assert.equal(other.vocabSize, t5Fixture().vocabSize);
  assert.deepEqual([other.padId, other.eosId, other.unkId], [0, 1, 2]);
  for (const [text] of cases) assert.deepEqual(other.encode(text), t5Fixture().encode(text), JSON.stringify(text));
});

test('padding and truncation to 226 keep the end mark', () => {
  const tokenizer = t5Fixture();
  for (const text of ['', 'a panda', 'word '.repeat(500)]) {
    const free = tokenizer.encode(text);
    const fixed = tokenizer.encode(text, { maxLength: 226, padToMaxLength: true });
    assert.equal(fixed.ids.length, 226);
    assert.equal(fixed.spans.length, 226);
    const kept = Math.min(free.ids.length - 1, 225);
    assert.deepEqual(fixed.ids.slice(0, kept), free.ids.slice(0, kept));
    assert.equal(fixed.ids[kept], 1);
    assert.ok(fixed.ids.slice(kept + 1).every((id) => id === 0));
    assert.deepEqual([...new Set(fixed.special.slice(kept))], [true]);
  }
  assert.deepEqual(tokenizer.encode('', { addSpecialTokens: false }).ids, []);
  assert.throws(() => tokenizer.encode('a', { maxLength: 0 }), { code: 'ERR_VALUE' });
  assert.throws(() => tokenizer.encode('a', { padToMaxLength: true }), { code: 'ERR_VALUE' });
});

test('sentinels: <extra_id_n> is 32099 - n, found inside text, blanks around it swallowed', () => {
  const tokenizer = t5Fixture();
  for (const n of [0, 7, 99]) assert.equal(tokenizer.tokenToId(`<extra_id_${n}>`), 32099 - n);
  const text = 'a <extra_id_3> b';
  const { ids, spans, special } = tokenizer.encode(text);
  assert.deepEqual(ids, [3, 9, 32096, 3, 115, 1]);
  assert.equal(text.slice(...spans[2]!), '<extra_id_3>');
  assert.deepEqual(special, [false, false, true, false, false, true]);
});

test('a control piece spelled by normalisation stays text', () => {
  assert.ok(!t5Fixture().encode('＜/s＞', { addSpecialTokens: false }).ids.includes(1));
});

test('spans of any text: in order, inside, no blanks at the ends, none empty', () => {
  for (let i = 0; i < 200; i++) {
    const text = randomText(8);
    const { spans, special } = t5Fixture().encode(text);
    let last = 0;
    for (const [j, [start, end]] of spans.entries()) {
      if (special[j]) continue;
      assert.ok(last <= start && start < end && end <= text.length, JSON.stringify(text));
      assert.ok(!/^[ \n\t]|[ \n\t]$/.test(text.slice(start, end)), JSON.stringify(text));
      last = start;
    }
  }
});

test('a changed character spans what it came from', () => {
  const spanTexts = (text: string) =>
    t5Fixture()
      .encode(text, { addSpecialTokens: false })
      .spans.map(([start, end]) => text.slice(start, end));
  assert.deepEqual(spanTexts('ﬁx'), ['ﬁx']);
  assert.deepEqual(spanTexts('  Ｄog   e\u0301'), ['Ｄog', 'e\u0301', 'e\u0301']);
  // The zero-width joiner is a blank to nmt_nfkc.
  assert.deepEqual(spanTexts('a \u{1f3c3}\u200d\u2642\ufe0f'), [
    'a',
    'a',
    '\u{1f3c3}',
    '\u{1f3c3}',
    '\u2642',
    '\u2642\ufe0f',
  ]);
});

test('decode undoes encode for plain text', () => {
  const text = "The camera pans left, then zooms in on the dog's toys.";
  const { ids } = t5Fixture().encode(text);
  assert.equal(t5Fixture().decode(ids, { skipSpecialTokens: true }), text);
  assert.equal(t5Fixture().decode(ids), `${text}</s>`);
  assert.throws(() => t5Fixture().decode([40000]), { code: 'ERR_TOKENIZER' });
});
