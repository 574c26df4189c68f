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
  media: Media;
  /** Fields of the row that it was read from. */
  fields: readonly string[];
}

interface Media {
  images: unknown[];
  videos: unknown[];
  /** Fields of turns and parts that are not used, as `messages.tool_calls`. */
  unused: Set<string>;
}

/**
 * The conversation of a row in any of these shapes; null where it has none of them.
 * - `conversations` or `messages`: [{from, value}] or [{role, content}], roles human|user, gpt|assistant, system
 * - `conversation`: [{human, assistant}] (ms-swift's ShareGPT)
 * - `query`, `response`, `history` [[question, answer], …] (ms-swift); `question` and `answer`; `prompt` or `question` and
 *   `chosen` (preference lists such as MotionVid-QA's, the chosen answer)
 * - `instruction`, `input`, `output`, `history` (Alpaca)
 * - any of these with `chosen` (or `completion`): a message, or messages, of which the whole conversation where a user speaks in
 *   them; the chosen reply is the answer (LLaMA-Factory's ranking sets, TRL's preferences)
 * each with an optional `system` (or `system_prompt`). Sources: docs/training.md#conventions-of-other-trainers;
 * ms-swift docs/source_en/Customization/Custom-dataset.md;
 * LLaMA-Factory data/README.md.
 * @throws Error whose message completes "row N: it …"
 */
export function readTurns(row: Fields): Conversation | null {
  const media: Media = { images: [], videos: [], unused: new Set() };
  const messages = messagesOf(row);
  const turns = messages ? fromList(messages.list, media) : fromPairs(row);
  if (!turns) return null;
  const system = row.system ?? row.system_prompt;
  if (typeof system === 'string' && system !== '' && turns[0]?.role !== 'system')
    turns.unshift({ role: 'system', content: system });
  return { turns, media, fields: ['system', 'system_prompt', ...(messages?.fields ?? PAIR_FIELDS)] };
}

/** The row's list of messages, its chosen reply at the end; null where it has none. */
function messagesOf(row: Fields): { list: unknown; fields: string[] } | null {
  const [name, asked] = Object.entries({
    conversations: row.conversations,
    messages: row.messages,
    prompt: row.prompt,
  }).find(([field, value]) => (field === 'prompt' ? Array.isArray(value) : value !== undefined && value !== null)) ?? [
    null,
    null,
  ];
  const [chosen, reply] = Object.entries({ chosen: row.chosen, completion: row.completion }).find(
    ([, value]) => value !== undefined && value !== null,
  ) ?? [null, null];
  const fields = [name, chosen].filter((field) => field !== null);
  if (reply === null || (typeof reply === 'string' && name === null))
    return name === null ? null : { list: asked, fields };
  const replies: unknown[] =
    typeof reply === 'string' ? [{ role: 'assistant', content: reply }] : Array.isArray(reply) ? reply : [reply];
  const speaks = (list: unknown, role: Turn['role']) =>
    Array.isArray(list) && list.some((turn: Fields | null) => roleOf(turn) === role);
  // The conversation stands in the chosen messages once more.
  if (speaks(replies, 'user')) return { list: replies, fields: [...fields, 'prompt'] };
  if (Array.isArray(asked) && roleOf(asked.at(-1) as Fields | null) === 'assistant')
    throw new Error(`it has an answer and ${chosen}: which of them is to be learned?`);
  if (name !== null) return { list: Array.isArray(asked) ? [...asked, ...replies] : asked, fields };
  const question = questionOf(row);
  if (question === undefined) return null;
  return { list: [{ role: 'user', content: question }, ...replies], fields: [...fields, ...PAIR_FIELDS] };
}

const roleOf = (turn: Fields | null): Turn['role'] | undefined => {
  const name = turn?.from ?? turn?.role;
  return ROLES.get(typeof name === 'string' ? name.toLowerCase() : name);
};

const TURN_FIELDS = ['from', 'role', 'value', 'content', 'loss', 'loss_scale'];
const PART_FIELDS = ['type', 'text', 'image', 'video', 'image_url', 'video_url', 'path', 'video_start', 'video_end'];

