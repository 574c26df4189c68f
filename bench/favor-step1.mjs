// How far our step 1 of FAVOR's LLM-free metric agrees with the authors' notebook on captions that people wrote.
//
//   PYTHONHASHSEED=0 python3 test/fixtures/evaluation/make_favor_step1.py CLONES FAVOR_gt_annotations.json > theirs.json
//   node bench/favor-step1.mjs FAVOR_gt_annotations.json theirs.json [dictionary.json [theirs-under-another-hash-seed.json]]
//
// Step 2 compares by words (no sentence encoder), for both sides alike.
import { readFileSync } from 'node:fs';
import {
  Lexicon,
  PLAIN_LANGUAGE,
  readCaption,
  readDictionary,
  scoreMotion,
} from '../packages/motion-enhancer/dist/eval/benchmarks/favor-open/metric/index.js';

const [annotationsFile, theirsFile, dictionaryFile, againFile] = process.argv.slice(2);
const read = (file) => JSON.parse(readFileSync(file, 'utf8'));
const annotations = read(annotationsFile);
const theirs = read(theirsFile);
const ids = Object.keys(theirs);
const FIELDS = ['camera_motion', 'num_subjects', 'motion_list', 'chronological_motion_list'];

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
const score = (gt, pred) => scoreMotion(gt, pred, PLAIN_LANGUAGE).scores.final_score;
function correlation(a, b) {
  const [ma, mb] = [mean(a), mean(b)];
  const moment = (x, mx, y, my) => mean(x.map((v, i) => (v - mx) * (y[i] - my)));
  return moment(a, ma, b, mb) / Math.sqrt(moment(a, ma, a, ma) * moment(b, mb, b, mb));
}

const theirScores = ids.map((id) => score(annotations[id], theirs[id]));
console.log(`${ids.length} captions; the notebook's records against the annotations: ${mean(theirScores).toFixed(4)}`);
console.log(
  `| records | ${FIELDS.map((f) => `${f} equal`).join(' | ')} | against the notebook’s | against the annotations | correlation of the scores | ms a caption |`,
);
console.log(`|---|${FIELDS.map(() => '---|').join('')}---|---|---|---|`);
const row = (name, records, ms) => {
  const equal = FIELDS.map((field) => ids.filter((id, i) => records[i][field] === theirs[id][field]).length);
  const scores = ids.map((id, i) => score(annotations[id], records[i]));
  const across = mean(ids.map((id, i) => score(theirs[id], records[i])));
  const cells = [
    name,
    ...equal,
    across.toFixed(4),
    mean(scores).toFixed(4),
    correlation(scores, theirScores).toFixed(3),
    ms,
  ];
  console.log(`| ${cells.join(' | ')} |`);
};
for (const [name, lexicon] of [
  ['ours, our word lists', new Lexicon()],
  ...(dictionaryFile
    ? [['ours, their word lists', new Lexicon(readDictionary(read(dictionaryFile), dictionaryFile))]]
    : []),
]) {
  const start = performance.now();
  const ours = ids.map((id) => readCaption(annotations[id].caption, lexicon));
  row(name, ours, ((performance.now() - start) / ids.length).toFixed(2));
}
if (againFile) {
  const again = read(againFile);
  row(
    'the notebook under another hash seed',
    ids.map((id) => again[id]),
    '',
  );
}
