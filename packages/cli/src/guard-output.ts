import { visibleText } from '@motion-enhancer/support';

/**
 * Work goes on where what it says can no longer be written (a closed pipe, a full disk, a lost terminal). Progress is
 * then lost; results are what a command is for: without them its exit code is 141 for a reader that went (as the shell
 * has it), else 1.
 */
export function guardOutput(): void {
  let lost: NodeJS.ErrnoException | null = null;
  guard(process.stderr, () => {});
  guard(process.stdout, (error) => {
    lost ??= error;
  });
  showControls(process.stdout, ['log']);
  showControls(process.stderr, ['error', 'warn']);
  process.on('exit', () => {
    if (!lost) return;
    // A reader that has read enough (head, less) needs no words.
    if (lost.code !== 'EPIPE')
      process.stderr.write(
        `error: The results could not be written: ${lost.message}. Give another place to write to.\n`,
      );
    if (!process.exitCode) process.exitCode = lost.code === 'EPIPE' ? 141 : 1;
  });
}

/** Ids, texts and replies come from files and models: on a terminal their control characters are shown, not obeyed. */
function showControls(stream: NodeJS.WriteStream, names: readonly ('log' | 'error' | 'warn')[]): void {
  if (!stream.isTTY) return;
  for (const name of names) {
    const say = console[name].bind(console);
    console[name] = (...given: unknown[]) =>
      say(...given.map((value) => (typeof value === 'string' ? visibleText(value) : value)));
  }
}

/** Pipes fail by an event, files by an exception. */
function guard(stream: NodeJS.WriteStream, onLost: (error: NodeJS.ErrnoException) => void): void {
  stream.on('error', onLost);
  const write = stream.write.bind(stream) as (...given: unknown[]) => boolean;
  const guarded = (...given: unknown[]): boolean => {
    try {
      return write(...given);
    } catch (error) {
      onLost(error as NodeJS.ErrnoException);
      // Who waits for the end of the write waits no longer.
      const done = given.findLast((value) => typeof value === 'function') as (() => void) | undefined;
      if (done) process.nextTick(done);
      return true;
    }
  };
  stream.write = guarded as typeof stream.write;
}
