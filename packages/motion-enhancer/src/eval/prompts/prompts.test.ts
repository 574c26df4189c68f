import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { UserError } from '@motion-enhancer/support';
import { fixture } from '@motion-enhancer/support/testing';
import { vlmFamilyById } from '../../vlm/families/table.js';
import { VIDEO_FIELDS } from '../../vlm/media/video-input.js';
import { benchmarks } from '../benchmarks/table.js';
import { judgeOf } from '../judges/index.js';
import { protocolLabel, protocolOf, protocols, recipeOf } from './index.js';

const PROTOCOLS = protocols();

const traitsOf = (family: string) => vlmFamilyById(family)!.traits;
const MODELS = ['qwen2_5_vl', 'internvl3'].map(traitsOf);

const golden = JSON.parse(readFileSync(fixture('evaluation/prompts.json'), 'utf8')) as {
  frameSeconds: number[];
  cases: { question: string; options: string[]; prompts: Record<string, string> }[];
};

test('prompts are what the authors’ and harnesses’ own code writes', () => {
  let checked = 0;
  for (const { question, options, prompts } of golden.cases)
    for (const [key, text] of Object.entries(prompts)) {
      const [benchmark, name, family = 'qwen2_5_vl'] = key.split('/') as [string, string, string?];
      const { prompt } = protocolOf(benchmark, name);
      assert.deepEqual(
        prompt({ question, options, frameSeconds: golden.frameSeconds }, traitsOf(family)),
        { text },
        key,
      );
      checked++;
    }
  assert.equal(checked, 3 * 11);
});

const shown = { question: 'Which?', options: ['Black.', 'Gray.'] };

test('Video-MME’s own prompt, with subtitles and without (README of BradyFU/Video-MME)', () => {
  const { prompt } = protocolOf('videomme', 'official');
  const plain =
    'Select the best answer to the following multiple-choice question based on the video. Respond with only the letter (A, B, C, or D) of the correct option.\nWhich?\nA. Black.\nB. Gray.\nThe best answer is:';
  assert.equal(prompt(shown, MODELS[0]!).text, plain);
  assert.equal(
    prompt({ ...shown, subtitles: 'Hi guys\nbye' }, MODELS[1]!).text,
    `This video's subtitles are listed below:\nHi guys\nbye\n${plain}`,
  );
});

test('lmms-eval says so where a video has no subtitles', () => {
  const { prompt } = protocolOf('videomme', 'lmms-eval');
  assert.match(
    prompt({ ...shown, subtitles: '' }, MODELS[0]!).text,
    /below: \nNo subtitles available\nSelect .*\nThe best answer is:$/s,
  );
});

test('what a file writes itself is quoted as it stands', () => {
  const written = { question: 'Which?\nA) Black.\nB) Gray.', options: ['A)Black', 'B)Gray'] };
  assert.match(
    protocolOf('motionbench', 'official').prompt({ ...shown, written }, MODELS[0]!).text,
    /^Which\?\nA\) Black/,
  );
  assert.match(
    protocolOf('videomme', 'official').prompt({ ...shown, written }, MODELS[0]!).text,
    /\nA\)Black\nB\)Gray\n/,
  );
  assert.match(protocolOf('motionbench', 'letter').prompt({ ...shown, written }, MODELS[0]!).text, /\nA\. Black\.\n/);
});

test('letters are those of the row', () => {
  const row = { ...shown, letters: ['P', 'Q'] };
  for (const { prompt, reading, name, benchmark } of PROTOCOLS)
    if (reading === 'reply' && benchmark !== 'favor')
      assert.match(prompt(row, MODELS[0]!).text, /P\. Black\.\nQ\. Gray\./, `${benchmark} ${name}`);
});

test('each protocol is whole: a judge that there is, settings that there are, a label of its own', () => {
  assert.equal(new Set(PROTOCOLS.map(protocolLabel)).size, PROTOCOLS.length);
  for (const protocol of PROTOCOLS) {
    if (protocol.reading === 'reply') assert.equal(judgeOf(protocol.judge).name, protocol.judge);
    for (const model of MODELS) {
      // Throws on a setting that is unknown or out of its range.
      for (const [field, value] of Object.entries(protocol.video[model.frames]))
        assert.ok(accepts(field, value), `${protocolLabel(protocol)}: ${field}`);
      const recipe = recipeOf(protocol, model);
      assert.deepEqual(JSON.parse(JSON.stringify(recipe)), recipe, 'plain data');
      assert.equal(recipe.video, protocol.video[model.frames]);
    }
  }
  for (const { name, protocols } of benchmarks())
    assert.ok(
      protocols.some((one) => one.benchmark === name && one.name === 'official'),
      name,
    );
});

function accepts(field: string, value: unknown): boolean {
  const known = (VIDEO_FIELDS as Record<string, { type: string; choices?: readonly string[] }>)[field];
  if (!known) return false;
  return known.type === 'choice' ? known.choices!.includes(value as string) : typeof value === 'number';
}

test('unknown benchmarks and protocols are reported with what there is', () => {
  assert.throws(
    () => protocolOf('mvbench', 'official'),
    (e) => e instanceof UserError && /motionbench, favor/.test(e.message),
  );
  assert.throws(
    () => protocolOf('favor', 'lmms-eval'),
    (e) => e instanceof UserError && /a protocol of favor \(official/.test(e.message),
  );
});
