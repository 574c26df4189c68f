import type { Turn } from './row.js';

type Fields = Readonly<Record<string, unknown>>;

const ROLES = new Map<unknown, Turn['role']>([
  ['human', 'user'],
  ['user', 'user'],
  ['gpt', 'assistant'],
  ['assistant', 'assistant'],
  ['system', 'system'],
]);

/** A conversation, and media that its messages themselves name (OpenAI's form of content). */
export interface Conversation {
  turns: Turn[];
  media: { images: unknown[]; videos: unknown[] };
}

/**
 * The conversation of a row in any of these shapes; null where it has none of them.
 * - `conversations` or `messages`: [{from, value}] or [{role, content}], roles human|user, gpt|assistant, system
 * - `conversation`: [{human, assistant}] (ms-swift's ShareGPT)
 * - `query`, `response`, `history` [[question, answer], …] (ms-swift); `question` and `answer`; `prompt` or `question` and
 *   `chosen` (preference lists such as MotionVid-QA's, the chosen answer)
 * - `instruction`, `input`, `output`, `history` (Alpaca)
 * each with an optional `system`. Sources: docs/training.md#conventions-of-other-trainers; ms-swift docs/source_en/Customization/Custom-dataset.md;
 * LLaMA-Factory data/README.md.
 * @throws Error whose message completes "row N: it …"
 */
export function readTurns(row: Fields): Conversation | null {
  const media: Conversation['media'] = { images: [], videos: [] };
  const list = row.conversations ?? row.messages;
  const turns = list === undefined || list === null ? fromPairs(row) : fromList(list, media);
  if (!turns) return null;
  const system = row.system;
  if (typeof system === 'string' && system !== '' && turns[0]?.role !== 'system')
    turns.unshift({ role: 'system', content: system });
  return { turns, media };
}

function fromList(list: unknown, media: Conversation['media']): Turn[] {
  if (!Array.isArray(list) || list.length === 0) throw new Error(NO_CONVERSATION);
  return list.map((item: Fields | null): Turn => {
    const role = ROLES.get(item?.from ?? item?.role);
    const content = contentOf(item?.value ?? item?.content, media);
    if (!role || content === null) throw new Error('a turn lacks from/value or role/content');
    const weight = role === 'assistant' ? weightOf(item!) : 1;
    return { role, content, ...(weight === 1 ? {} : { weight }) };
  });
}

export const NO_CONVERSATION =
  'it has no conversation (conversations, messages, query/response, instruction/output) and no caption (motion_caption, caption or text)';

/** Text, or OpenAI's list of parts: [{type: text, text}, {type: video, video: path}]. */
function contentOf(content: unknown, media: Conversation['media']): string | null {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return null;
  const parts = content.map((part: Fields | null) => {
    if (typeof part?.text === 'string') return part.text;
    for (const kind of ['image', 'video'] as const) {
      const file = part?.[kind] ?? (part?.[`${kind}_url`] as Fields | undefined)?.url;
      if (part?.type !== kind && part?.type !== `${kind}_url`) continue;
      media[`${kind}s`].push(...(file === undefined ? [] : [file]));
      return `<${kind}>`;
    }
    return null;
  });
  return parts.includes(null) ? null : parts.join('');
}

/** ms-swift: `loss: false` leaves an answer unlearned, `loss_scale` weighs it. */
function weightOf({ loss, loss_scale: scale }: Fields): number {
  if (loss === false) return 0;
  if (scale === undefined || scale === null) return 1;
  if (typeof scale !== 'number' || !(scale >= 0) || !Number.isFinite(scale))
    throw new Error('a turn has a loss_scale that is no number of at least 0');
  return scale;
}

function fromPairs(row: Fields): Turn[] | null {
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const pairs: [unknown, unknown][] = [];
  if (Array.isArray(row.conversation))
    for (const item of row.conversation as (Fields | null)[]) pairs.push([item?.human, item?.assistant]);
  else {
    const instruction = text(row.instruction);
    const input = text(row.input);
    const question =
      instruction === undefined
        ? (text(row.query) ?? text(row.question) ?? text(row.prompt))
        : [instruction, input].filter((part) => part !== undefined && part !== '').join('\n');
    const answer = text(row.response) ?? text(row.output) ?? text(row.answer) ?? text(row.chosen);
    if (question === undefined || answer === undefined) return null;
    const history = row.history ?? [];
    if (!Array.isArray(history)) throw new Error('its history is no list of [question, answer]');
    for (const pair of history as unknown[]) {
      if (!Array.isArray(pair) || pair.length !== 2) throw new Error('its history is no list of [question, answer]');
      pairs.push([pair[0], pair[1]]);
    }
    pairs.push([question, answer]);
  }
  return pairs.flatMap(([question, answer]): Turn[] => {
    if (typeof question !== 'string' || typeof answer !== 'string')
      throw new Error('a question or answer of its conversation is no text');
    return [
      { role: 'user', content: question },
      { role: 'assistant', content: answer },
    ];
  });
}
