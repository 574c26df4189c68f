import { join } from 'node:path';
import { tokenizerError } from './tokenizer-error.js';
import { isObject, readOptionalJson, shown } from './tokenizer-files.js';
import type { AddedToken } from './types.js';

const MAX_ID = 2 ** 21;

/**
 * Added tokens of a folder: tokenizer.json `added_tokens`, tokenizer_config.json `added_tokens_decoder`,
 * added_tokens.json ({content: id}); the earlier file wins where two name the same content.
 */
export function readAddedTokens(dir: string, tokenizerJson?: Record<string, unknown>): AddedToken[] {
  const found = new Map<string, AddedToken>();
  const add = (token: AddedToken) => {
    if (!found.has(token.content)) found.set(token.content, token);
  };
  const list = tokenizerJson?.added_tokens ?? [];
  if (!Array.isArray(list)) throw malformed(dir, 'tokenizer.json', 'an array for added_tokens', list);
  for (const entry of list) add(parse(dir, 'tokenizer.json', isObject(entry) ? entry.id : undefined, entry));

  const config = readOptionalJson(dir, 'tokenizer_config.json');
  const decoder = config?.added_tokens_decoder ?? {};
  if (!isObject(decoder)) throw malformed(dir, 'tokenizer_config.json', 'an object for added_tokens_decoder', decoder);
  for (const [id, entry] of Object.entries(decoder)) add(parse(dir, 'tokenizer_config.json', Number(id), entry));

  const specials = specialContents(dir, config);
  for (const [content, id] of Object.entries(readOptionalJson(dir, 'added_tokens.json') ?? {})) {
    add(parse(dir, 'added_tokens.json', id, { content, special: specials.has(content) }));
  }
  return [...found.values()].sort((a, b) => a.id - b.id);
}

/** The content of a token that a config names either as a string or as {content}. */
export function tokenContent(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return isObject(value) && typeof value.content === 'string' ? value.content : undefined;
}

function specialContents(dir: string, config: Record<string, unknown> | undefined): Set<string> {
  const named = new Set<string>();
  for (const source of [config, readOptionalJson(dir, 'special_tokens_map.json')]) {
    for (const [key, value] of Object.entries(source ?? {})) {
      if (key !== 'additional_special_tokens' && !key.endsWith('_token')) continue;
      for (const token of Array.isArray(value) ? value : [value]) {
        const content = tokenContent(token);
        if (content !== undefined) named.add(content);
      }
    }
  }
  return named;
}

function parse(dir: string, name: string, id: unknown, entry: unknown): AddedToken {
  const content = isObject(entry) ? entry.content : undefined;
  if (!isObject(entry) || typeof content !== 'string' || content === '') {
    throw malformed(dir, name, 'an added token with a non-empty content', entry);
  }
  if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > MAX_ID) {
    throw malformed(dir, name, `an id for the added token ${content}`, id);
  }
  return {
    id,
    content,
    special: entry.special === true,
    lstrip: entry.lstrip === true,
    rstrip: entry.rstrip === true,
    singleWord: entry.single_word === true,
  };
}

function malformed(dir: string, name: string, what: string, received: unknown) {
  return tokenizerError(join(dir, name), `Expected ${what} but received ${shown(received)}`);
}
