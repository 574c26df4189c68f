import type { AnswerRecord } from '../../run/answer-record.js';
import type { TermScores } from '../benchmark.js';
import { readJsonFile } from '../read-file.js';
import { type CaptionScores, type MotionRecord, readDictionary, scoreCaptions } from './metric/index.js';

/** The metric's terms, as the authors name them, in the order of importance. */
const TERMS = {
  final: 'final_score',
  camera: 'camera_motion_score',
  'subject precision': 'subject_precision_score',
  'subject recall': 'subject_recall_score',
  'subject order': 'subject_order_score',
  'chrono precision': 'chrono_precision_score',
  'chrono recall': 'chrono_recall_score',
  'chrono order': 'chrono_order_score',
} as const;

/**
 * Captions against their annotations: FAVOR's LLM-free metric. A video without a caption scores 0.
 * @param dictionary FAVOR's word lists as a JSON file; ours where it is ''
 * @throws UserError ERR_DATA, ERR_VALUE
 */
export function scoreFavorOpen(answers: ReadonlyMap<string, AnswerRecord>, dictionary: string): TermScores {
  const records = [...answers.values()];
  const annotations = Object.fromEntries(records.map(({ id, annotation }) => [id, motionRecord(annotation)]));
  const captions = Object.fromEntries(
    records.flatMap(({ id, output }) => (output === null ? [] : [[id, output] as const])),
  );
  const words = dictionary === '' ? {} : { dictionary: readDictionary(readJsonFile(dictionary), dictionary) };
  const scores = scoreCaptions(annotations, captions, words);
  const { mean, videos, missing, comparability, reasons } = scores;
  return {
    rule: `FAVOR’s LLM-free metric, ${comparability}: ${reasons.join('; ')}`,
    terms: Object.entries(TERMS).map(([name, term]) => ({
      name,
      mean: mean[term],
      values: [...Object.values(videos).map((video) => video.scores[term]), ...missing.map(() => 0)],
    })),
    files: { 'favor_step1.json': captionRecords(scores) },
  };
}

/** Captions as the authors' step 1 leaves them for their step 2: {id: {model_caption, camera_motion, …}}. */
function captionRecords({ videos }: CaptionScores): string {
  const records = Object.fromEntries(Object.entries(videos).map(([id, { record }]) => [id, record]));
  return `${JSON.stringify(records, null, 1)}\n`;
}

/** The fields that the metric reads, as text: video_perspective.json has lists in places. */
function motionRecord(annotation: unknown): MotionRecord {
  const raw = (annotation ?? {}) as Record<string, unknown>;
  const text = (value: unknown, joint: string) =>
    Array.isArray(value) ? value.map(String).join(joint) : typeof value === 'string' ? value : '';
  return {
    camera_motion: text(raw.camera_motion, ', '),
    motion_list: text(raw.motion_list, '\n'),
    chronological_motion_list: text(raw.chronological_motion_list, ', '),
  };
}
