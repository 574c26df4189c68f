import { statSync } from 'node:fs';
import { basename, dirname, extname } from 'node:path';
import { expected, UserError } from '@motion-enhancer/support';
import { type DataSpec, parseDataSpec } from './data-spec.js';
import type { DataSet } from './described-sets.js';
import { readDescription } from './read-description.js';
import { readRecords } from './read-records.js';
import type { BadRow, Row } from './row.js';
import { takePlaces } from './take.js';
import { CAPTION_PROMPT, toRow } from './to-row.js';

/** What a mixture took of one of its data sets. */
export interface TakenSet {
  name: string;
  path: string;
  media: string;
  /** Usable and malformed rows of the file. */
  rows: number;
  malformed: number;
  /** Rows whose media no tag places: they stand before the first question. */
  untagged: number;
  /** Fields that are not used, with the number of rows that have them; left out where all are. */
  unused?: Readonly<Record<string, number>>;
  /** As asked for: `50%`, `500`, `all`. */
  asked: string;
  /** Ids of the rows that were taken, in order. */
  ids: string[];
}

export interface Data {
  rows: Row[];
  bad: BadRow[];
  sets: TakenSet[];
}

export interface ReadDataOptions {
  /** Folder that relative media paths start from; by default each data file's own, or what its description says. */
  media?: string | undefined;
  captionPrompt?: string;
  /** Of the draw where only some rows are taken. */
  seed?: number;
  /** Whether rows may be questions without answers: a prior can be of a question. */
  prompts?: boolean;
}

/**
 * The rows of one or more data sets in the forms that people have (docs/training.md#conventions-of-other-trainers): JSON lists, JSON lines,
 * tables and parquet of
 * 2U1/Qwen2-VL-Finetune, qwen-vl-finetune, InternVL (its meta JSON too), LLaMA-Factory (by dataset_info.json or by the file
 * itself), ms-swift, MotionBench-Train's captions and MotionVid-QA's list, none of them converted.
 * @param specs `PATH[:NAME][%PERCENT | #ROWS]`, see `parseDataSpec`
 * @throws UserError ERR_DATA when a file cannot be read or holds no usable row, ERR_VALUE for an entry that means nothing
 */
export async function readData(specs: readonly string[], options: ReadDataOptions = {}): Promise<Data> {
  const data: Data = { rows: [], bad: [], sets: [] };
  const several = specs.length > 1;
  for (const spec of specs.map(parseDataSpec)) {
    const found = await setsOf(spec);
    for (const set of found) await addSet(data, set, spec, options, several || found.length > 1);
  }
  return { ...data, rows: distinct(data) };
}

async function setsOf(spec: DataSpec): Promise<DataSet[]> {
  const { path, name } = spec;
  const described = await readDescription(path, name);
  if (described) return described;
  if (name !== undefined)
    throw new UserError(
      `Expected a file that describes data sets for ${path}:${name} but received one of rows. Leave :${name} out.`,
      {
        code: 'ERR_DATA',
      },
    );
  return [{ name: nameOf(path), path, root: dirname(path), adapt: (value) => value }];
}

/** Of a file, without its endings. */
function nameOf(path: string): string {
  const whole = path.replace(/\.gz$/i, '');
  return basename(whole, extname(whole));
}

async function addSet(
  data: Data,
  set: DataSet,
  spec: DataSpec,
  options: ReadDataOptions,
  several: boolean,
): Promise<void> {
  const given = spec.media ?? (options.media || undefined);
  if (given !== undefined && !statSync(given, { throwIfNoEntry: false })?.isDirectory())
    throw expected('a folder', 'media', given, 'Relative media paths start from it.');
  const root = given ?? set.root;
  const from = several ? { file: set.path } : {};
  const malformed: BadRow[] = [];
  let rows: Row[] = [];
  let untagged = 0;
  const unused: Record<string, number> = {};
  for await (const record of readRecords(set.path)) {
    const { line } = record;
    try {
      if ('reason' in record) throw new Error(record.reason);
      const read = toRow(set.adapt(record.value), line, root, options.captionPrompt ?? CAPTION_PROMPT, options.prompts);
      rows.push(read.row);
      if (read.untagged) untagged++;
      for (const name of new Set([...read.unused, ...leftOut(set, record.value)]))
        unused[name] = (unused[name] ?? 0) + 1;
    } catch (error) {
      malformed.push({ line, reason: (error as Error).message, ...from });
    }
  }
  malformed.sort((a, b) => a.line - b.line);
  if (rows.length === 0) {
    const first = malformed[0] ? ` The first: row ${malformed[0].line}, ${malformed[0].reason}.` : '';
    throw new UserError(`The data file ${set.path} has no usable row (${malformed.length} are malformed).${first}`, {
      code: 'ERR_DATA',
    });
  }
  const all = rows.length;
  if (set.first !== undefined) rows = rows.slice(0, set.first);
  if (set.share !== undefined) rows = rows.slice(0, Math.floor(rows.length * set.share));
  if (set.repeat !== undefined && set.repeat > 1) rows = Array.from({ length: set.repeat }, () => rows).flat();
  // Each data set has its own draw: what one of them takes does not depend on those before it.
  const seed = (options.seed ?? 0) + hashOf(`${set.name}`);
  const taken = takePlaces(rows.length, spec, seed).map((place) => rows[place]!);
  data.rows.push(...taken);
  data.bad.push(...malformed);
  data.sets.push({
    name: set.name,
    path: set.path,
    media: root,
    rows: all,
    malformed: malformed.length,
    untagged,
    ...(Object.keys(unused).length > 0 ? { unused } : {}),
    asked: spec.percent !== undefined ? `${spec.percent}%` : spec.count !== undefined ? String(spec.count) : 'all',
    ids: taken.map(({ id }) => id),
  });
}

/** Fields of a record that `adapt` does not hand on, under their own name or another. */
function leftOut({ columns, adapt }: DataSet, value: unknown): string[] {
  if (!columns) return [];
  const record = value as Record<string, unknown>;
  const handed = adapt(record) as Record<string, unknown>;
  return Object.keys(record).filter(
    (name) => (record[name] ?? null) !== null && !columns.includes(name) && !(name in handed),
  );
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/**
 * Priors are found by a row's id: where data sets have the same id for different media (row-7 of two files), those of the
 * later set are called NAME/ID.
 */
function distinct({ rows, sets }: Data): Row[] {
  if (sets.length < 2) return rows;
  const owner = new Map<string, { set: number; media: string }>();
  let at = 0;
  return sets.flatMap((set, s) => {
    const mine = rows.slice(at, at + set.ids.length);
    at += set.ids.length;
    const named = mine.map((row) => {
      const media = JSON.stringify([row.video, row.media]);
      const first = owner.get(row.id);
      if (!first) owner.set(row.id, { set: s, media });
      return !first || first.set === s || first.media === media
        ? row
        : { ...row, id: `${set.name}/${row.id}`, fileId: row.id };
    });
    set.ids = named.map(({ id }) => id);
    return named;
  });
}

/** The rows of one file. @throws UserError ERR_DATA when it cannot be read or holds no usable row */
export async function readRows(
  path: string,
  mediaRoot?: string,
  captionPrompt = CAPTION_PROMPT,
): Promise<{ rows: Row[]; bad: BadRow[] }> {
  const { rows, bad } = await readData([JSON.stringify({ path })], { media: mediaRoot, captionPrompt });
  return { rows, bad };
}
