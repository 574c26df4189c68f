import type { TextFit } from '../diffusion/text-fit.js';
import type { PriorCapture } from '../store/prior.js';

/** How a row of a data set ended. */
export interface RowEvent {
  state: 'done' | 'existed' | 'failed';
  line: number;
  id: string;
  video: string;
  key?: string;
  /** Why it failed */
  reason?: string;
  /** Of an existing prior: the name that it was made under, where that is another. */
  storedAs?: string;
  /** How Σ A² was had. */
  capture?: PriorCapture;
  /** Why the video is not whole, used or not. */
  brokenVideo?: string;
  /** Words of its text that the encoder's limit cuts, or that the tokenizer does not know, where there are any. */
  text?: TextFit;
  seconds: number;
}

/** What is told of a row, however it ends. */
export type RowName = Pick<RowEvent, 'line' | 'id' | 'video' | 'text'>;
