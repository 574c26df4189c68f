import type { Readable, Writable } from 'node:stream';

/**
 * Passes a stream's lines on, each with `prefix` before it, and a last one without a line end as a line of its own.
 * @returns what gives the last lines that were passed on, at most `kept`
 */
export function prefixLines(from: Readable, to: Writable, prefix: string, kept = 10): () => string[] {
  const last: string[] = [];
  let rest = '';
  const pass = (line: string): void => {
    to.write(`${prefix}${line}\n`);
    if (line.trim() === '') return;
    last.push(line);
    if (last.length > kept) last.shift();
  };
  from.setEncoding('utf8');
  from.on('data', (text: string) => {
    const lines = (rest + text).split(/\r?\n|\r(?!$)/);
    rest = lines.pop()!;
    for (const line of lines) pass(line);
  });
  from.on('end', () => {
    if (rest !== '') pass(rest);
    rest = '';
  });
  return () => [...last];
}
