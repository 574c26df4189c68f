const said = new Set<string>();

/** A line on stderr, once a process however many clips there are. */
export function sayOnce(line: string): void {
  if (said.has(line)) return;
  said.add(line);
  process.stderr.write(`${line}\n`);
}
