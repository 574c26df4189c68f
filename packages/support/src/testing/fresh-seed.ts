let seed: number | undefined;

/** The seed of this process: new each run, or that of the environment (TEST_SEED=123). A failing file prints it at its end. */
export function freshSeed(): number {
  if (seed !== undefined) return seed;
  const fresh = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
  process.on('exit', (code) => {
    if (code !== 0) console.error(`Random numbers of this run: TEST_SEED=${fresh} repeats them.`);
  });
  seed = fresh;
  return fresh;
}
