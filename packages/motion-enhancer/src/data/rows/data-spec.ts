import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { expected, UserError } from '@motion-enhancer/support';

/** One data set of a mixture. */
export interface DataSpec {
  path: string;
  /** Of a file that lists several: dataset_info.json, InternVL's meta JSON. */
  name?: string;
  /** Folder that relative media paths start from. */
  media?: string;
  /** Share of the rows in percent, or a number of rows; all by default. */
  percent?: number;
  count?: number;
}

/** A file's name, with that of a data set in it or without. */
const DATA_FILE = /\.(jsonl?|[ct]sv|parquet)(\.gz)?(:[^/\\:]+)?$/i;

const HELP =
  'Write PATH, PATH%50 (half of its rows), PATH#500 (500 rows), PATH:NAME for one data set of a dataset_info.json or meta JSON; or a map of path, media, name, percent, count.';

/**
 * One entry of `data`: `PATH[:NAME][%PERCENT | #ROWS]`, or a JSON object with the same by name (annotation_path and
 * data_path, as qwen-vl-finetune has them, are taken for path and media). `%` is qwen-vl-finetune's, `#` ms-swift's.
 * @throws UserError ERR_VALUE
 */
export function parseDataSpec(text: string): DataSpec {
  if (text.startsWith('{')) return fromObject(text);
  // A file may be called like a sample of another.
  if (existsSync(text)) return { path: text };
  const match = /^(.+?)(?:%(\d+(?:\.\d+)?)|#(\d+))?$/.exec(text);
  if (!match) throw wrong(text);
  const [, file = '', percent, count] = match;
  if (!existsSync(file)) refuseTail(file, text);
  const named = existsSync(file) ? null : /^(.+\.json):([^/\\:]+)$/.exec(file);
  return checked(text, {
    path: named?.[1] ?? file,
    ...(named ? { name: named[2]! } : {}),
    ...(percent === undefined ? {} : { percent: Number(percent) }),
    ...(count === undefined ? {} : { count: Number(count) }),
  });
}

/** What looks like a share or a number of rows and is none is not a part of a file's name: `a.json%500x`. */
function refuseTail(file: string, text: string): void {
  const start = Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1;
  for (let at = start + 1; at < file.length; at++) {
    const before = file.slice(0, at);
    if (!/[%#]/.test(file[at]!) || !(DATA_FILE.test(before) || existsSync(before))) continue;
    throw expected(
      `a share of the rows in percent (${before}%50) or a number of rows (${before}#500)`,
      'data',
      text,
      `${text.slice(at)} is neither.`,
    );
  }
}

function fromObject(text: string): DataSpec {
  let given: Record<string, unknown>;
  try {
    given = JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw wrong(text);
  }
  const { path, annotation_path, annotation, media, data_path, root, name, percent, count, ...others } = given;
  const file = path ?? annotation_path ?? annotation;
  const folder = media ?? data_path ?? root;
  const is = (value: unknown, type: string) => value === undefined || value === null || typeof value === type;
  if (typeof file !== 'string' || !is(folder, 'string') || !is(name, 'string') || Object.keys(others).length > 0)
    throw wrong(text);
  if (!is(percent, 'number') || !is(count, 'number')) throw wrong(text);
  // "path: train.json%50" is as good as "percent: 50".
  const spec = parseDataSpec(file);
  return checked(text, {
    ...spec,
    ...(typeof folder === 'string' && folder !== '' ? { media: folder } : {}),
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof percent === 'number' ? { percent } : {}),
    ...(typeof count === 'number' ? { count } : {}),
  });
}

function checked(text: string, spec: DataSpec): DataSpec {
  const { path, percent, count } = spec;
  const ok =
    path !== '' &&
    (percent === undefined || (percent > 0 && Number.isFinite(percent))) &&
    (count === undefined || (Number.isInteger(count) && count > 0)) &&
    (percent === undefined || count === undefined);
  if (!ok) throw wrong(text);
  return spec;
}

function wrong(text: string): UserError {
  return new UserError(`Expected a data set for data but received ${JSON.stringify(text)}. ${HELP}`, {
    code: 'ERR_VALUE',
  });
}

/** Entries as a run file has them: texts, or maps, which become JSON. */
export function dataOfSettings(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { data } = settings;
  if (data === undefined || typeof data === 'string') return { ...settings };
  const list = Array.isArray(data) ? (data as unknown[]) : [data];
  return { ...settings, data: list.map((item) => (typeof item === 'object' ? JSON.stringify(item) : item)) };
}

/** The same entry, good from any folder. */
export function absoluteSpec(text: string): string {
  const { path, name, media, percent, count } = parseDataSpec(text);
  if (media !== undefined)
    return JSON.stringify({ path: resolve(path), ...(name ? { name } : {}), media: resolve(media), percent, count });
  const take = percent !== undefined ? `%${percent}` : count !== undefined ? `#${count}` : '';
  return `${resolve(path)}${name === undefined ? '' : `:${name}`}${take}`;
}
