import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { cuda, liveTensors, manualSeed, noGrad, randn, scope, type Tensor } from '@motion-enhancer/libtorch';
import { freshSeed, randomSource } from '@motion-enhancer/support/testing';
import { generateInternVL3, generateInternVL3Batch, type InternVL3, loadInternVL3 } from '../../internvl3/index.js';
import {
  type GenerateInput,
  generate,
  generateBatch,
  loadQwen25VL,
  type Qwen25VL,
  ropeIndex,
} from '../../qwen2-5-vl/index.js';
import { fixture } from '../../qwen2-5-vl/testing.js';
import { KVCache } from '../language/index.js';

const RANDOM = randomSource(freshSeed());

const INTERNVL_IMAGE = 310;
const words = (n: number) => Array.from({ length: n }, () => 10 + RANDOM.below(280));

/** Positions of plain text. */
const ropeOf = (n: number): GenerateInput['rope'] => {
  const axis = () => Array.from({ length: n }, (_, i) => i);
  return { positions: [axis(), axis(), axis()], delta: 0 };
};

/** A model with prompts of several lengths, one of them with visual tokens. */
interface Case {
  model: Qwen25VL | InternVL3;
  inputs: GenerateInput[];
  alone(input: GenerateInput, o: object): number[];
  together(inputs: readonly GenerateInput[], o: object): number[][];
}

const CASES: Record<string, (device: string) => Case> = {
  'Qwen2.5-VL': (device) => {
    const model = loadQwen25VL(fixture('reference/qwen2_5_vl/model'), { device, dtype: 'float32' });
    const { config } = model;
    const video = [302, ...new Array<number>(12).fill(config.videoTokenId), 303];
    const input = (ids: number[], visual: Tensor | null): GenerateInput => ({
      ids,
      visual,
      rope: ropeIndex(ids, visual ? [[2, 4, 6]] : [], visual ? [1.5] : null, config),
    });
    const visual = () => randn([12, config.text.hiddenSize]).to(device);
    return {
      model,
      inputs: [
        input([...words(4), ...video, ...words(9)], visual()),
        input(words(7), null),
        input([...video, ...words(3)], visual()),
      ],
      alone: (one, o) => generate(model, one, { maxNewTokens: 9, eosIds: [], ...o }),
      together: (all, o) => generateBatch(model, all, { maxNewTokens: 9, eosIds: [], ...o }),
    };
  },
  InternVL3: (device) => {
    const model = loadInternVL3(fixture('reference/internvl3/model'), { device, dtype: 'float32' });
    const image = new Array<number>(4).fill(INTERNVL_IMAGE);
    const visual = () => randn([4, model.config.text.hiddenSize]).to(device);
    const rope = { positions: [[], [], []], delta: 0 } as GenerateInput['rope'];
    return {
      model,
      inputs: [
        { ids: [...words(2), ...image, ...words(5)], visual: visual(), rope },
        { ids: words(21), visual: null, rope },
        { ids: [...image, ...words(1)], visual: visual(), rope },
      ],
      alone: (one, o) => generateInternVL3(model, one, { maxNewTokens: 9, eosIds: [], ...o }),
      together: (all, o) => generateInternVL3Batch(model, all, { maxNewTokens: 9, eosIds: [], ...o }),
    };
  },
};

