/** Qwen2's split pattern, as its tokenizer.json and transformers write it (Oniguruma syntax). */
export const QWEN2_PATTERN = String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;

/** Letters with case variants beyond the obvious pair that (?i) also matches: ſ (long s) and K (Kelvin). */
const EXTRA_CASES: Record<string, string> = { s: 'ſ', k: '\u212a' };

/**
 * The JavaScript form of an Oniguruma pattern: `(?i:…)` is spelled out (Node 20 has no inline flags) and \s is
 * Unicode's White_Space (JavaScript's \s lacks U+0085 and has U+FEFF).
 * @throws SyntaxError if JavaScript cannot express the pattern.
 */
export function preTokenizerPattern(source: string): RegExp {
  const spelled = source
    .replace(/\(\?i:([^()]*)\)/g, (_, body: string) => `(?:${body.replace(/(?<!\\)[a-z]/gi, bothCases)})`)
    .replace(/\\\\|\\s|\\S/g, (symbol) =>
      symbol === '\\s' ? '\\p{White_Space}' : symbol === '\\S' ? '\\P{White_Space}' : symbol,
    );
  return new RegExp(spelled, 'gu');
}

function bothCases(letter: string): string {
  const lower = letter.toLowerCase();
  return `[${lower}${letter.toUpperCase()}${EXTRA_CASES[lower] ?? ''}]`;
}
