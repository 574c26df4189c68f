import { empty, fromTypedArray, keep, noGrad, scope, type Tensor, tensor } from '@motion-enhancer/libtorch';
import type { Tokenizer } from '@motion-enhancer/models';
import { eachPiece } from '../clips/clip-pool.js';
import { describeClip, type Split, type World } from '../generate/index.js';

export interface BankOptions {
  world: World;
  clips: number;
  frames: number;
  size: number;
  device: string;
  workers: number;
  onClips(done: number): void;
}

/** What a model is trained on: three quarters are of the split `train`, one quarter single objects of `pretrain`. */
function ranges(clips: number): { split: Split; form: 'world' | 'single'; count: number; at: number }[] {
  const world = Math.ceil(clips * 0.75);
  return [
    { split: 'train', form: 'world', count: world, at: 0 },
    { split: 'pretrain', form: 'single', count: clips - world, at: world },
  ];
}

/** Frames of all clips on the device: uint8 [clips, frames, size, size, 3]; the caller's to free. */
export async function clipBank(o: BankOptions): Promise<Tensor> {
  const { world, clips, frames, size, device } = o;
  const bank = keep(empty([clips, frames, size, size, 3], { dtype: 'uint8', device }));
  let done = 0;
  for (const { split, form, count, at } of ranges(clips)) {
    if (count === 0) continue;
    await eachPiece({ world, split, form, first: 0, count, frames, size }, o.workers, (piece) => {
      const video = [piece.count, frames, size, size, 3];
      scope(() =>
        noGrad(() => {
          bank.narrow(0, at + piece.first, piece.count).copy_(fromTypedArray(piece.frames, video).to(device));
        }),
      );
      done += piece.count;
      o.onClips(done);
    });
  }
  return bank;
}

export interface TextBankOptions extends Pick<BankOptions, 'world' | 'clips' | 'device'> {
  tokenizer: Tokenizer;
  maxLength: number;
}

/** Token ids of each clip's caption and of the sentence of its first question: int64 [clips, 2, T]; the caller's to free. */
export function textBank({ world, clips, tokenizer, maxLength, device }: TextBankOptions): Tensor {
  const ids = (text: string) => tokenizer.encode(text, { maxLength, padToMaxLength: true }).ids;
  const rows = ranges(clips).flatMap(({ split, form, count }) =>
    Array.from({ length: count }, (_, index) => {
      const { caption, questions } = describeClip(split, index, { world, form });
      return [...ids(caption), ...ids(questions[0]?.statement ?? caption)];
    }),
  );
  return scope(() => keep(tensor(rows.flat(), { dtype: 'int64', shape: [clips, 2, maxLength] }).to(device)));
}

/** Ids of the empty text. */
export const emptyIds = (tokenizer: Tokenizer, maxLength: number, device: string): Tensor =>
  scope(() =>
    keep(tensor([...tokenizer.encode('', { maxLength, padToMaxLength: true }).ids], { dtype: 'int64', device })),
  );
