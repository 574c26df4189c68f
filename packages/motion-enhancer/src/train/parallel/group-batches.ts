import { gatherJson, type ProcessGroup } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import { type BatchSource, disposeSample, type PreparedSample } from '../data/batch.js';
import { BrokenRows } from '../data/broken-rows.js';
import { batchesOfAlike } from '../data/length-window.js';
import { prepareSample, sizeOf } from '../data/prepared-sample.js';
import { type BatchTotals, learnedTokens } from '../loss/batch-totals.js';
import { deal } from './deal.js';
import { estimatedTokens } from './estimated-tokens.js';

/** What every rank knows of a sample of the batch. */
export interface SampleFacts {
  /** In the order of training. */
  place: number;
  id: string;
  rank: number;
  tokens: number;
  learned: number;
  aligned: boolean;
  sees: boolean;
  words: number;
  droppedWords: number;
  /** Floating-point operations of its step. */
  cost: number;
}

/** A batch as one rank of several has it. */
export interface DealtBatch {
  mine: PreparedSample[];
  /** All of its samples, in order. */
  samples: readonly SampleFacts[];
  totals: BatchTotals;
}

interface Answer {
  stop: boolean;
  samples: ({ place: number; error: { message: string; code: string } } | SampleFacts)[];
}

/**
 * Batches of several ranks: which samples and in which order depends on the seed and the rows that cannot be used, as on one
 * rank. Each rank makes its own samples ready, ahead of the device; what it finds of them all ranks hear. With a
 * `lengthWindow` a rank looks at its share of the window first, and then reads again what is dealt to it.
 */
export class GroupBatches {
  readonly #source: BatchSource;
  readonly #group: ProcessGroup;
  readonly #broken: BrokenRows;
  readonly #ready = new Map<number, Promise<PreparedSample | UserError>>();
  /** Most samples that are made ready. */
  readonly #ahead: number;
  #used: number;
  /** Batches of the window in use that are still to come, where it began, and how many of its samples are used. */
  #queue: SampleFacts[][] = [];
  #begin: number;
  #taken = 0;
  #skip: number;

  constructor(source: BatchSource, group: ProcessGroup) {
    const { rows, order, recipe, start, onWarning } = source;
    this.#source = source;
    this.#group = group;
    this.#broken = new BrokenRows(rows, recipe.maxBroken, start?.broken ?? [], order, onWarning);
    this.#ahead = Math.max(recipe.prefetch, Math.ceil((recipe.lengthWindow * recipe.batchSize) / group.size));
    this.#used = start?.place ?? 0;
    this.#begin = this.#used;
    this.#skip = start?.taken ?? 0;
    this.#prepareAhead();
  }

  /** Rows that could not be used. */
  get broken(): ReadonlySet<number> {
    return this.#broken.numbers;
  }

  where(): { place: number; taken: number; broken: number[] } {
    const place =
      this.#queue.length === 0 ? { place: this.#used, taken: 0 } : { place: this.#begin, taken: this.#taken };
    return { ...place, broken: [...this.broken] };
  }

