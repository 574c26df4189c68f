/** How many frames of a video a model takes. Plain data: it goes to the thread that reads videos. */
export interface FrameRule {
  /** Pixel frames of a latent frame; the first latent is that of the first frame alone, so a clip has perLatent · k + 1. */
  readonly perLatent: number;
  /** Latent frames come in multiples of it where `oddLatents: drop-frames` asks for that. */
  readonly latentMultiple: number;
}