// On CUDA all but the first token come from a CUDA graph.
const DEVICES = cuda().count > 0 ? ['cpu', 'cuda:0'] : ['cpu'];
for (const [name, make, device] of Object.entries(CASES).flatMap(([n, m]) => DEVICES.map((d) => [n, m, d] as const))) {
  const run = (title: string, body: (c: Case) => void) =>
    test(`${name}, ${device}: ${title}`, () => {
      const before = liveTensors();
      manualSeed(Date.now());
      scope(() =>
        noGrad(() => {
          const c = make(device);
          body(c);
          c.model.dispose();
        }),
      );
      assert.equal(liveTensors(), before);
    });

  run('each sequence of a batch is what it is alone, greedy and drawn', ({ inputs, alone, together }) => {
    for (const o of [{}, { repetitionPenalty: 1.3 }, { temperature: 1.5, topK: 40, topP: 0.9, seed: 3 }]) {
      const wanted = inputs.map((input) => alone(input, o));
      assert.deepEqual(together(inputs, o), wanted, JSON.stringify(o));
      assert.deepEqual(together([...inputs].reverse(), o), wanted.reverse());
    }
  });

  run('prompts of other lengths, computed one by one, give the same', ({ inputs, alone, together }) => {
    for (const o of [{}, { prefillChunk: 5 }, { repetitionPenalty: 1.3 }]) {
      const wanted = inputs.map((input) => alone(input, o));
      assert.deepEqual(together(inputs, { ...o, apartFrom: 1 }), wanted, JSON.stringify(o));
    }
  });

  run('sequences end by themselves: end tokens, and what is heard of each token', ({ inputs, alone, together }) => {
    const replies = inputs.map((input) => alone(input, { repetitionPenalty: 1.3 }));
    const eos = replies[0]![3]!;
    const ended = inputs.map((input) => alone(input, { repetitionPenalty: 1.3, eosIds: [eos] }));
    const heard: number[][] = inputs.map(() => []);
    const o = {
      repetitionPenalty: 1.3,
      eosIds: [eos],
      onToken: (id: number, sequence: number) => heard[sequence]!.push(id) < 6,
    };
    const cut = ended.map((ids) => (ids.length > 6 ? ids.slice(0, 6) : ids));
    assert.deepEqual(together(inputs, o), cut);
    assert.deepEqual(
      heard,
      cut.map((ids) => ids.filter((id) => id !== eos)),
    );
  });

  run('a medium’s token that the model writes is text', ({ model, inputs, alone, together }) => {
    const pad = 'videoTokenId' in model.config ? model.config.videoTokenId : model.config.imageTokenId;
    const head = model.weights.language_model.lm_head;
    // The pad's row of the head becomes far the largest for the first reply's state.
    const first = alone(inputs[1]!, { maxNewTokens: 1 })[0]!;
    head.select(0, pad).copy_(head.select(0, first).mul(1.5));
    const reply = alone(inputs[1]!, {});
    assert.ok(reply.includes(pad), `${reply}`);
    assert.deepEqual(together([inputs[1]!, inputs[1]!], {}), [reply, reply]);
  });

  run('a cache that holds the beginning gives the same, and then holds the reply', ({ inputs, alone, together }) => {
    const [input] = inputs;
    const wanted = alone(input!, {});
    const cache = new KVCache();
    assert.deepEqual(together([input!], { cache, maxNewTokens: 4 }), [wanted.slice(0, 4)]);
    assert.equal(cache.length, input!.ids.length + 3);
    const ids = [...input!.ids, ...wanted.slice(0, 4)];
    // Its positions go on; those of pads stay.
    const { delta, positions } = input!.rope;
    const more = positions.map((axis) => [...axis, ...[0, 1, 2, 3].map((k) => input!.ids.length + k + delta)]);
    const rope = { delta, positions: more as unknown as GenerateInput['rope']['positions'] };
    assert.deepEqual(together([{ ...input!, ids, rope }], { cache, maxNewTokens: 5 }), [wanted.slice(4)]);
    assert.throws(() => together([{ ...input!, ids }], { cache }), {
      code: 'ERR_VALUE',
      message: /longer than the cache/,
    });
    cache.dispose();
  });

  run(
    'what prompts share is computed once, and each sequence stays what it is alone',
    ({ model, inputs, alone, together }) => {
      const [first, , third] = inputs as [GenerateInput, GenerateInput, GenerateInput];
      const asked = (input: GenerateInput, more: number): GenerateInput => {
        const ids = [...input.ids, ...words(more)];
        const { delta } = input.rope;
        // InternVL3's positions count by themselves.
        if (input.rope.positions[0].length === 0) return { ...input, ids };
        const positions = input.rope.positions.map((axis) => [
          ...axis,
          ...Array.from({ length: more }, (_, k) => input.ids.length + k + delta),
        ]);
        return {
          ...input,
          ids,
          rope: { delta, positions: positions as unknown as GenerateInput['rope']['positions'] },
        };
      };
      // Two media, three questions about each, of several lengths, and a prompt without any that shares nothing.
      const questions = [
        asked(first, 3),
        asked(third, 2),
        asked(first, 5),
        asked(third, 4),
        asked(first, 1),
        asked(third, 3),
      ];
      const lone = { ...inputs[1]!, ids: words(30), rope: ropeOf(30) };
      const forward = mock.method(model, 'forward');
      const tokens = () => {
        const sizes = forward.mock.calls.map(({ arguments: [{ ids }] }) => (ids as number[][]).flat().length);
        forward.mock.resetCalls();
        return sizes.reduce((sum, size) => sum + size, 0);
      };
      for (const o of [{}, { repetitionPenalty: 1.3 }, { temperature: 1.5, topK: 40, seed: 3 }]) {
        for (const all of [questions, [...questions].reverse(), questions.slice(0, 3), [...questions, lone]]) {
          const wanted = all.map((input) => alone(input, { ...o, maxNewTokens: 4 }));
          forward.mock.resetCalls();
          assert.deepEqual(together(all, { ...o, maxNewTokens: 4 }), wanted);
          const shared = tokens();
          const prompts = all.reduce((sum, { ids }) => sum + ids.length, 0);
          assert.ok(shared < prompts + 3 * all.length, `${shared} tokens for ${prompts}`);
          // The same without a tensor in common.
          const apart = all.map((input) => ({ ...input, visual: input.visual?.clone() ?? null }));
          assert.deepEqual(together(apart, { ...o, maxNewTokens: 4 }), wanted);
          assert.ok(tokens() > shared);
        }
      }
      forward.mock.restore();
    },
  );

  run('prompts in chunks of any size give the same', ({ inputs, alone, together }) => {
    for (const prefillChunk of [1, 3, 8, 1000]) {
      assert.deepEqual(
        together(inputs, { prefillChunk }),
        inputs.map((input) => alone(input, {})),
      );
      assert.deepEqual(together([inputs[0]!], { prefillChunk }), [alone(inputs[0]!, {})]);
    }
  });

  run('mistakes are reported', ({ inputs, together }) => {
    const refused = (all: GenerateInput[], o: object, message: RegExp) =>
      assert.throws(() => together(all, o), { code: 'ERR_VALUE', message });
    refused([], {}, /received none/);
    refused([{ ...inputs[0]!, ids: [] }], {}, /an empty one/);
    refused(inputs, { maxNewTokens: 0 }, /maxNewTokens but received 0/);
    refused(inputs, { prefillChunk: 0 }, /prefillChunk but received 0/);
    refused(inputs, { topP: 2 }, /topP but received 2/);
  });
}
