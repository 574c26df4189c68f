import type { RawConfig } from './config-reader.js';

/**
 * Fields that Hugging Face configs declare as float. transformers ≥ 5 refuses `1` where it wants `1.0`, and
 * JavaScript has one type for both.
 */
const FLOAT_FIELDS = new Set([
  'attention_dropout',
  'classifier_dropout',
  'dropout',
  'dropout_rate',
  'embed_pdrop',
  'hidden_dropout',
  'initializer_factor',
  'initializer_range',
  'layer_norm_eps',
  'layer_norm_epsilon',
  'norm_eps',
  'rms_norm_eps',
  'rope_theta',
]);

/** Stands before the text of a number inside a JSON string while it is on its way; no config holds it. */
const MARK = '\u0000number:';

/**
 * `config.json` as text, two spaces indented. Whole numbers are written as floats (`1.0`) where `source`, the text that
 * the config came from, has a float in the same place, and in fields that are known to be floats.
 */
export function formatConfig(config: RawConfig, source = '{}'): string {
  const marked = withFloats(config, JSON.parse(markFloats(source)));
  const text = JSON.stringify(marked, null, 2);
  return `${text.replace(/"\\u0000number:([^"]*)"/g, '$1')}\n`;
}

/** Numbers with a point or an exponent become marked strings. Strings are matched first, so that they are left alone. */
function markFloats(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) =>
    token[0] !== '"' && /[.eE]/.test(token) ? JSON.stringify(MARK + token) : token,
  );
}

const isMarked = (v: unknown): v is string => typeof v === 'string' && v.startsWith(MARK);

function withFloats(value: unknown, like: unknown, key = ''): unknown {
  if (typeof value === 'number') {
    if (isMarked(like) && Number(like.slice(MARK.length)) === value) return like;
    const float = isMarked(like) || (typeof like !== 'number' && FLOAT_FIELDS.has(key));
    return float && Number.isInteger(value) && Math.abs(value) < 1e15 ? `${MARK}${value}.0` : value;
  }
  const inner = typeof like === 'object' && like !== null ? (like as Record<string, unknown>) : {};
  if (Array.isArray(value)) return value.map((item, i) => withFloats(item, inner[i]));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([k, v]) => [k, withFloats(v, Object.hasOwn(inner, k) ? inner[k] : undefined, k)]),
  );
}
