// A VLM family from outside the sources trains, aligns, generates and evaluates through the project's own entries.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { aten, backward, liveTensors, manualSeed, noGrad, scope } from '@motion-enhancer/libtorch';
import { leakFree } from '@motion-enhancer/libtorch/testing';
import { fixture, temporaryFolder } from '@motion-enhancer/support/testing';
import { layOutBenchmark } from '../eval/benchmarks/testing.js';
import { optionLosses } from '../eval/run/rank-options.js';
import { readAnswers } from '../eval/run/read-answers.js';
import { runEval } from '../eval/run/run-eval.js';
import { evalOptions } from '../eval/run/testing.js';
import * as core from '../index.js';
import { row, testRecipe, writePrior } from '../train/testing.js';
import { answer, answers } from '../vlm/chat/answer.js';
import { disposeChat, layOut, prepareChat } from '../vlm/chat/chat.js';
import { ChatSession } from '../vlm/chat/session.js';
import { loadVlm } from '../vlm/families/load.js';
import { threadsKnow, vlmFamilyById } from '../vlm/families/table.js';
import { memoryPlan } from '../vlm/memory/memory-plan.js';
import { testSettings } from '../vlm/testing.js';
import { loadedPlugins, loadPlugin } from './load-plugin.js';
import { TOY_VLM, writeToyVlm } from './testing.js';

const dir = temporaryFolder();
const benchmark = layOutBenchmark('motionbench', join(dir, 'motionbench'));
manualSeed(5);
const vlmDir = await writeToyVlm(join(dir, 'toy'));
const video = { type: 'video', path: fixture('videos/hfdatasets_66x50.mov') } as const;
const question = { role: 'user' as const, content: [video, { type: 'text' as const, text: 'What moves?' }] };
const settings = testSettings({ frames: 3 });
const load = (from = vlmDir) => loadVlm(from, { device: 'cpu', dtype: 'float32', trainable: true });

test('an unknown model_type is refused, with the way out; the plugin makes it known, once', async () => {
  assert.throws(() => load(), { code: 'ERR_CONFIG', message: /received "toy_vlm".*--plugin FILE\.mjs/ });
  await loadPlugin(TOY_VLM);
  await loadPlugin(TOY_VLM);
  assert.deepEqual(loadedPlugins(), [TOY_VLM]);
  assert.equal(threadsKnow(vlmFamilyById('toy_vlm')!), true);
  assert.throws(() => core.registerVlmFamily(vlmFamilyById('toy_vlm')!), {
    code: 'ERR_PLUGIN',
    message: /toy_vlm has/,
  });
});

leakFree('its memory plan counts the parameters that are loaded', async () => {
  const vlm = load();
  const count = [...vlm.model.parameters().values()].reduce((n, { numel }) => n + numel, 0);
  const plan = memoryPlan(vlmDir);
  assert.deepEqual([plan.parameters, plan.family, plan.name], [count, 'toy_vlm', 'Toy-VLM']);
  assert.equal(vlm.stepFlops({ tokens: 20, logits: 1, media: [] }) > 0, true);
  vlm.dispose();
});

leakFree('losses fall in a run, alignment included, and the checkpoint it writes is the model', async () => {
  const priors = join(dir, 'priors');
  writePrior(priors, 'a');
  const rows = [row('a'), row('text', { media: [], video: '' })];
  const recipe = testRecipe({ steps: 16, batchSize: 2, lr: 3e-2, visionLr: 1e-2, warmupRatio: 0, ratioEvery: 10 });
  const vlm = load();
  const run = await core.train({ vlm, rows, priors, out: join(dir, 'run'), recipe: { ...recipe, frames: 3 } });
  const saved = load(run.checkpoint);
  for (const [key, parameter] of vlm.model.parameters())
    assert.equal(aten.equal(parameter, saved.model.parameters().get(key)!), true, key);
  saved.dispose();
  vlm.dispose();
  const [first, last] = [run.log[0]!, run.log.at(-1)!];
  assert.ok(last.lossAr < 0.8 * first.lossAr, `L_AR ${first.lossAr} → ${last.lossAr}`);
  assert.ok(last.lossAlign! < first.lossAlign!, `L_MSE ${first.lossAlign} → ${last.lossAlign}`);
  assert.ok(first.gradRatio! > 0, 'the alignment loss reaches the weights');
  assert.deepEqual(Object.keys(first.lrs), ['vision', 'llm', 'aligner']);
});

