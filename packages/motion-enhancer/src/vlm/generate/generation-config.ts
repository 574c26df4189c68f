import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigReader, readJsonObject } from '@motion-enhancer/models';
import { UserError } from '@motion-enhancer/support';

/** What generation_config.json of a checkpoint asks for; transformers' defaults where it is silent. */
export interface GenerationConfig {
  /** Tokens that end a reply. */
  eosIds: readonly number[];
  /** Draw tokens rather than take the likeliest. */
  doSample: boolean;
  temperature: number;
  topP: number;
  /** 0: all tokens. */
  topK: number;
  repetitionPenalty: number;
  /** Longest reply, where the file names one. */
  maxNewTokens: number | null;
  /** Longest chat with its reply, where the file names one; counts only without `maxNewTokens`. */
  maxLength: number | null;
  /** Texts that end a reply. */
  stop: readonly string[];
}

/** Settings that change what is generated, with the values at which they do nothing: none of them may be passed over. */
const NOT_SUPPORTED: readonly [field: string, nothing: unknown][] = [
  ['num_beams', 1],
  ['num_return_sequences', 1],
  ['min_p', null],
  ['typical_p', 1],
  ['epsilon_cutoff', 0],
  ['eta_cutoff', 0],
  ['no_repeat_ngram_size', 0],
  ['min_length', 0],
  ['min_new_tokens', null],
  ['bad_words_ids', null],
  ['suppress_tokens', null],
  ['begin_suppress_tokens', null],
  ['forced_bos_token_id', null],
  ['forced_eos_token_id', null],
  ['penalty_alpha', null],
  ['length_penalty', 1],
  ['guidance_scale', null],
];

/**
 * Reads generation_config.json. Sampling settings count only with `do_sample`, as in transformers; there top_k is 50
 * where the file is silent.
 * Source: transformers generation/configuration_utils.py @ v5.18.0.
 * @param fallbackEos the config's end token, for folders without the file
 * @throws UserError ERR_CONFIG: not JSON, a field of the wrong kind, or a way of generating that is not there
 */
export function readGenerationConfig(dir: string, fallbackEos: number): GenerationConfig {
  const file = join(dir, 'generation_config.json');
  const reader = new ConfigReader(existsSync(file) ? readJsonObject(file, 'ERR_CONFIG') : {}, file);
  for (const [field, nothing] of NOT_SUPPORTED) {
    const value = reader.raw[field] ?? nothing;
    const empty = value === false || (nothing === null && value === 0) || (Array.isArray(value) && value.length === 0);
    if (value !== nothing && !empty)
      throw new UserError(
        `Expected ${JSON.stringify(nothing)} or nothing for ${field} in ${file} but received ${JSON.stringify(value)}: that is not supported. Remove the line.`,
        { code: 'ERR_CONFIG' },
      );
  }
  const eos = reader.has('eos_token_id')
    ? Array.isArray(reader.raw.eos_token_id)
      ? reader.ints('eos_token_id')
      : [reader.int('eos_token_id')]
    : [];
  return {
    eosIds: eos.length > 0 ? eos : [fallbackEos],
    doSample: reader.bool('do_sample', false),
    temperature: within(reader, 'temperature', 1, (v) => v >= 0),
    topP: within(reader, 'top_p', 1, (v) => v > 0 && v <= 1),
    topK: within(reader, 'top_k', 50, (v) => Number.isInteger(v) && v >= 0),
    repetitionPenalty: within(reader, 'repetition_penalty', 1, (v) => v > 0),
    maxNewTokens: reader.int('max_new_tokens', null),
    maxLength: reader.int('max_length', null),
    stop: stopStrings(reader),
  };
}

function stopStrings(reader: ConfigReader): readonly string[] {
  if (typeof reader.raw.stop_strings === 'string') return [reader.raw.stop_strings];
  return reader.strings('stop_strings', []);
}

function within(reader: ConfigReader, field: string, fallback: number, fits: (value: number) => boolean): number {
  const value = reader.float(field, fallback);
  if (fits(value)) return value;
  throw new UserError(`Expected a sensible number for ${field} in ${reader.file} but received ${value}. Correct it.`, {
    code: 'ERR_CONFIG',
  });
}
