/**
 * A stream of a reconstruction step's batch: the reconstruction x or the inverted latents R of the same noise level, each
 * with the empty text and with the sample's. 0 x·empty, 1 x·text, 2 R·empty, 3 R·text.
 */
export type Stream = 0 | 1 | 2 | 3;
export const STREAMS: readonly Stream[] = [0, 1, 2, 3];
export const isX = (stream: Stream): boolean => stream < 2;
export const hasText = (stream: Stream): boolean => stream % 2 === 1;

/** The streams that one step has to compute. */
export interface StepStreams {
  /** In batch order: x streams, then the R streams whose keys they attend to, in the same order, then other R streams. */
  streams: readonly Stream[];
  /** How many of them are x streams. */
  x: number;
  /** Whether x is taken to the next level, which needs both texts; otherwise the step is run for its attention alone. */
  advances: boolean;
}

/**
 * What each step must compute, and no more: x is stepped only while someone still looks at it, x streams need the R
 * streams of their text, and R needs nothing. (So the attention of R alone costs one stream instead of four, and a last
 * step that is only looked at costs two.)
 * @param captured the streams whose attention is wanted of each step
 * @param outcome whether the reconstruction itself is wanted
 */
export function planSteps(captured: readonly (readonly Stream[])[], outcome: boolean): StepStreams[] {
  const lastLookedAt = captured.findLastIndex((streams) => streams.some(isX));
  return captured.map((streams, step) => {
    const advances = outcome || step < lastLookedAt;
    const wanted = new Set<Stream>([...(advances ? ([0, 1] as const) : []), ...streams]);
    const xStreams = STREAMS.filter((stream) => isX(stream) && wanted.has(stream));
    const partners = xStreams.map((stream) => (stream + 2) as Stream);
    const others = STREAMS.filter((stream) => !isX(stream) && wanted.has(stream) && !partners.includes(stream));
    return { streams: [...xStreams, ...partners, ...others], x: xStreams.length, advances };
  });
}
