/** Ids of so many digits may be larger than what numbers of JavaScript hold exactly, 2^53. */
const LARGE_ID = /("id"\s*:\s*)(-?\d{16,})(?=\s*[,}])/g;

/**
 * A JSON value; a large whole number under `id` is a text of its own characters.
 * @throws Error whose message completes "row N: …"
 */
export function parseJson(bytes: Buffer): unknown {
  let text: string;
  try {
    text = bytes.toString('utf8');
  } catch {
    throw new Error(`it is ${(bytes.length / 2 ** 20).toFixed(0)} MiB long, more than a row can be`);
  }
  try {
    // A quotation mark within a text is escaped, so that this is never a part of one.
    return JSON.parse(text.replace(LARGE_ID, '$1"$2"')) as unknown;
  } catch {
    const word = /(?<=[:[,]\s*)(-?Infinity|NaN|None|True|False)\b/.exec(text)?.[1];
    throw new Error(`not valid JSON${word ? `, which has no ${word}` : ''}`);
  }
}
