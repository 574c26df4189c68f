// What tests of benchmarks share: the fixtures laid out as the authors publish them.
import { copyFileSync, cpSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fixture } from '@motion-enhancer/support/testing';

export type FixtureBenchmark = 'motionbench' | 'favor' | 'seedbench' | 'videomme';

/** Copies a benchmark's rows and our test videos under its own names into `dir`, which is returned. */
export function layOutBenchmark(benchmark: FixtureBenchmark, dir: string): string {
  cpSync(fixture(`benchmarks/${benchmark}`), dir, { recursive: true });
  const media = JSON.parse(readFileSync(fixture('benchmarks/media.json'), 'utf8')) as Record<
    string,
    Record<string, string>
  >;
  for (const [name, source] of Object.entries(media[benchmark]!)) {
    const path = join(dir, name);
    mkdirSync(dirname(path), { recursive: true });
    copyFileSync(fixture(source), path);
  }
  return dir;
}
