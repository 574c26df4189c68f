#!/usr/bin/env node
// Writes our logits of a text and of a video question, for scripts/check-transformers.py to compare with transformers':
//   node scripts/check-transformers.mjs CHECKPOINT VIDEO OUT.safetensors   (compiled sources: npm run build)
import { noGrad, resolveDevice, scope, tensor, writeSafetensors } from '@motion-enhancer/libtorch';
import { positionsTensor, prepareVideoChat, ropeIndex } from '@motion-enhancer/models';
import { loadVlm } from '../packages/motion-enhancer/dist/vlm/load.js';
import { readVideoInput } from '../packages/motion-enhancer/dist/vlm/video-input.js';

const [checkpoint, video, out] = process.argv.slice(2);
if (!out) {
  console.error('Expected CHECKPOINT VIDEO OUT.safetensors.');
  process.exit(2);
}
const TEXT = '<|im_start|>user\nWhat moves? Zwölf Boxkämpfer, 12 345 🐕.<|im_end|>\n<|im_start|>assistant\n';
const vlm = loadVlm(checkpoint, { device: resolveDevice('cpu'), dtype: 'float32' });
const { model, tokenizer } = vlm;
const settings = { fps: 2, minFrames: 4, maxFrames: 16, maxPixels: 40_000 };
const { frames, sampleFps } = await readVideoInput(video, settings);
noGrad(() =>
  scope(() => {
    const { ids } = tokenizer.encode(TEXT);
    const rope = ropeIndex(ids, [], [], model.config);
    const text = model.forward({ ids: [ids], positions_3BN: positionsTensor([rope.positions]), logits: 'all' });
    const chat = prepareVideoChat(
      tokenizer,
      model.config,
      { video: { frames, sampleFps }, prompt: 'What moves in this video?' },
      { maxPixels: settings.maxPixels },
    );
    const visual = model.encodeVisual(chat.patches, [chat.grid]);
    const answer = model.forward({ ids: [chat.ids], visual, positions_3BN: chat.positions, logits: 'all' });
    const numbers = (list) => tensor(list, { dtype: 'int64' });
    writeSafetensors(
      out,
      {
        text_ids: numbers(ids),
        text_logits: text.logits.contiguous(),
        video_ids: numbers(chat.ids),
        video_patches: chat.patches,
        video_grid: numbers(chat.grid),
        video_positions: chat.positions.contiguous(),
        video_logits: answer.logits.contiguous(),
      },
      { text: TEXT, chat: chat.text, second_per_grid: String(chat.secondPerGrid) },
    );
  }),
);
frames.dispose();
vlm.dispose();
console.log(out);
