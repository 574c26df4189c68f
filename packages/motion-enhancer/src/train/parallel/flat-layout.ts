/** A weight within a flat buffer. */
export interface FlatPlace {
  /** First value in the buffer, and how many there are. */
  offset: number;
  numel: number;
}

/** What one rank holds of a weight. */
export interface FlatPiece {
  /** Number of the weight. */
  index: number;
  /** First value within the weight, within the rank's shard, and how many there are. */
  from: number;
  at: number;
  count: number;
}

/** Weights begin at multiples of so many values: kernels read 16 bytes at once. */
const ALIGNED = 64;
const upTo = (n: number, step: number) => Math.ceil(n / step) * step;

/** Weights one after the other in one flat buffer that is cut into equal shards, one a rank. */
export class FlatLayout {
  readonly places: readonly FlatPlace[];
  /** Values of the buffer, gaps included, and of a shard. */
  readonly total: number;
  readonly shard: number;

  constructor(sizes: readonly number[], ranks: number) {
    let offset = 0;
    this.places = sizes.map((numel) => {
      const place = { offset, numel };
      offset = upTo(offset + numel, ALIGNED);
      return place;
    });
    this.total = upTo(Math.max(offset, 1), ALIGNED * ranks);
    this.shard = this.total / ranks;
  }

  /** What lies in the shard of a rank, in order. */
  piecesOf(rank: number): FlatPiece[] {
    const [begin, end] = [rank * this.shard, (rank + 1) * this.shard];
    return this.places.flatMap(({ offset, numel }, index) => {
      const first = Math.max(begin, offset);
      const count = Math.min(end, offset + numel) - first;
      return count > 0 ? [{ index, from: first - offset, at: first - begin, count }] : [];
    });
  }
}