function fromList(list: unknown, media: Media): Turn[] {
  if (!Array.isArray(list) || list.length === 0) throw new Error(NO_CONVERSATION);
  return list.map((item: Fields | null, i): Turn => {
    if (typeof item !== 'object' || item === null) throw new Error(`turn ${i + 1} is no object with a role and a text`);
    const named = item.from ?? item.role;
    const role = roleOf(item);
    if (named === undefined || named === null) throw new Error(`turn ${i + 1} lacks a role (from or role)`);
    if (!role)
      throw new Error(
        `turn ${i + 1} has the role ${JSON.stringify(named)}, which is not read (human or user, gpt or assistant, system)`,
      );
    const content = contentOf(item.value ?? item.content, media, role);
    if (content === null)
      throw new Error(`turn ${i + 1} (${String(named)}) has no text (value or content)${more(item)}`);
    noteUnused(item, TURN_FIELDS, 'messages', media);
    const weight = role === 'assistant' ? weightOf(item) : 1;
    return { role, content, ...(weight === 1 ? {} : { weight }) };
  });
}

const more = ({ tool_calls: calls }: Fields): string => (calls ? ' but tool_calls, which are not read' : '');

function noteUnused(item: Fields, used: readonly string[], of: string, media: Media): void {
  for (const [name, value] of Object.entries(item))
    if (value !== null && !used.includes(name)) media.unused.add(`${of}.${name}`);
}

export const NO_CONVERSATION =
  'it has no conversation (conversations, messages, query/response, instruction/output) and no caption (motion_caption, caption or text)';

/**
 * Text, or a list of parts: OpenAI's [{type: text, text}, {type: video, video: path}], with the path under `video`,
 * `video_url` (a text or {url}) or `path`, without `type` too, and plain texts among them.
 */
function contentOf(content: unknown, media: Media, role: Turn['role']): string | null {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return null;
  const parts = content.map((part: Fields | string | null) => {
    if (typeof part === 'string') return part;
    if (typeof part !== 'object' || part === null) return null;
    noteUnused(part, PART_FIELDS, 'content', media);
    if (typeof part.text === 'string') return part.text;
    for (const kind of ['image', 'video'] as const) {
      const address = part[`${kind}_url`];
      const file = part[kind] ?? (typeof address === 'string' ? address : (address as Fields | undefined)?.url);
      const typed = part.type === kind || part.type === `${kind}_url`;
      if (!typed && (part.type !== undefined || file === undefined)) continue;
      if (role === 'assistant')
        throw new Error(`an answer names ${kind === 'image' ? 'an' : 'a'} ${kind}, which only questions may`);
      const found = file ?? part.path;
      if (found !== undefined && found !== null) media[`${kind}s`].push(withSpan(found, part));
      return `<${kind}>`;
    }
    return null;
  });
  return parts.includes(null) ? null : parts.join('');
}

/** A file of a part with the seconds that the part names (qwen-vl-utils). */
function withSpan(file: unknown, { video_start, video_end }: Fields): unknown {
  if (video_start === undefined && video_end === undefined) return file;
  if (Array.isArray(file)) return { frames: file, video_start, video_end };
  return typeof file === 'string'
    ? { path: file, video_start, video_end }
    : { ...(file as Fields), video_start, video_end };
}

/** ms-swift: `loss: false` leaves an answer unlearned, `loss_scale` weighs it. */
function weightOf({ loss, loss_scale: scale }: Fields): number {
  if (loss === false) return 0;
  if (scale === undefined || scale === null) return 1;
  if (typeof scale !== 'number' || !(scale >= 0) || !Number.isFinite(scale))
    throw new Error('a turn has a loss_scale that is no number of at least 0');
  return scale;
}

const PAIR_FIELDS = [
  'conversation',
  'query',
  'response',
  'history',
  'question',
  'answer',
  'prompt',
  'chosen',
  'completion',
  'instruction',
  'input',
  'output',
];

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function questionOf(row: Fields): string | undefined {
  const instruction = text(row.instruction);
  if (instruction === undefined) return text(row.query) ?? text(row.question) ?? text(row.prompt);
  return [instruction, text(row.input)].filter((part) => part !== undefined && part !== '').join('\n');
}

function fromPairs(row: Fields): Turn[] | null {
  const pairs: [unknown, unknown][] = [];
  if (Array.isArray(row.conversation))
    for (const item of row.conversation as (Fields | null)[]) pairs.push([item?.human, item?.assistant]);
  else {
    const question = questionOf(row);
    const answer =
      text(row.response) ?? text(row.output) ?? text(row.answer) ?? text(row.chosen) ?? text(row.completion);
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
