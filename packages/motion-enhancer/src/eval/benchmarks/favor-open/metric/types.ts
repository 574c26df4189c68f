/** What FAVOR's open metric compares: of the annotation or of a caption (step 1). */
export interface MotionRecord {
  camera_motion: string;
  /** `Subject 1: Man [act, act]`, one subject a line. */
  motion_list: string;
  /** `act (Subject 1), act (Subject 2)`, in order of time. */
  chronological_motion_list: string;
}

/** A record as step 1 makes it, with the two fields that step 2 does not read. */
export interface CaptionRecord extends MotionRecord {
  model_caption: string;
  num_subjects: string;
}

/** What the metric asks of a language: the part that authors leave to SBERT, NLTK and WordNet. */
export interface MotionLanguage {
  /** Printed with every score. */
  readonly name: string;
  /** The reference sentence encoder with NLTK and WordNet: only then are scores comparable with published ones. */
  readonly reference: boolean;
  /** Of two texts that differ beyond case and outer blanks, before any bonus; in 0–1. */
  similarity(a: string, b: string): number;
  /** The verb that an action is about, as its lemma; '' where that is not known: no bonus then. */
  coreVerb(action: string): string;
  /** Of two different core verbs, in 0–1; above 0.8 they count as synonyms. */
  verbSimilarity(a: string, b: string): number;
}

/** How actions of a prediction were matched to those of the annotation. */
export interface ActionMatch {
  f1: number;
  precision: number;
  recall: number;
  /** Place of a predicted action → place of an annotated one, in the order in which matches were made. */
  mapping: ReadonlyMap<number, number>;
  /** In the order of `mapping`. */
  scores: readonly number[];
}

export interface OrderedMatch extends ActionMatch {
  order: number;
}

/** Subjects and their actions by number. */
export interface SubjectActions {
  subjects: ReadonlyMap<number, string>;
  actions: ReadonlyMap<number, readonly string[]>;
}

/** The metric's terms of one video, all in 0–1; names as the authors write them. */
export interface MotionScores {
  camera_motion_score: number;
  camera_precision_score: number;
  camera_recall_score: number;
  camera_order_score: number;
  subject_action_score: number;
  subject_precision_score: number;
  subject_recall_score: number;
  subject_order_score: number;
  chrono_match_score: number;
  chrono_precision_score: number;
  chrono_recall_score: number;
  chrono_order_score: number;
  final_score: number;
}

/** A video's scores with what they were made of. */
export interface ScoredMotion {
  scores: MotionScores;
  extracted: { gt: SubjectActions; pred: SubjectActions };
  /** Predicted subject → annotated subject. */
  subjectMapping: ReadonlyMap<number, number>;
  subjects: readonly (OrderedMatch & { pred: number; gt: number; weight: number })[];
  camera: { pred: readonly string[]; gt: readonly string[]; mapping: ReadonlyMap<number, number> };
  chronological: {
    pred: readonly (readonly [action: string, subject: number])[];
    gt: readonly (readonly [action: string, subject: number])[];
    mapping: ReadonlyMap<number, number>;
  };
}
