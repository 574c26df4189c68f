import type { CaptionRecord } from '../types.js';
import {
  actionsAfterMention,
  actionsAfterPronoun,
  actionsWithoutActor,
  hasPronoun,
  sideActions,
  tellsMotion,
} from './actions.js';
import { type Actor, actorsOf, type Mention, mentionsIn } from './actors.js';
import { cameraClauses } from './camera.js';
import { cleanAction, describes, namesThing } from './clean-action.js';
import { Lexicon } from './lexicon.js';
import { sentencesOf } from './sentences.js';

/** A sentence about the place rather than about anybody. */
const SCENE =
  /^the\s+(?:scene|background|setting|video|clip|room|area|space|environment)\s|^in\s+the\s+(?:background|foreground|scene|setting)\s|\b(?:appears|looks\s+like|suggesting|indicating|depicting)\b/i;

/**
 * Step 1 of FAVOR's LLM-free metric: a free caption as the structured motions that step 2 compares. Camera clauses are found
 * and removed; actors are nouns of the dictionary, mentions of one actor are put together; what follows a mention, up to
 * the next one, is split into the actor's actions, each listed once and numbered in order of time.
 *
 * Our own code and word lists after the authors' description: what it finds differs from theirs in part
 * (docs/evaluation-grading.md says how much).
 */
export function readCaption(caption: string, lexicon = new Lexicon()): CaptionRecord {
  // Runs of blanks mean one, and would cost the square of their length below.
  const parted = sentencesOf(caption).map((sentence) => cameraClauses(sentence.replace(/\s+/g, ' ')));
  const sentences = parted.map(({ rest }) => (SCENE.test(rest) && !tellsMotion(rest, lexicon) ? '' : rest));
  const mentions = sentences.map((sentence, i) => mentionsIn(sentence, i, lexicon));
  // Whom the camera follows, does not act in that clause but may be what a pronoun after it means.
  const followed = parted.map(({ clauses }, i) => clauses.flatMap((clause) => mentionsIn(clause, i, lexicon)));
  const named = actorsOf(
    mentions.flatMap((own, i) => [...followed[i]!, ...own]),
    lexicon,
  );
  const actors = named.length > 0 ? named : [{ noun: actorByPronoun(sentences.join(' ')), mentions: [] }];
  const actions = new ActionRecord(actors.length, lexicon);
  let current = named.length > 0 ? -1 : 0;
  for (const [i, sentence] of sentences.entries()) {
    for (const mention of followed[i]!) current = actors.findIndex((one) => one.mentions.includes(mention));
    for (const [k, mention] of mentions[i]!.entries()) {
      const actor = actors.findIndex((one) => one.mentions.includes(mention));
      if (actor < 0) continue;
      current = actor;
      actions.add(actor, actionsOf(mention, mentions[i]![k + 1], sentence, lexicon));
      actions.add(actor, sideActions(sentence, lexicon));
    }
    if (mentions[i]!.length > 0 || current < 0) continue;
    if (hasPronoun(sentence)) actions.add(current, actionsAfterPronoun(sentence, lexicon));
    else if (tellsMotion(sentence, lexicon)) actions.add(current, actionsWithoutActor(sentence, lexicon));
  }
  return record(
    caption,
    parted.flatMap(({ motions }) => motions),
    actors,
    actions,
  );
}

function actionsOf(mention: Mention, next: Mention | undefined, sentence: string, lexicon: Lexicon): string[] {
  const rest = sentence.slice(mention.end);
  const own = sentence.slice(mention.end, next?.start);
  return actionsAfterMention(own, rest, lexicon);
}

/** Actions of each actor and their order. */
class ActionRecord {
  readonly actions: string[][];
  readonly order: { actor: number; action: string }[] = [];
  readonly #lexicon: Lexicon;

  constructor(actors: number, lexicon: Lexicon) {
    this.actions = Array.from({ length: actors }, () => []);
    this.#lexicon = lexicon;
  }

  add(actor: number, found: readonly string[]): void {
    for (const text of found) {
      if (describes(text, this.#lexicon) || namesThing(text)) continue;
      const action = cleanAction(text);
      if (action === '' || this.actions[actor]!.includes(action)) continue;
      this.actions[actor]!.push(action);
      this.order.push({ actor, action });
    }
  }
}

/** Whom a caption without any actor's noun is about. */
function actorByPronoun(text: string): string {
  const counts = [
    ['man', /\b(?:he|him|his)\b/gi],
    ['woman', /\b(?:she|her|hers)\b/gi],
    ['people', /\b(?:they|them|their)\b/gi],
  ] as const;
  const found = counts.map(([noun, pattern]) => ({ noun, count: [...text.matchAll(pattern)].length }));
  const commonest = found.toSorted((a, b) => b.count - a.count)[0]!;
  return commonest.count > 0 ? commonest.noun : 'person';
}

function record(
  caption: string,
  camera: readonly string[],
  actors: readonly Actor[],
  { actions, order }: ActionRecord,
): CaptionRecord {
  const title = (noun: string): string => noun.charAt(0).toUpperCase() + noun.slice(1);
  return {
    model_caption: caption,
    camera_motion: [...new Set(camera)].join(', '),
    num_subjects: actors.length === 1 ? 'Single subject' : `Multiple subjects (${actors.length})`,
    motion_list: actors.map(({ noun }, i) => `Subject ${i + 1}: ${title(noun)} [${actions[i]!.join(', ')}]`).join('\n'),
    chronological_motion_list: order.map(({ actor, action }) => `${action} (Subject ${actor + 1})`).join(', '),
  };
}
