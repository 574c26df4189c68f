import { PLAIN_LANGUAGE } from '../../eval/benchmarks/favor-open/metric/plain-language.js';
import { scoreMotion } from '../../eval/benchmarks/favor-open/metric/score-motion.js';
import type { MotionRecord, ScoredMotion } from '../../eval/benchmarks/favor-open/metric/types.js';
import { compareNumbers } from '../compare.js';
import { compareCases } from '../compare-cases.js';
import { besideReference, readJson } from '../golden-file.js';
import type { ParityPart, Tolerance } from '../part.js';

const GOLDEN = 'goldens/favor_llmfree.json';
/** Both sides compute in float64; only the order of sums differs. */
const FLOAT64: Tolerance = { abs: 1e-12, rel: 0 };

type Numbered<T> = Record<string, T>;

interface Case {
  gt: MotionRecord;
  pred: MotionRecord;
  scores: Numbered<number>;
  subject_mapping: Numbered<number>;
  subjects: Numbered<{ action_mapping: Numbered<number>; match_scores: number[]; order_score: number; weight: number }>;
  extracted: Numbered<Numbered<string | string[]>>;
  camera: { pred_segments: string[]; gt_segments: string[]; segment_mapping: Numbered<number> };
  chrono: { pred_sequence: unknown; gt_sequence: unknown; chrono_mapping: Numbered<number> };
}

/** Step 2 of FAVOR's LLM-free metric against the authors' script: every term of every case, and how it came about. */
export const favorLlmFreePart: ParityPart = {
  name: 'favor_llmfree',
  needs: [],
  goldens: [GOLDEN],
  run(dir, { report }) {
    const { cases = [] } = readJson(besideReference(dir, GOLDEN)!) as { cases?: Case[] };
    const known = new Map<Case, ScoredMotion>();
    const scored = (one: Case): ScoredMotion => {
      const found = known.get(one) ?? scoreMotion(one.gt, one.pred, PLAIN_LANGUAGE);
      known.set(one, found);
      return found;
    };
    const compare = (name: string, ours: readonly number[], reference: readonly number[]) =>
      compareNumbers(name, ours, reference, FLOAT64);
    const terms = new Set(cases.flatMap((one) => Object.keys(one?.scores ?? {})));
    for (const term of terms)
      compareCases(
        {
          name: `favor_llmfree/${term}`,
          cases,
          ours: (one) => [scored(one).scores[term as 'final_score']],
          reference: (one) => [one.scores[term]!],
          compare,
        },
        report,
      );
    compareCases(
      {
        name: 'favor_llmfree/match_scores',
        cases,
        ours: (one) => scored(one).subjects.flatMap(({ scores }) => scores),
        reference: ({ subjects }) => Object.values(subjects).flatMap(({ match_scores }) => match_scores),
        compare,
      },
      report,
    );
    compareCases(
      {
        name: 'favor_llmfree/matches',
        cases,
        ours: (one) => [ourMatches(scored(one))],
        reference: (one) => [goldenMatches(one)],
      },
      report,
    );
  },
};

/** What was read and matched, in one text a case. JSON sorts whole-numbered keys, on both sides alike. */
function ourMatches({ subjectMapping, subjects, extracted, camera, chronological }: ScoredMotion): string {
  return JSON.stringify([
    plain(subjectMapping),
    subjects.map(({ mapping, weight }) => [plain(mapping), weight]),
    [extracted.gt, extracted.pred].map(({ subjects: who, actions }) => [plain(who), plain(actions)]),
    [camera.pred, camera.gt, plain(camera.mapping)],
    [chronological.pred, chronological.gt, plain(chronological.mapping)],
  ]);
}

function goldenMatches({ subject_mapping, subjects, extracted, camera, chrono }: Case): string {
  return JSON.stringify([
    subject_mapping,
    Object.values(subjects).map(({ action_mapping, weight }) => [action_mapping, weight]),
    [
      [extracted.gt_subjects, extracted.gt_actions],
      [extracted.pred_subjects, extracted.pred_actions],
    ],
    [camera.pred_segments, camera.gt_segments, camera.segment_mapping],
    [chrono.pred_sequence, chrono.gt_sequence, chrono.chrono_mapping],
  ]);
}

const plain = <T>(map: ReadonlyMap<number, T>): Numbered<T> => Object.fromEntries(map);
