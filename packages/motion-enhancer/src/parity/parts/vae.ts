import { join } from 'node:path';
import { openSafetensors, scope } from '@motion-enhancer/libtorch';
import { loadVae } from '@motion-enhancer/models';
import { compare } from '../compare.js';
import type { ParityPart } from '../part.js';
import { networkTolerance } from './network-tolerance.js';

/** CogVideoX's autoencoder against diffusers: moments at every frame count given, and one decoded video. */
export const vaePart: ParityPart = {
  name: 'vae',
  needs: ['vae/vae', 'vae/encode.safetensors'],
  run(dir, context) {
    const tolerance = networkTolerance(context);
    const file = openSafetensors(join(dir, 'vae', 'encode.safetensors'));
    try {
      const vae = loadVae(join(dir, 'vae', 'vae'), context);
      try {
        const counts = [...file.tensors.keys()].flatMap((name) => /^video_(\d+)$/.exec(name)?.[1] ?? []);
        for (const n of counts.sort((a, b) => Number(a) - Number(b)))
          scope(() => {
            const { mean, logvar } = vae.encode(file.read(`video_${n}`));
            context.report(compare(`vae/mean_${n}`, mean, file.read(`mean_${n}`), tolerance));
            context.report(compare(`vae/logvar_${n}`, logvar, file.read(`logvar_${n}`), tolerance));
          });
        if (file.tensors.has('latent') && file.tensors.has('decoded'))
          scope(() => {
            const decoded = vae.decode(file.read('latent'));
            context.report(compare('vae/decoded', decoded, file.read('decoded'), tolerance));
          });
      } finally {
        vae.dispose();
      }
    } finally {
      file.close();
    }
  },
};
