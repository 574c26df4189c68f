import { join } from 'node:path';
import { openSafetensors, scope } from '@motion-enhancer/libtorch';
import { loadT5Encoder } from '@motion-enhancer/models';
import { compare } from '../compare.js';
import type { ParityPart } from '../part.js';
import { networkTolerance } from './network-tolerance.js';

/** The T5 encoder against transformers: hidden states of ids, without a mask. */
export const t5Part: ParityPart = {
  name: 't5',
  needs: ['t5/text_encoder', 't5/encode.safetensors'],
  run(dir, context) {
    const file = openSafetensors(join(dir, 't5', 'encode.safetensors'));
    try {
      const encoder = loadT5Encoder(join(dir, 't5', 'text_encoder'), context);
      try {
        scope(() => {
          const hidden = encoder.forward(file.read('ids'));
          context.report(compare('t5/hidden', hidden, file.read('hidden'), networkTolerance(context)));
        });
      } finally {
        encoder.dispose();
      }
    } finally {
      file.close();
    }
  },
};