  /** Null where some rank was told to stop: all ranks then stop here. @param stop whether this one was */
  async next(stop: boolean): Promise<DealtBatch | null> {
    const { recipe } = this.#source;
    const { rank: own, size } = this.#group;
    const samples =
      recipe.lengthWindow === 1 ? await this.#look(recipe.batchSize, stop) : await this.#nextOfWindow(stop);
    if (!samples) return null;
    const mine = await this.#takeOwn(samples.filter(({ rank }) => rank === own));
    const wanted = new Set(this.#queue.flat().flatMap(({ place, rank }) => (rank === own ? [place] : [])));
    await this.#letGo([...this.#ready.keys()].filter((place) => place < this.#used && !wanted.has(place)));
    this.#prepareAhead();
    return { mine, samples, totals: totalsOfFacts(samples, size) };
  }

  close(): Promise<void> {
    return this.#letGo([...this.#ready.keys()]);
  }

  /** The next samples that can be used, as every rank knows them; null where a rank is to stop. */
  async #look(count: number, stop: boolean): Promise<SampleFacts[] | null> {
    const { rank, size } = this.#group;
    const good: SampleFacts[] = [];
    let from = this.#used;
    while (good.length < count) {
      const places = this.#candidates(from, count - good.length);
      const owners = deal(this.#workOf(places), size, ...tally(good, size));
      const samples = await this.#answerFor(places.filter((_, i) => owners[i] === rank));
      const answers = await gatherJson<Answer>({ stop, samples }, this.#group);
      if (answers.some((answer) => answer.stop)) return null;
      const heard = answers.flatMap((answer) => answer.samples).sort((a, b) => a.place - b.place);
      for (const item of heard)
        if ('error' in item)
          this.#broken.add(this.#numberAt(item.place), new UserError(item.error.message, { code: item.error.code }));
        else good.push(item);
      from = places.at(-1)! + 1;
    }
    this.#used = from;
    return good;
  }

  async #nextOfWindow(stop: boolean): Promise<SampleFacts[] | null> {
    const { recipe } = this.#source;
    if (this.#queue.length === 0) {
      this.#begin = this.#used;
      const good = await this.#look(this.#spanAt(this.#begin), stop);
      if (!good) return null;
      this.#queue = composeWindow(good, recipe.batchSize, recipe.seed + this.#begin, this.#group.size);
      const done = this.#queue.splice(0, Math.floor(this.#skip / recipe.batchSize));
      this.#taken = done.flat().length;
      this.#skip = 0;
      if (this.#queue.length === 0) return this.#nextOfWindow(stop);
    } else if ((await gatherJson(stop, this.#group)).some((one) => one)) return null;
    const batch = this.#queue.shift()!;
    this.#taken += batch.length;
    return batch;
  }

  async #takeOwn(facts: readonly SampleFacts[]): Promise<PreparedSample[]> {
    const items = await Promise.all(facts.map(({ place }) => this.#prepare(place)));
    const failed = items.find((item) => item instanceof UserError);
    if (failed) throw failed;
    for (const { place } of facts) this.#ready.delete(place);
    return items as PreparedSample[];
  }

  /** This rank's samples of what comes, if no row of it is broken. Nothing beyond the planned end. */
  #prepareAhead(): void {
    const { rank: own, size } = this.#group;
    const room = () => this.#ready.size < this.#ahead;
    for (const { place, rank } of this.#queue.flat()) if (rank === own && room()) this.#prepare(place);
    let from = this.#used;
    for (let span = 0; span < this.#ahead && from < this.#source.order.length && room(); span++) {
      const places = this.#candidates(from, this.#spanAt(from));
      const owners = deal(this.#workOf(places), size);
      for (const [i, place] of places.entries()) if (owners[i] === own) this.#prepare(place);
      from = places.at(-1)! + 1;
    }
  }

  /** Samples that are looked at together: a batch, or a window of them, cut by the end of the plan. */
  #spanAt(place: number): number {
    const { recipe, order } = this.#source;
    const { lengthWindow, batchSize } = recipe;
    if (lengthWindow === 1) return batchSize;
    return Math.max(batchSize, Math.min(lengthWindow * batchSize, order.length - place));
  }

  /** The next places, without those of rows that are known to be broken. */
  #candidates(from: number, count: number): number[] {
    const places: number[] = [];
    for (let place = from; places.length < count; place++)
      if (!this.broken.has(this.#numberAt(place))) places.push(place);
    return places;
  }

  #numberAt(place: number): number {
    const { order } = this.#source;
    return order[place % order.length]!;
  }

  #workOf(places: readonly number[]): number[] {
    return places.map((place) => estimatedTokens(this.#source.rows[this.#numberAt(place)]!));
  }

  #prepare(place: number): Promise<PreparedSample | UserError> {
    const found = this.#ready.get(place);
    if (found) return found;
    const { vlm, rows, recipe, index, read } = this.#source;
    const item = prepareSample(vlm, rows[this.#numberAt(place)]!, recipe, index, read).catch((error) => {
      if (error instanceof UserError) return error;
      throw error;
    });
    // A failure is reported when its turn comes, not as an unhandled rejection.
    item.catch(() => {});
    this.#ready.set(place, item);
    return item;
  }

  #answerFor(places: readonly number[]): Promise<Answer['samples']> {
    return Promise.all(
      places.map(async (place) => {
        const item = await this.#prepare(place);
        if (item instanceof UserError) return { place, error: { message: item.message, code: item.code } };
        return factsOf(item, place, this.#group.rank, this.#source.vlm.stepFlops(sizeOf(item.chat)));
      }),
    );
  }

  async #letGo(places: readonly number[]): Promise<void> {
    for (const place of places) {
      const item = this.#ready.get(place);
      this.#ready.delete(place);
      const made = await item?.catch(() => null);
      if (made && !(made instanceof UserError)) disposeSample(made);
    }
  }
}

/** Sorts a window's samples by their work, as one rank would, and deals each batch by it. */
function composeWindow(good: readonly SampleFacts[], batchSize: number, seed: number, ranks: number): SampleFacts[][] {
  const work = good.map(({ cost }) => cost);
  const sorted = batchesOfAlike(work, batchSize, seed).map((i) => good[i]!);
  const found: SampleFacts[][] = [];
  for (let at = 0; at < sorted.length; at += batchSize) {
    const batch = sorted.slice(at, at + batchSize);
    const costs = batch.map(({ cost }) => cost);
    const owners = deal(costs, ranks);
    found.push(batch.map((facts, i) => ({ ...facts, rank: owners[i]! })));
  }
  return found;
}

function factsOf(sample: PreparedSample, place: number, rank: number, cost: number): SampleFacts {
  const { row, chat, prior, droppedWords } = sample;
  return {
    ...{ place, id: row.id, rank, tokens: chat.ids.length, learned: learnedTokens(sample), aligned: prior !== null },
    ...{ sees: chat.inputs.length > 0, words: prior?.words.length ?? 0, droppedWords, cost },
  };
}

function tally(facts: readonly SampleFacts[], ranks: number): [counts: number[], loads: number[]] {
  const [counts, loads] = [new Array<number>(ranks).fill(0), new Array<number>(ranks).fill(0)];
  for (const { rank, tokens } of facts) {
    counts[rank]!++;
    loads[rank]! += tokens;
  }
  return [counts, loads];
}

function totalsOfFacts(facts: readonly SampleFacts[], ranks: number): BatchTotals {
  return {
    samples: facts.length,
    aligned: facts.filter(({ aligned }) => aligned).length,
    learned: facts.reduce((n, { learned }) => n + learned, 0),
    sees: facts.some(({ sees }) => sees),
    passes: Math.max(...tally(facts, ranks)[0]),
  };
}
