import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadTokenizer, wordSpans } from '@motion-enhancer/models';
import { fixture } from '@motion-enhancer/support/testing';
import { type Chat, placeWords } from './words.js';

const VIDEO = '<video>';

/** Tokens of at most `size` characters, cut at blanks; the video is three tokens that share its span. */
function fakeChat(text: string, size = 4): Chat {
  const spans: [number, number][] = [];
  let afterVideo = 0;
  for (const { 0: piece, index } of text.matchAll(/<video>|\s*[^\s<]+|\s+|</g)) {
    if (piece === VIDEO) {
      for (let i = 0; i < 3; i++) spans.push([index, index + piece.length]);
      afterVideo = spans.length;
    } else
      for (let at = 0; at < piece.length; at += size)
        spans.push([index + at, index + Math.min(at + size, piece.length)]);
  }
  return { text, spans, afterVideo };
}

const wordsOf = (text: string) => wordSpans(text).map(([start, end]) => ({ text: text.slice(start, end), start, end }));

/** What stands under the tokens of each placed word, and where the word was found. */
function found(priorText: string, chat: Chat): [word: string, characters: string, at: number][] {
  const words = wordsOf(priorText);
  return placeWords(priorText, words, chat).map(({ index, tokens }) => {
    const spans = tokens.map((t) => chat.spans[t]!);
    return [words[index]!.text, spans.map(([a, b]) => chat.text.slice(a, b)).join(''), spans[0]![0]];
  });
}

test('the text stands in the chat as a whole: spans shift with it', () => {
  const chat = fakeChat(`system ${VIDEO}What happens? the dog jumps twice`);
  const at = chat.text.indexOf('the dog');
  assert.deepEqual(found('the dog jumps', chat), [
    ['the', ' the', at - 1],
    ['dog', ' dog', at + 3],
    ['jumps', ' jumps', at + 7],
  ]);
});

test('the last whole one counts: the answer, not the question that repeats it', () => {
  const chat = fakeChat(`${VIDEO}does a dog jump? yes: a dog jump and more`);
  const answer = chat.text.lastIndexOf('a dog jump');
  assert.deepEqual(
    found('a dog jump', chat).map(([, , at]) => at),
    [answer - 1, answer + 1, answer + 5],
  );
});

test('a word of several tokens has all of them; a token may belong to two words', () => {
  const chat = fakeChat(`${VIDEO} somersaulting now`, 4);
  const [placed] = placeWords('somersaulting', wordsOf('somersaulting'), chat);
  assert.deepEqual(placed!.tokens, [3, 4, 5, 6]);
  const joined: Chat = {
    text: `${VIDEO}up-down`,
    spans: [
      [0, 7],
      [7, 14],
    ],
    afterVideo: 1,
  };
  assert.deepEqual(
    placeWords(
      'up/down',
      [
        { text: 'up', start: 0, end: 2 },
        { text: 'down', start: 3, end: 7 },
      ],
      { ...joined, text: `${VIDEO}up/down` },
    ),
    [
      { index: 0, tokens: [1] },
      { index: 1, tokens: [1] },
    ],
  );
});

test('the text is absent: the k-th occurrence of a word there is the k-th after the video, whatever its case', () => {
  const prior = 'dog chases dog and cat';
  const chat = fakeChat(`dog cat ${VIDEO} Dog one, a dog two, the cat.`);
  assert.deepEqual(
    found(prior, chat),
    [
      ['dog', ' Dog', chat.text.indexOf(' Dog')],
      ['dog', ' dog', chat.text.lastIndexOf(' dog')],
      ['cat', ' cat', chat.text.lastIndexOf(' cat')],
    ].map(([w, , at]) => [w, chat.text.slice(at as number, (at as number) + 4), at] as [string, string, number]),
  );
  // A third occurrence in the prior has no partner.
  assert.equal(found('dog, dog, dog', chat).length, 2);
});

test('a word counts as a whole word only', () => {
  assert.deepEqual(found('cat', fakeChat(`${VIDEO} concatenate cats`)), []);
  // Also when it is the text: "run" is not in "running", "a man" not in "a mango".
  assert.deepEqual(found('run', fakeChat(`${VIDEO} running`)), []);
  assert.deepEqual(
    found('a man', fakeChat(`${VIDEO} a mango`)).map(([word]) => word),
    ['a'],
  );
  assert.deepEqual(
    found('man runs', fakeChat(`${VIDEO} a woman runs`)).map(([word]) => word),
    ['runs'],
  );
  const chat = fakeChat(`${VIDEO} run, then running`);
  assert.deepEqual(
    found('run', chat).map(([, , at]) => at),
    [chat.text.indexOf(' run')],
  );
});

