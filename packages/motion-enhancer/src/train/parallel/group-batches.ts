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

export interface GroupBatches {
  /** Null where some rank was told to stop: all ranks then stop here. @param stop whether this one was */
  next(stop: boolean): Promise<DealtBatch | null>;
  readonly broken: ReadonlySet<number>;
  where(): { place: number; taken: number; broken: number[] };
  close(): Promise<void>;
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
export function groupBatches(source: BatchSource, group: ProcessGroup): GroupBatches {
  const { vlm, rows, order, recipe, index, start, read, onWarning } = source;
  const { batchSize } = recipe;
  const broken = new BrokenRows(rows, recipe.maxBroken, start?.broken ?? [], order, onWarning);
  const ready = new Map<number, Promise<PreparedSample | UserError>>();
  const ahead = Math.max(recipe.prefetch, Math.ceil((recipe.lengthWindow * batchSize) / group.size));
  let used = start?.place ?? 0;
  /** Batches of the window in use that are still to come, where it began, and how many of its samples are used. */
  let queue: SampleFacts[][] = [];
  let begin = used;
  let taken = 0;
  let skip = start?.taken ?? 0;

  const numberAt = (place: number) => order[place % order.length]!;
  const workOf = (places: readonly number[]) => places.map((place) => estimatedTokens(rows[numberAt(place)]!));
  /** The next places, without those of rows that are known to be broken. */
  const candidates = (from: number, count: number): number[] => {
    const places: number[] = [];
    for (let place = from; places.length < count; place++) if (!broken.numbers.has(numberAt(place))) places.push(place);
    return places;
  };
  const prepare = (place: number): Promise<PreparedSample | UserError> => {
    const found = ready.get(place);
    if (found) return found;
    const item = prepareSample(vlm, rows[numberAt(place)]!, recipe, index, read).catch((error) => {
      if (error instanceof UserError) return error;
      throw error;
    });
    // A failure is told when its turn comes, not as an unhandled rejection.
    item.catch(() => {});
    ready.set(place, item);
    return item;
  };
  const letGo = async (places: readonly number[]) => {
    for (const place of places) {
      const item = ready.get(place);
      ready.delete(place);
      const made = await item?.catch(() => null);
      if (made && !(made instanceof UserError)) disposeSample(made);
    }
  };
  /** Samples that are looked at together: a batch, or a window of them, cut by the end of the plan. */
  const spanAt = (place: number): number =>
    recipe.lengthWindow === 1
      ? batchSize
      : Math.max(batchSize, Math.min(recipe.lengthWindow * batchSize, order.length - place));
  /** This rank's samples of what comes, if no row of it is broken. Nothing beyond the planned end. */
  const prepareAhead = () => {
    for (const { place, rank } of queue.flat()) if (rank === group.rank && ready.size < ahead) prepare(place);
    let from = used;
    for (let span = 0; span < ahead && from < order.length && ready.size < ahead; span++) {
      const places = candidates(from, spanAt(from));
      const owners = deal(workOf(places), group.size);
      for (const [i, place] of places.entries()) if (owners[i] === group.rank) prepare(place);
      from = places.at(-1)! + 1;
    }
  };
  const answerFor = async (places: readonly number[]): Promise<Answer['samples']> =>
    Promise.all(
      places.map(async (place) => {
        const item = await prepare(place);
        if (item instanceof UserError) return { place, error: { message: item.message, code: item.code } };
        return factsOf(item, place, group.rank, vlm.stepFlops(sizeOf(item.chat)));
      }),
    );

  /** The next samples that can be used, as every rank knows them; null where a rank is to stop. */
  async function look(count: number, stop: boolean): Promise<SampleFacts[] | null> {
    const good: SampleFacts[] = [];
    let from = used;
    while (good.length < count) {
      const places = candidates(from, count - good.length);
      const [counts, loads] = tally(good, group.size);
      const owners = deal(workOf(places), group.size, counts, loads);
      const samples = await answerFor(places.filter((_, i) => owners[i] === group.rank));
      const answers = await gatherJson<Answer>({ stop, samples }, group);
      if (answers.some((answer) => answer.stop)) return null;
      const heard = answers.flatMap((answer) => answer.samples).sort((a, b) => a.place - b.place);
      for (const item of heard)
        if ('error' in item)
          broken.add(numberAt(item.place), new UserError(item.error.message, { code: item.error.code }));
        else good.push(item);
      from = places.at(-1)! + 1;
    }
    used = from;
    return good;
  }
  /** Sorts a window's samples by their work, as one rank would, and deals each batch by it. */
  function compose(good: readonly SampleFacts[]): SampleFacts[][] {
    const places = batchesOfAlike(
      good.map(({ cost }) => cost),
      batchSize,
      recipe.seed + begin,
    );
    const sorted = places.map((i) => good[i]!);
    const found: SampleFacts[][] = [];
    for (let at = 0; at < sorted.length; at += batchSize) {
      const batch = sorted.slice(at, at + batchSize);
      const owners = deal(
        batch.map(({ cost }) => cost),
        group.size,
      );
      found.push(batch.map((facts, i) => ({ ...facts, rank: owners[i]! })));
    }
    return found;
  }
  async function nextOfWindow(stop: boolean): Promise<SampleFacts[] | null> {
    if (queue.length === 0) {
      begin = used;
      taken = 0;
      const good = await look(spanAt(begin), stop);
      if (!good) return null;
      queue = compose(good);
      const done = queue.splice(0, Math.floor(skip / batchSize));
      taken = done.flat().length;
      skip = 0;
      if (queue.length === 0) return nextOfWindow(stop);
    } else if ((await gatherJson(stop, group)).some((one) => one)) return null;
    const batch = queue.shift()!;
    taken += batch.length;
    return batch;
  }
  async function next(stop: boolean): Promise<DealtBatch | null> {
    const samples = recipe.lengthWindow === 1 ? await look(batchSize, stop) : await nextOfWindow(stop);
    if (!samples) return null;
    const mine = await takeOwn(samples.filter(({ rank }) => rank === group.rank));
    const wanted = new Set(queue.flat().flatMap(({ place, rank }) => (rank === group.rank ? [place] : [])));
    await letGo([...ready.keys()].filter((place) => place < used && !wanted.has(place)));
    prepareAhead();
    return { mine, samples, totals: totalsOfFacts(samples, group.size) };
  }
  async function takeOwn(facts: readonly SampleFacts[]): Promise<PreparedSample[]> {
    const items = await Promise.all(facts.map(({ place }) => prepare(place)));
    const failed = items.find((item) => item instanceof UserError);
    if (failed) throw failed;
    for (const { place } of facts) ready.delete(place);
    return items as PreparedSample[];
  }
  prepareAhead();
  return {
    next,
    broken: broken.numbers,
    where: () => ({
      ...(queue.length === 0 ? { place: used, taken: 0 } : { place: begin, taken }),
      broken: [...broken.numbers],
    }),
    close: () => letGo([...ready.keys()]),
  };
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
