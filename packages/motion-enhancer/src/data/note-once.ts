import { BroadcastChannel, isMainThread } from 'node:worker_threads';

interface Note {
  text: string;
  kind: string;
}

const noted = new Set<string>();
const channel = new BroadcastChannel('motion-enhancer notes');
if (isMainThread) channel.onmessage = (message) => write((message as { data: Note }).data);
// A channel that waits for notes must not keep a command from ending.
(channel as unknown as { unref(): void }).unref();

/**
 * Says on stderr what of an input is not used: a kind once a process, whichever of its threads finds it. Threads leave
 * writing to the main one, which alone knows what was written.
 * @param kind of the note: each kind is written once; by default the text itself
 */
export function noteOnce(text: string, kind = text): void {
  if (isMainThread) write({ text, kind });
  else channel.postMessage({ text, kind } satisfies Note);
}

function write({ text, kind }: Note): void {
  if (noted.has(kind)) return;
  noted.add(kind);
  // A progress line may stand where the note begins.
  process.stderr.write(`${process.stderr.isTTY ? '\r\u001b[K' : ''}note: ${text}\n`);
}
