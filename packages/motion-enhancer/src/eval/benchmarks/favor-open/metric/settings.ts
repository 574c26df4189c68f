/**
 * The metric's settings in force: defaults of the authors' script under those of its main().
 * Source: FAVOR-Bench/FAVOR-Bench @ 62c7e0f LLM-free/LLM-free_step2_compare.py.
 */
export const SETTINGS = {
  weights: {
    camera: 0.05,
    subjectPrecision: 0.2,
    subjectRecall: 0.2,
    subjectOrder: 0.05,
    chronoPrecision: 0.2,
    chronoRecall: 0.2,
    chronoOrder: 0.1,
  },
  /** Bonuses on a similarity. */
  bonus: { keyTerms: 0.3, sameVerb: 0.3, synonymVerb: 0.3 * 0.8, computer: 0.15 },
  synonymAbove: 0.8,
  /** Share of the places in an action's similarity. */
  position: 0.3,
  threshold: { action: 0.3, least: 0.25, most: 0.7, camera: 0.3 * 0.8, combined: 0.1 },
  lowQuality: { below: 0.15, belowMean: 0.2 },
  distance: 15,
  window: 3,
  lengthPenalty: 0.2,
  order: { penalty: 0.5, least: 3, short: 0.2 },
  subject: { sure: 0.5, least: 0.15, description: 0.1, actions: 0.95, joined: 0.2, each: 0.8 },
  sameSubject: 0.1,
} as const;
