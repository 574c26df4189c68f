import { type Fields, pick, type Values } from '@motion-enhancer/core/internal/config/field.js';
import { memoryPlan, VIDEO_FIELDS } from '@motion-enhancer/core/internal/vlm/index.js';
import { UserError, visibleText } from '@motion-enhancer/support';
import { answerPrompts, messagesOf, type PromptAnswer } from '../answer-prompts.js';
import { fetchCheckpoint } from '../fetch-checkpoint.js';
import { planText } from '../plan-text.js';
import { parseCommand, resolveRun } from '../run-options.js';
import { ANSWER_FIELDS, generationOf, loadForTalk, mediaOf, TALK_FIELDS } from '../talk-options.js';
import type { Command } from './registry.js';

const FIELDS = {
  ...TALK_FIELDS,
  prompt: {
    type: 'strings',
    default: [],
    text: 'A question, each of several by itself; <video> and <image> in it say where the files stand',
  },
  plan: {
    type: 'boolean',
    default: false,
    text: 'Only say what the model needs in memory, from its config.json and --prefill-chunk alone',
  },
  ...ANSWER_FIELDS,
} as const satisfies Fields;

export const command: Command = {
  name: 'generate',
  async run(argv) {
    const usage = '--vlm DIR --video FILE --prompt "…" [options]';
    const parsed = parseCommand('generate', usage, FIELDS, argv);
    if (!parsed) return 0;
    const { values } = parsed;
    if (values.plan) return plan(values);
    if (values.prompt.length === 0)
      throw new UserError('Expected a question for prompt but received nothing. Give --prompt "…".', {
        code: 'ERR_VALUE',
      });
    const media = mediaOf(parsed.order, values);
    messagesOf(values.prompt, media); // mistakes in them are reported before anything is loaded
    const vlm = await loadForTalk(values, 'generate');
    const streamed = !values.json && values.prompt.length === 1;
    try {
      const results = await answerPrompts({
        vlm,
        prompts: values.prompt,
        media,
        settings: pick(VIDEO_FIELDS, values),
        generation: {
          ...generationOf(values),
          ...(streamed
            ? { onText: (piece: string) => process.stdout.write(process.stdout.isTTY ? visibleText(piece) : piece) }
            : {}),
        },
        attention: values.attention,
        out: values.out,
      });
      if (streamed) console.log();
      for (const { attentionError: error, ...result } of results) {
        const note = error ? { attentionError: error.message } : {};
        const text = values.json
          ? JSON.stringify({ type: 'answer', media, ...result, ...note, weights: vlm.weights })
          : said(result, streamed);
        if (text !== '') console.log(text);
        if (error && results.length > 1 && !values.json) console.error(`note: ${error.message}`);
      }
      // One question that has the word is enough.
      if (results.every(({ attentionError }) => attentionError)) throw results[0]!.attentionError;
      return 0;
    } finally {
      vlm.dispose();
    }
  },
};

/** Several answers stand under their questions; one alone has been written already. */
function said({ prompt, answer, attention }: PromptAnswer, streamed: boolean): string {
  const shares = attention?.shares.map(
    ({ word, visualShare }) => `attention ${word}: ${(100 * visualShare).toFixed(1)} % on what it sees`,
  );
  const files = attention?.files.map((file) => `picture ${file}`);
  return [...(streamed ? [] : [`> ${prompt}`, answer]), ...(shares ?? []), ...(files ?? [])].join('\n');
}

async function plan(values: Values<typeof FIELDS>): Promise<number> {
  const { device } = resolveRun(values);
  const dir = await fetchCheckpoint(values.vlm, { files: ['config.json'], json: values.json });
  const found = memoryPlan(dir, undefined, values.prefillChunk);
  console.log(values.json ? JSON.stringify({ type: 'plan', ...found }) : planText(found, device));
  return 0;
}
