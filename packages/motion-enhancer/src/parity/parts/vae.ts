import { join } from 'node:path';
import { openSafetensors, scope } from '@motion-enhancer/libtorch';
import { loadVae } from '@motion-enhancer/models';
import { attempt } from '../attempt.js';
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
          attempt(`vae/video_${n}`, context.report, () =>
            scope(() => {
              const moments = vae.encode(file.read(`video_${n}`));
              for (const name of ['mean', 'logvar'] as const)
                if (file.tensors.has(`${name}_${n}`))
                  context.report(compare(`vae/${name}_${n}`, moments[name], file.read(`${name}_${n}`), tolerance));
            }),
          );
        if (file.tensors.has('latent') && file.tensors.has('decoded'))
          attempt('vae/decoded', context.report, () =>
            scope(() => {
              const decoded = vae.decode(file.read('latent'));
              context.report(compare('vae/decoded', decoded, file.read('decoded'), tolerance));
            }),
          );
      } finally {
        vae.dispose();
      }
    } finally {
      file.close();
    }
  },
};