test('words before the video are dropped, and do not hide those after it', () => {
  assert.deepEqual(found('the dog', fakeChat(`the dog ${VIDEO} what?`)), []);
  const chat = fakeChat(`the dog ${VIDEO} a small dog`);
  assert.deepEqual(
    found('the dog', chat).map(([word, , at]) => [word, at]),
    [['dog', chat.text.lastIndexOf(' dog')]],
  );
  assert.deepEqual(
    placeWords('x', wordsOf('x'), {
      text: `x${VIDEO}`,
      spans: [
        [0, 1],
        [1, 8],
      ],
      afterVideo: 2,
    }),
    [],
  );
});

test('no words, no text', () => {
  assert.deepEqual(placeWords('', [], fakeChat(`${VIDEO}a`)), []);
  assert.deepEqual(placeWords('a b', [], fakeChat(`${VIDEO}a b`)), []);
});

const tokenizer = loadTokenizer(fixture('tokenizers/qwen2'));

/** As the trainer sees it: one video pad stands for all of its tokens in the text. */
function qwenChat(question: string, answer: string, system = 'You are a helpful assistant.', pads = 5): Chat {
  const text = `<|im_start|>system\n${system}<|im_end|>\n<|im_start|>user\n<|vision_start|><|video_pad|><|vision_end|>${question}<|im_end|>\n<|im_start|>assistant\n${answer}<|im_end|>\n`;
  const encoding = tokenizer.encode(text);
  const pad = tokenizer.tokenToId('<|video_pad|>');
  const spans = encoding.ids.flatMap((id, i) =>
    new Array<[number, number]>(id === pad ? pads : 1).fill(encoding.spans[i]!),
  );
  return { text, spans, afterVideo: encoding.ids.indexOf(pad!) + pads };
}

test('Qwen2’s tokenizer: every word of the answer is under its tokens', () => {
  for (const answer of [
    'A gymnast somersaults over the vaulting-horse, twice.',
    'Ein Mädchen läuft – sehr schnell – über die Straße.',
    'Une étoile filante traverse l’écran à 12.5 km/s 🌠 puis disparaît.',
    'Кошка прыгает на стол, 猫跳上桌子。',
    'naïve café: the 𝒅og 👨‍👩‍👧 barks', // combining marks, surrogate pairs
  ]) {
    const chat = qwenChat('What moves?', answer);
    const words = wordsOf(answer);
    const placed = placeWords(answer, words, chat);
    assert.deepEqual(
      placed.map((p) => p.index),
      words.map((_, i) => i),
      answer,
    );
    const offset = chat.text.indexOf(answer);
    for (const { index, tokens } of placed) {
      const { start, end } = words[index]!;
      assert.deepEqual(
        tokens,
        tokens.map((_, i) => tokens[0]! + i),
        'neighbouring tokens',
      );
      assert.ok(tokens[0]! >= chat.afterVideo);
      assert.ok(chat.spans[tokens[0]!]![0] <= start + offset && chat.spans[tokens.at(-1)!]![1] >= end + offset, answer);
      // No token too many: each overlaps the word.
      for (const t of tokens) assert.ok(chat.spans[t]![0] < end + offset && chat.spans[t]![1] > start + offset);
    }
  }
});

test('Qwen2’s tokenizer: a caption of its own is matched word by word, in question and answer', () => {
  const chat = qwenChat('Does the dog jump or run?', 'The dog runs and jumps; then the dog rests.', 'A dog expert.');
  const prior = 'Dog runs: the dog jumps, a dog sleeps';
  const words = wordsOf(prior);
  const starts = placeWords(prior, words, chat).map(({ index, tokens }) => [
    words[index]!.text,
    chat.text.slice(...chat.spans[tokens[0]!]!).trim(),
  ]);
  assert.deepEqual(starts, [
    ['Dog', 'dog'],
    ['runs', 'runs'],
    ['the', 'the'],
    ['dog', 'dog'],
    ['jumps', 'jumps'],
    ['dog', 'dog'],
  ]);
  const positions = placeWords(prior, words, chat)
    .filter(({ index }) => words[index]!.text.toLowerCase() === 'dog')
    .map((p) => p.tokens[0]!);
  assert.equal(new Set(positions).size, 3, 'three dogs in three places, none in the system prompt');
});
