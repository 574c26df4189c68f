import { readFileSync } from 'node:fs';

/** The numbers of published models, and of tiny ones of their form, as their config.json has them: tests read them too. */
export const MODEL_SIZES = JSON.parse(
  readFileSync(new URL('../test/fixtures/model-sizes.json', import.meta.url), 'utf8'),
);
