import type { World } from '../generate/index.js';
import { MINI_VDM } from './sizes.js';
import type { VdmTraining } from './train-vdm.js';

const CAMERAS: Readonly<Record<World, string>> = {
  'still-camera': 'pans or zooms',
  'moving-camera': 'pans, zooms or shakes while one moves or none does (the world `moving-camera`)',
};

/** README.md of a mini CogVideoX. */
export function vdmCard(
  o: Pick<VdmTraining, 'world' | 'clips' | 'vaeSteps' | 'vaeBatch' | 'steps' | 'batch' | 'command'>,
): string {
  return `---
library_name: diffusers
tags: [cogvideox, synthetic, motion-world]
license: apache-2.0
---
# Mini CogVideoX of the motion world

A text-to-video diffusion model of the form of CogVideoX1.5 (AutoencoderKLCogVideoX, T5EncoderModel,
CogVideoXTransformer3DModel; v-prediction, zero terminal SNR), trained from random weights on clips of MotionEnhancer's
motion world alone: 16 frames of 64 × 64 pixels in which a coloured shape slides, turns, spins, grows, sways or hops
among others that stay, or the camera ${CAMERAS[o.world]}. Nothing of any other model or data set is in it. It knows the
world's ${MINI_VDM.maxTextTokens - 1} words a caption at most, and nothing else: texts about the real world mean nothing to it.

- Video tokens of a clip: 8 × 8 × 8 (a token is two frames of 8 × 8 pixels); ${MINI_VDM.layers} layers of ${MINI_VDM.heads} heads of ${MINI_VDM.headDim}; weights in bfloat16.
- The autoencoder treats every frame by itself: taps of earlier frames are zero in all its kernels.
- Latents are multiplied by \`scaling_factor\` of vae/config.json.
- Trained on ${o.clips} clips: the autoencoder for ${o.vaeSteps} steps of ${o.vaeBatch} windows of 2 frames, then transformer and text
  encoder for ${o.steps} steps of ${o.batch} clips (captions, or a sentence of a question in a quarter of the cases; no text in a
  tenth); the weights are running averages.
- Objects of validation and test clips are pairs of colour and shape that it never saw together.

Made by:

\`\`\`
${o.command}
\`\`\`
`;
}
