/**
 * Small tables that the metric's bonuses are defined by; without them it would be another metric.
 * Source: FAVOR-Bench/FAVOR-Bench @ 62c7e0f LLM-free/LLM-free_step2_compare.py (Apache-2.0).
 */

/** A text that holds the key and one that holds any of the phrases mean the same. */
export const KEY_PHRASES: Readonly<Record<string, readonly string[]>> = {
  'begin interacting with laptop': ['place hands on keyboard', 'use computer', 'type on keyboard'],
  'interact with laptop': ['use computer', 'type on keyboard'],
  'place hands on keyboard': ['begin typing', 'start typing', 'use keyboard'],
  'use laptop': ['operate computer', 'work on laptop'],
  'focus on screen': ['look at monitor', 'watch display'],
};

/** The same for single words. Pairs with a blank never match a word; they stand here as upstream has them. */
export const KEY_WORDS = [
  ['laptop', 'keyboard'],
  ['laptop', 'computer'],
  ['interact', 'place hands'],
  ['interact', 'use'],
  ['begin', 'place'],
  ['screen', 'monitor'],
  ['screen', 'display'],
  ['interacting', 'typing'],
  ['typing', 'keyboard'],
] as const;

/** Actions that earn a further bonus. */
export const COMPUTER_ACTIONS = [
  ['begin interacting with the laptop', 'places hands on the computer keyboard'],
  ['interacting with laptop', 'hands on keyboard'],
  ['interacting with computer', 'typing on keyboard'],
] as const;

/** Nouns of subjects: both texts with a word of a pair earn its bonus, half as much again where they share the word. */
export const SUBJECT_NOUNS: readonly (readonly [bonus: number, pairs: readonly (readonly [string, string])[]])[] = [
  [
    0.3,
    [
      ['girl', 'girls'],
      ['woman', 'women'],
      ['man', 'men'],
      ['boy', 'boys'],
      ['person', 'people'],
      ['child', 'children'],
      ['adult', 'adults'],
      ['subject', 'subjects'],
    ],
  ],
  [
    0.15,
    [
      ['girl', 'woman'],
      ['girl', 'female'],
      ['woman', 'female'],
      ['woman', 'lady'],
      ['boy', 'man'],
      ['boy', 'male'],
      ['man', 'male'],
      ['child', 'kid'],
      ['child', 'girl'],
      ['child', 'boy'],
      ['person', 'human'],
      ['person', 'individual'],
      ['person', 'subject'],
    ],
  ],
  [
    0.07,
    [
      ['person', 'man'],
      ['person', 'woman'],
      ['person', 'child'],
      ['adult', 'man'],
      ['adult', 'woman'],
      ['teenager', 'boy'],
      ['teenager', 'girl'],
    ],
  ],
];
