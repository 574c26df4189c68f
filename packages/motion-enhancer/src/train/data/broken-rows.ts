import { UserError } from '@motion-enhancer/support';
import type { Row } from '../../data/rows.js';

/** Keeps count of the rows that cannot be used. */
export class BrokenRows {
  readonly #numbers: Set<number>;
  readonly #rows: readonly Row[];
  readonly #asked: ReadonlySet<number>;
  readonly #most: number;
  readonly #onWarning: ((message: string) => void) | undefined;

  /** @param order the rows that the run asks for: a short run may ask for few of them, and would replace them for ever */
  constructor(
    rows: readonly Row[],
    mostShare: number,
    known: readonly number[],
    order: readonly number[],
    onWarning: ((message: string) => void) | undefined,
  ) {
    this.#rows = rows;
    this.#asked = new Set(order);
    this.#most = mostShare * rows.length;
    this.#numbers = new Set(known);
    this.#onWarning = onWarning;
  }

  get numbers(): ReadonlySet<number> {
    return this.#numbers;
  }

  /**
   * Counts a row, and tells why it cannot be used the first time.
   * @throws UserError ERR_DATA when too many rows are broken
   */
  add(number: number, why: UserError): void {
    if (this.#numbers.has(number)) return;
    this.#numbers.add(number);
    this.#onWarning?.(`row ${this.#rows[number]!.id} is left out: ${why.message}`);
    this.#check(why);
  }

  #check(last: UserError): void {
    const all = this.#rows.length;
    const count = this.#numbers.size;
    if (count === all)
      throw new UserError(`None of the ${all} rows can be used. The last: ${last.message}`, {
        code: 'ERR_DATA',
        cause: last,
      });
    if ([...this.#asked].every((number) => this.#numbers.has(number)))
      throw new UserError(
        `None of the ${this.#asked.size} rows that this run asks for can be used (there are ${all}). The last: ${last.message}`,
        { code: 'ERR_DATA', cause: last },
      );
    if (count > this.#most)
      throw new UserError(
        `${count} of the ${all} rows cannot be used, more than the share of maxBroken allows. The last: ${last.message} Mend the data, or raise --max-broken.`,
        { code: 'ERR_DATA', cause: last },
      );
  }
}
