// Files that describe data sets instead of holding rows: LLaMA-Factory's dataset_info.json and InternVL's meta JSON.
import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { UserError } from '@motion-enhancer/support';

type Fields = Readonly<Record<string, unknown>>;

/** One file of rows, and how its records become those that `toRow` reads. */
export interface DataSet {
  name: string;
  path: string;
  root: string;
  /** Rows that are taken, as the description says: the first of them, or all several times. */
  first?: number;
  share?: number;
  repeat?: number;
  /** Fields of a record that have other names here. */
  columns?: readonly string[];
  adapt(value: unknown): unknown;
}

/** The data sets that a JSON object describes; null where it is no description. @throws UserError ERR_DATA */
export function describedSets(path: string, text: string, name?: string): DataSet[] | null {
  if (!text.trimStart().startsWith('{')) return null;
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return null; // JSON lines begin with an object as well
  }
  const all = Object.entries(content as Record<string, Fields | null>);
  if (all.length === 0 || !all.every(([, entry]) => isEntry(entry))) return null;
  const found = name === undefined ? all : all.filter(([key]) => key === name);
  const names = all.map(([key]) => key).join(', ');
  if (found.length === 0)
    throw new UserError(
      `Expected a data set of ${path} (${names}) but received ${name}. Check the name after the colon.`,
      {
        code: 'ERR_DATA',
      },
    );
  // dataset_info.json is a register of all that there is; meta JSON is the mixture of a training.
  if (name === undefined && found.length > 1 && found.some(([, entry]) => !('annotation' in entry!)))
    throw new UserError(
      `${path} describes ${found.length} data sets. Name one after a colon, such as ${path}:${found[0]![0]} (${names}).`,
      {
        code: 'ERR_DATA',
      },
    );
  return found.map(([key, entry]) =>
    'annotation' in entry! ? metaJson(key, entry, path) : llamaFactory(key, entry!, path),
  );
}

const SOURCES = ['file_name', 'hf_hub_url', 'ms_hub_url', 'om_hub_url', 'script_url', 'cloud_file_name'];

function isEntry(entry: Fields | null): boolean {
  if (typeof entry !== 'object' || entry === null) return false;
  return typeof entry.annotation === 'string' || SOURCES.some((source) => typeof entry[source] === 'string');
}

const from = (folder: string, path: string) => (isAbsolute(path) || existsSync(path) ? path : join(folder, path));

/**
 * Paths are relative to the working folder, as in its trainer, or, where nothing is there, to the meta file.
 * Source: OpenGVLab/InternVL internvl/train/internvl_chat_finetune.py (repeat_time below 1: the first rows).
 */
function metaJson(name: string, entry: Fields, path: string): DataSet {
  const repeat = entry.repeat_time ?? 1;
  if (typeof repeat !== 'number' || !(repeat > 0) || (repeat > 1 && !Number.isInteger(repeat)))
    throw new UserError(
      `Expected a share below 1 or a whole number for repeat_time of ${name} in ${path} but received ${JSON.stringify(repeat)}.`,
      {
        code: 'ERR_DATA',
      },
    );
  const folder = dirname(path);
  return {
    name,
    path: from(folder, entry.annotation as string),
    root: typeof entry.root === 'string' ? from(folder, entry.root) : folder,
    ...(repeat < 1 ? { share: repeat } : { repeat }),
    adapt: (value) => value,
  };
}

/** Columns of preferences and tools, which training here does not use. */
const UNREAD = ['rejected', 'kto_tag', 'tools', 'audios'];

/** Source: hiyouga/LLaMA-Factory data/README.md and src/llamafactory/data/parser.py (defaults of columns and tags). */
function llamaFactory(name: string, entry: Fields, path: string): DataSet {
  const folder = dirname(path);
  if (typeof entry.file_name !== 'string')
    throw new UserError(
      `The data set ${name} of ${path} is to be downloaded. Download it and give its file by file_name: nothing is fetched here.`,
      {
        code: 'ERR_DATA',
      },
    );
  const columns = (entry.columns ?? {}) as Record<string, string | undefined>;
  const tags = (entry.tags ?? {}) as Record<string, string | undefined>;
  const openai = entry.formatting === 'openai';
  const limit = entry.num_samples;
  return {
    name,
    path: join(folder, entry.file_name),
    root: folder,
    columns: Object.entries(columns).flatMap(([role, name]) =>
      name === undefined || UNREAD.includes(role) ? [] : [name],
    ),
    ...(typeof limit === 'number' ? { first: limit } : {}),
    adapt: (value) =>
      typeof value !== 'object' || value === null
        ? value
        : renamed(value as Fields, columns, tags, openai, entry.formatting),
  };
}

function renamed(
  record: Fields,
  columns: Record<string, string | undefined>,
  tags: Record<string, string | undefined>,
  openai: boolean,
  formatting: unknown,
): Fields {
  const column = (role: string, usual: string) => record[columns[role] ?? usual];
  const common = {
    id: record.id,
    system: column('system', 'system') ?? record.system_prompt,
    chosen: column('chosen', 'chosen'),
    clip: record.clip,
    video_start: record.video_start,
    video_end: record.video_end,
    image: columns.images ? undefined : record.image,
    images: column('images', 'images'),
    video: columns.videos ? undefined : record.video,
    videos: column('videos', 'videos'),
    audios: column('audios', 'audios'),
  };
  if (formatting === undefined || formatting === 'alpaca')
    return {
      ...common,
      instruction: column('prompt', 'instruction'),
      input: column('query', 'input'),
      output: column('response', 'output'),
      history: column('history', 'history'),
    };
  const messages = column('messages', openai ? 'messages' : 'conversations') ?? record.messages;
  if (!Array.isArray(messages)) return { ...common, messages };
  const role = tags.role_tag ?? (openai ? 'role' : 'from');
  const content = tags.content_tag ?? (openai ? 'content' : 'value');
  const names: [string, string][] = [
    [tags.user_tag ?? (openai ? 'user' : 'human'), 'user'],
    [tags.assistant_tag ?? (openai ? 'assistant' : 'gpt'), 'assistant'],
    [tags.system_tag ?? 'system', 'system'],
  ];
  const roleOf = new Map<unknown, string>(names);
  const turnOf = (turn: Fields | null) => {
    const { [role]: said, [content]: text, ...others } = turn ?? {};
    return { ...others, role: roleOf.get(said) ?? said, content: text };
  };
  const { chosen } = common;
  return {
    ...common,
    messages: (messages as (Fields | null)[]).map(turnOf),
    chosen: typeof chosen === 'object' && chosen !== null && !Array.isArray(chosen) ? turnOf(chosen as Fields) : chosen,
  };
}
