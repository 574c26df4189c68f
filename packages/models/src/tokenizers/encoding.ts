import { expected } from '@motion-enhancer/support';
import type { EncodeOptions, Encoding } from './types.js';

/** An `Encoding` that grows token by token. */
export class EncodingBuilder implements Encoding {
  readonly ids: number[] = [];
  readonly spans: [number, number][] = [];
  readonly special: boolean[] = [];

  push(id: number, start: number, end: number, special = false): void {
    this.ids.push(id);
    this.spans.push([start, end]);
    this.special.push(special);
  }

  /** Truncates to `maxLength` (room kept for `endId`), appends `endId` and pads, as `options` say. */
  finish(options: EncodeOptions, padId: number, endId: number | undefined): Encoding {
    const { maxLength, padToMaxLength = false, addSpecialTokens = true } = options;
    const end = addSpecialTokens ? endId : undefined;
    const least = end === undefined ? 0 : 1;
    if (maxLength === undefined ? padToMaxLength : !(Number.isInteger(maxLength) && maxLength >= least)) {
      throw expected(`an integer of at least ${least}`, 'maxLength', maxLength);
    }
    if (maxLength !== undefined) {
      const keep = maxLength - least;
      for (const column of [this.ids, this.spans, this.special]) column.length = Math.min(column.length, keep);
    }
    if (end !== undefined) this.push(end, 0, 0, true);
    if (padToMaxLength) while (this.ids.length < maxLength!) this.push(padId, 0, 0, true);
    return { ids: this.ids, spans: this.spans, special: this.special };
  }
}
