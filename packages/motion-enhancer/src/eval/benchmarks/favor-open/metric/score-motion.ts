import { harmonic, matchActions } from './match-actions.js';
import { matchSubjects } from './match-subjects.js';
import { orderScore } from './order.js';
import { readCameraMotion, readChronologicalList, readMotionList } from './read-records.js';
import { SETTINGS } from './settings.js';
import { Similarities } from './similarity.js';
import type { MotionLanguage, MotionRecord, MotionScores, OrderedMatch, ScoredMotion } from './types.js';

const NOTHING: OrderedMatch = { f1: 0, precision: 0, recall: 0, order: 0, mapping: new Map(), scores: [] };

/**
 * Step 2 of FAVOR's LLM-free metric for one video.
 * Source: FAVOR-Bench/FAVOR-Bench @ 62c7e0f LLM-free/LLM-free_step2_compare.py (compute_overall_score).
 * @param similarities shared between videos where they must be remembered as upstream does; by default new ones
 */
export function scoreMotion(
  gt: MotionRecord,
  pred: MotionRecord,
  language: MotionLanguage,
  similarities = new Similarities(language),
): ScoredMotion {
  const camera = scoreCamera(gt.camera_motion, pred.camera_motion, similarities);
  const extracted = { gt: readMotionList(gt.motion_list), pred: readMotionList(pred.motion_list) };
  const subjectMapping = matchSubjects(extracted.gt, extracted.pred, similarities);
  const subjects = [...subjectMapping].map(([predId, gtId]) => {
    const [predActions, gtActions] = [extracted.pred.actions.get(predId)!, extracted.gt.actions.get(gtId)!];
    const match = ordered(predActions, gtActions, similarities);
    return { ...match, pred: predId, gt: gtId, weight: gtActions.length };
  });
  // Matched subjects whom the annotation gives no action: upstream divides by 0, and catches that with zeros for all.
  const undefinedThere = subjects.length > 0 && subjects.every(({ weight }) => weight === 0);
  const subject = weighted(subjects);
  const chronological = scoreChronological(gt, pred, similarities);
  const { weights } = SETTINGS;
  const scores: MotionScores = {
    camera_motion_score: camera.f1,
    camera_precision_score: camera.precision,
    camera_recall_score: camera.recall,
    camera_order_score: camera.order,
    subject_action_score: subject.f1,
    subject_precision_score: subject.precision,
    subject_recall_score: subject.recall,
    subject_order_score: subject.order,
    chrono_match_score: chronological.f1,
    chrono_precision_score: chronological.precision,
    chrono_recall_score: chronological.recall,
    chrono_order_score: chronological.order,
    final_score:
      weights.camera * camera.f1 +
      weights.subjectPrecision * subject.precision +
      weights.subjectRecall * subject.recall +
      weights.subjectOrder * subject.order +
      weights.chronoPrecision * chronological.precision +
      weights.chronoRecall * chronological.recall +
      weights.chronoOrder * chronological.order,
  };
  return {
    scores: undefinedThere ? zeros(scores) : scores,
    extracted,
    subjectMapping,
    subjects,
    camera: { pred: camera.pred, gt: camera.gt, mapping: camera.mapping },
    chronological: { pred: chronological.pred, gt: chronological.gt, mapping: chronological.mapping },
  };
}

const zeros = (scores: MotionScores): MotionScores =>
  Object.fromEntries(Object.keys(scores).map((term) => [term, 0])) as unknown as MotionScores;

function ordered(
  pred: readonly string[],
  gt: readonly string[],
  similarities: Similarities,
  threshold: number = SETTINGS.threshold.action,
): OrderedMatch {
  const match = matchActions(pred, gt, similarities, threshold);
  return { ...match, order: orderScore(match.mapping, pred.length, gt.length) };
}

/** Full marks where the annotation says nothing of the camera. */
function scoreCamera(gtText: string, predText: string, similarities: Similarities) {
  const pred = readCameraMotion(predText);
  if (gtText.trim() === '') return { ...NOTHING, f1: 1, precision: 1, recall: 1, order: 1, pred, gt: [] };
  const gt = readCameraMotion(gtText);
  return { ...ordered(pred, gt, similarities, SETTINGS.threshold.camera), pred, gt };
}

/** Mean over matched subjects, weighted by how many actions the annotation gives them. */
function weighted(subjects: ScoredMotion['subjects']): Pick<OrderedMatch, 'f1' | 'precision' | 'recall' | 'order'> {
  const total = subjects.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0) return NOTHING;
  const mean = (of: 'f1' | 'precision' | 'recall' | 'order'): number =>
    subjects.reduce((sum, subject) => sum + subject[of] * subject.weight, 0) / total;
  return { f1: mean('f1'), precision: mean('precision'), recall: mean('recall'), order: mean('order') };
}

/** Actions of all subjects in order of time; a tenth of precision and recall depends on equal subject numbers. */
function scoreChronological(gtRecord: MotionRecord, predRecord: MotionRecord, similarities: Similarities) {
  const pred = readChronologicalList(predRecord.chronological_motion_list);
  const gt = readChronologicalList(gtRecord.chronological_motion_list);
  if (pred.length === 0 || gt.length === 0) return { ...NOTHING, pred, gt };
  const actionsOf = (list: typeof pred): string[] => list.map(([action]) => action);
  const match = ordered(actionsOf(pred), actionsOf(gt), similarities);
  const same = [...match.mapping].filter(([i, j]) => pred[i]![1] === gt[j]![1]).length;
  const rate = match.mapping.size === 0 ? 0 : same / match.mapping.size;
  const factor = 1 - SETTINGS.sameSubject + SETTINGS.sameSubject * rate;
  const [precision, recall] = [match.precision * factor, match.recall * factor];
  return { ...match, precision, recall, f1: harmonic(precision, recall), pred, gt };
}
