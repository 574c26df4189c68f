/** Types of SEED-Bench-1 in the order of their ids, from 1; the first nine are of images. Source: AILab-CVC/SEED-Bench DATASET.md @ 09d782c. */
export const SEED_TYPES = [
  'Scene Understanding',
  'Instance Identity',
  'Instance Attributes',
  'Instance Location',
  'Instances Counting',
  'Spatial Relation',
  'Instance Interaction',
  'Visual Reasoning',
  'Text Understanding',
  'Action Recognition',
  'Action Prediction',
  'Procedure Understanding',
] as const;
