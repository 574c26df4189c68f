import type { VideoVerdict } from './video-info.js';

/** What one pass over a file found. Times in seconds. */
export interface DecodeTally {
  /** Packets of the video stream, over the whole file. */
  packets: number;
  /** Packets that the container itself says not to show (edit lists). */
  discardedPackets: number;
  /** Packets that the container flagged as incomplete. */
  corruptPackets: number;
  /** Packets that may hold no frame of their own: those of frames that MPEG-4 does not code. */
  emptyPackets: number;
  /** Frames up to the first failure. */
  decodedFrames: number;
  /** Frames among them in which the decoder covered up missing data. */
  concealedFrames: number;
  /** First failure of the decoder, or null. */
  decodeError: string | null;
  /** Failure of reading the container, other than its end, or null. */
  readError: string | null;
  /** End of the last decoded frame. */
  videoEnd: number;
  /** End of the last packet of any stream. */
  fileEnd: number;
  /** Largest step between two frames. */
  largestStep: number;
}

/** What the container says of itself; null where it says nothing. Times in seconds. */
export interface ContainerClaim {
  headerFrames: number | null;
  /** End of the video stream. */
  streamEnd: number | null;
  /** End of the file's longest stream. */
  containerEnd: number | null;
  /** Frames that were skipped count among `headerFrames` and have no packet (AVI). */
  countsSkipped: boolean;
  /** Bytes by which the file falls short of the container's own structure. */
  missingBytes: number;
}

/** Shortest gap at the end of a file that counts as missing, in seconds: containers round their durations. */
const SMALLEST_GAP_S = 0.1;

/** Holds what decoded against what the container claims: a broken file never looks whole. */
export function judgeVideo(
  tally: DecodeTally,
  claim: ContainerClaim,
): { verdict: VideoVerdict; reason: string | null } {
  const { decodedFrames, packets } = tally;
  const { headerFrames } = claim;
  const failure = tally.decodeError ?? tally.readError;
  if (decodedFrames === 0) {
    return { verdict: 'unreadable', reason: `no frame could be decoded${failure ? ` (${failure})` : ''}` };
  }
  const of = headerFrames === null ? `${decodedFrames} frames` : `${decodedFrames} of ${headerFrames} frames`;
  const missing = missingSeconds(tally, claim);
  const endsEarly =
    headerFrames === null || claim.countsSkipped ? missing > 0 || claim.missingBytes > 0 : packets < headerFrames;
  if (endsEarly && tally.readError === null) {
    const short = missing > 0 ? `, ${missing.toFixed(2)} s missing` : '';
    return { verdict: 'truncated', reason: `the file ends early: ${of} decoded${short}` };
  }
  if (failure) return { verdict: 'corrupt', reason: `decoding failed after ${of} (${failure})` };
  if (tally.corruptPackets > 0 || tally.concealedFrames > 0) {
    return {
      verdict: 'corrupt',
      reason: `${Math.max(tally.corruptPackets, tally.concealedFrames)} of ${decodedFrames} frames are damaged`,
    };
  }
  const due = claim.countsSkipped ? packets : (headerFrames ?? 0);
  if (decodedFrames < due - tally.discardedPackets - tally.emptyPackets) {
    return { verdict: 'corrupt', reason: `only ${of} decoded` };
  }
  return { verdict: 'ok', reason: null };
}

/** Seconds between the end that was claimed and the end that was reached; 0 where within the container's rounding. */
function missingSeconds(tally: DecodeTally, claim: ContainerClaim): number {
  // A container's own duration is that of its longest stream, which may well be the sound.
  const gap =
    claim.streamEnd !== null
      ? claim.streamEnd - tally.videoEnd
      : claim.containerEnd !== null
        ? claim.containerEnd - Math.max(tally.fileEnd, tally.videoEnd)
        : 0;
  // Where the rate varies, the last frame may stay as long as any other did.
  return gap > Math.max(SMALLEST_GAP_S, 2 * tally.largestStep) ? gap : 0;
}