leakFree('gradients reach every weight; the attention of a row is a distribution', async () => {
  const vlm = load();
  const chat = await prepareChat(vlm, [question, { role: 'assistant', content: 'A dog.' }], settings);
  scope(() => {
    const n = chat.ids.length;
    const { rows, hidden } = vlm.forward(chat, { visual: vlm.encode(chat.inputs), rows: [n - 1], logits: [] });
    assert.ok(Math.abs(rows!.sum().item() - 1) < 1e-5);
    backward([vlm.logits(hidden).square().mean().add(rows!.square().sum())]);
    for (const [name, p] of vlm.model.parameters()) {
      assert.ok(p.grad && p.grad.abs().max().item() > 0, name);
      p.grad = null;
    }
  });
  disposeChat(chat);
  vlm.dispose();
});

leakFree('it generates: in a batch, in chunks, in a conversation, each as alone', async () => {
  const vlm = load();
  const options = { maxNewTokens: 5, temperature: 0, repetitionPenalty: 2 };
  const other = { role: 'user' as const, content: 'Hello?' };
  const chats = [await prepareChat(vlm, [question], settings), await prepareChat(vlm, [other], settings)];
  const alone = chats.map((chat) => answer(vlm, chat, options));
  assert.deepEqual(answers(vlm, chats, options), alone);
  assert.deepEqual(answers(vlm, chats, { ...options, prefillChunk: 4 }), alone);
  const session = new ChatSession(vlm, settings);
  await session.look(video);
  assert.equal(session.ask('What moves?', options), alone[0]);
  session.ask('Why?', options);
  session.dispose();
  chats.forEach(disposeChat);
  vlm.dispose();
});

test('it evaluates: media are read by threads that load the plugin too; options are ranked by their loss', async () => {
  const before = liveTensors();
  const vlm = load();
  const out = join(dir, 'scores');
  const options = await evalOptions(vlm, 'motionbench', benchmark, out, { limit: 3 });
  const { run, answered } = await runEval(options);
  assert.deepEqual([run.vlm.family, answered], ['toy_vlm', 3]);
  const records = [...readAnswers(out).values()];
  assert.ok(
    records.every(({ error, output }) => !error && typeof output === 'string'),
    JSON.stringify(records),
  );
  const chat = await prepareChat(vlm, [question], settings);
  const visual = noGrad(() => vlm.encode(chat.inputs));
  const request = {
    messages: [question],
    inputs: chat.inputs,
    visual,
    settings,
    options: ['A dog', 'No'],
    endMark: true,
  };
  const { losses } = optionLosses(vlm, request);
  for (const [i, content] of request.options.entries()) {
    const whole = layOut(vlm, [question, { role: 'assistant', content }], chat.inputs, settings);
    const places = whole.labels.flatMap((label, k) => (label >= 0 ? [k] : []));
    noGrad(() =>
      scope(() => {
        const logP = vlm.forward(whole, { visual }).logits.select(0, 0).logSoftmax(-1);
        for (const [k, loss] of losses[i]!.entries()) {
          const wanted = logP
            .select(0, places[k]! - 1)
            .select(0, whole.ids[places[k]!]!)
            .neg()
            .item();
          assert.ok(Math.abs(loss - wanted) < 1e-4, `${i}, ${k}`);
        }
      }),
    );
  }
  core.disposeVisual(visual);
  disposeChat(chat);
  vlm.dispose();
  assert.equal(liveTensors(), before);
});

leakFree('a family registered in this process alone is read on this thread', async () => {
  const toy = vlmFamilyById('toy_vlm')!;
  core.registerVlmFamily({ ...toy, id: 'toy_here', name: 'Toy here', modelTypes: ['toy_here'] });
  const vlm = { ...load(), family: vlmFamilyById('toy_here')! };
  assert.equal(threadsKnow(vlm.family), false);
  const out = join(dir, 'here');
  const options = await evalOptions(vlm, 'motionbench', benchmark, out, { limit: 1 });
  assert.equal((await runEval(options)).answered, 1);
  vlm.dispose();
});

test('a plugin that cannot be loaded is a mistake of the user, by name', async () => {
  const write = (name: string, text: string) => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  const refused = (file: string, message: RegExp) =>
    assert.rejects(loadPlugin(file), { name: 'UserError', code: 'ERR_PLUGIN', message });
  await refused(join(dir, 'none.mjs'), /There is no plugin .*none\.mjs/);
  await refused(write('half.mjs', 'export default function ('), /half\.mjs cannot be loaded: /);
  await refused(write('value.mjs', 'export default 3;'), /a function as the default export of .*received number/);
  await refused(write('nothing.mjs', 'export const x = 3;'), /received none/);
  await refused(
    write('twice.mjs', `export { default } from '${pathToFileURL(TOY_VLM).href}';`),
    /twice\.mjs cannot be loaded: .*which toy_vlm has/,
  );
});
