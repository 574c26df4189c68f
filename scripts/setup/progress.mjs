import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Prints one progress line on stderr, since stdout belongs to results. Lines, not a redrawn bar: they read the same on a terminal, in a log and in CI. */
export function say(text) {
  process.stderr.write(`setup: ${text}\n`);
}

/** "12.3 MB" or "480 MB": decimal megabytes, as package registries count. */
export function megabytes(bytes) {
  const mb = bytes / 1e6;
  return `${mb < 100 ? mb.toFixed(1) : Math.round(mb)} MB`;
}

/** "0.4 s" since `start`, a performance.now() reading. */
export function secondsSince(start) {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

/** Reports how a folder grows while `work` runs: a line every `everyMs`. */
export async function withFolderProgress(what, folder, work, everyMs = 3000) {
  const start = performance.now();
  const timer = setInterval(() => say(`  ${what}: ${megabytes(folderBytes(folder))}, ${secondsSince(start)}`), everyMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** Bytes of all files under a folder; files that vanish while it looks count as nothing. */
export function folderBytes(folder) {
  let bytes = 0;
  let entries = [];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return 0;
  }
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += folderBytes(path);
    else if (entry.isFile()) {
      try {
        bytes += statSync(path).size;
      } catch {
        // Removed between the listing and the question.
      }
    }
  }
  return bytes;
}
