import { type FavorDictionary, Lexicon, OWN_DICTIONARY } from './caption/lexicon.js';
import { readCaption } from './caption/read-caption.js';
import { englishLanguage } from './english-language.js';
import { scoreMotion } from './score-motion.js';
import { Similarities } from './similarity.js';
import type { MotionLanguage, MotionRecord, MotionScores, ScoredMotion } from './types.js';

/** Stands in every result that lacks anything of what the authors' scripts use. */
export const NOT_COMPARABLE = 'not comparable with published LLM-free numbers';
/** Where nothing is lacking: their records, their models, their memory. */
export const AS_PUBLISHED = 'computed as the authors’ scripts do, from records and models given';

export interface CaptionScores {
  comparability: typeof NOT_COMPARABLE | typeof AS_PUBLISHED;
  /** Why not; empty where it is. */
  reasons: readonly string[];
  /** Similarity and verbs. */
  language: string;
  dictionary: 'ours' | 'given';
  /** Mean of every term over all annotated videos asked for; those without a caption count 0. */
  mean: MotionScores;
  /** The same over captioned videos only, as the authors' script has it. */
  meanOfCaptioned: MotionScores;
  videos: Readonly<Record<string, ScoredCaption>>;
  /** Asked for, without a caption. */
  missing: readonly string[];
  /** Captions of videos without an annotation. */
  unknown: readonly string[];
}

export interface ScoredCaption extends ScoredMotion {
  record: MotionRecord;
}

export interface CaptionOptions {
  /** Default: words and word lists (`englishLanguage`). */
  language?: MotionLanguage;
  /** FAVOR's own word lists as JSON (`readDictionary`); ours by default. */
  dictionary?: FavorDictionary;
  /**
   * Whether similarities are remembered for one video (default: scores do not depend on the order of videos) or, as by the
   * authors' script, for the whole data set.
   */
  memory?: 'video' | 'shared';
}

/**
 * FAVOR's LLM-free metric of free captions: step 1 and step 2.
 * @param annotations of FAVOR_gt_annotations.json, by video: those that were asked for
 * @param captions by video; or records that step 1 made of them elsewhere, as by the authors' notebook
 */
export function scoreCaptions(
  annotations: Readonly<Record<string, MotionRecord>>,
  captions: Readonly<Record<string, string | MotionRecord>>,
  { language, dictionary, memory = 'video' }: CaptionOptions = {},
): CaptionScores {
  const lexicon = new Lexicon(dictionary ?? OWN_DICTIONARY);
  const spoken = language ?? englishLanguage(lexicon);
  const shared = memory === 'shared' ? new Similarities(spoken) : undefined;
  const videos: Record<string, ScoredCaption> = {};
  for (const [id, annotation] of Object.entries(annotations)) {
    const caption = captions[id];
    if (caption === undefined) continue;
    const record = typeof caption === 'string' ? readCaption(caption, lexicon) : caption;
    videos[id] = { ...scoreMotion(annotation, record, spoken, shared), record };
  }
  const scores = Object.values(videos).map((video) => video.scores);
  const read = Object.values(captions).some((caption) => typeof caption === 'string');
  const reasons = [
    ...(read ? ['captions are read by our own code after the authors’ description (step 1)'] : []),
    ...(dictionary || !read ? [] : ['word lists are ours, not FAVOR_Dictionary']),
    ...(spoken.reference
      ? []
      : [`similarity is ${spoken.name}, not the reference sentence encoder with NLTK and WordNet`]),
    ...(shared ? [] : ['similarities are remembered for each video alone']),
  ];
  return {
    comparability: reasons.length > 0 ? NOT_COMPARABLE : AS_PUBLISHED,
    reasons,
    language: spoken.name,
    dictionary: dictionary ? 'given' : 'ours',
    mean: meanOf(scores, Object.keys(annotations).length),
    meanOfCaptioned: meanOf(scores, scores.length),
    videos,
    missing: Object.keys(annotations).filter((id) => captions[id] === undefined),
    unknown: Object.keys(captions).filter((id) => annotations[id] === undefined),
  };
}

const TERMS = [
  'camera_motion_score',
  'camera_precision_score',
  'camera_recall_score',
  'camera_order_score',
  'subject_action_score',
  'subject_precision_score',
  'subject_recall_score',
  'subject_order_score',
  'chrono_match_score',
  'chrono_precision_score',
  'chrono_recall_score',
  'chrono_order_score',
  'final_score',
] as const satisfies readonly (keyof MotionScores)[];

/** 0 over nothing, as upstream. */
const meanOf = (scores: readonly MotionScores[], count: number): MotionScores =>
  Object.fromEntries(
    TERMS.map((term) => [term, count === 0 ? 0 : scores.reduce((sum, score) => sum + score[term], 0) / count]),
  ) as unknown as MotionScores;
