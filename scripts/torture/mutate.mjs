const VALUES = [
  'null',
  '-1',
  '0',
  '1e308',
  '123456789012345678901',
  '"x"',
  '""',
  '[]',
  '{}',
  'true',
  '[[1]]',
  '0.5',
  '"\\u0000"',
];

/** Bytes with one to four mistakes in them: flips, holes, cuts, copies, foreign bytes; of a text also other values. */
export function mutate(bytes, isText, random) {
  let out = Buffer.from(bytes);
  for (let k = 0; k <= random.below(4); k++) out = one(out, isText, random);
  return out;
}

function one(bytes, isText, random) {
  if (bytes.length === 0) return Buffer.from([random.below(256)]);
  const at = random.below(bytes.length);
  const length = 1 + random.below(Math.min(64, bytes.length));
  if (isText && random.below(3) > 0) return otherValue(bytes, random);
  const out = Buffer.from(bytes);
  switch (random.below(6)) {
    case 0:
      return out.subarray(0, at);
    case 1:
      return out.fill(0, at, Math.min(out.length, at + length));
    case 2:
      return Buffer.concat([out.subarray(0, at), out.subarray(at, at + length), out.subarray(at)]);
    case 3:
      return Buffer.concat([out.subarray(0, at), Buffer.from([random.below(256), 255]), out.subarray(at)]);
    case 4:
      out[at] = random.below(256);
      return out;
    default:
      out[at] ^= 1 << random.below(8);
      return out;
  }
}

/** Of a JSON or YAML text one number, text, list or word becomes another value. */
function otherValue(bytes, random) {
  const text = bytes.toString('latin1');
  const found = [...text.matchAll(/-?\d+(?:\.\d+)?(?:e-?\d+)?|"[^"\n]*"|\[[^[\]]*\]|true|false|null/g)];
  if (found.length === 0) return bytes.subarray(0, random.below(bytes.length));
  const { 0: old, index } = random.pick(found);
  return Buffer.from(text.slice(0, index) + random.pick(VALUES) + text.slice(index + old.length), 'latin1');
}
