export { type FavorDictionary, Lexicon, OWN_DICTIONARY, readDictionary } from './caption/lexicon.js';
export { readCaption } from './caption/read-caption.js';
export { englishLanguage } from './english-language.js';
export { PLAIN_LANGUAGE } from './plain-language.js';
export {
  AS_PUBLISHED,
  type CaptionOptions,
  type CaptionScores,
  NOT_COMPARABLE,
  type ScoredCaption,
  scoreCaptions,
} from './score-captions.js';
export { scoreMotion } from './score-motion.js';
export type { CaptionRecord, MotionLanguage, MotionRecord, MotionScores, ScoredMotion } from './types.js';
