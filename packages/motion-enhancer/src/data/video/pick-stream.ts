import type { FormatContext } from 'node-av/lib';
import type { Av } from './load-av.js';

/** Codings of pictures: of two streams the one in such a coding is a cover. */
const PICTURES = [
  'AV_CODEC_ID_MJPEG',
  'AV_CODEC_ID_PNG',
  'AV_CODEC_ID_BMP',
  'AV_CODEC_ID_WEBP',
  'AV_CODEC_ID_TIFF',
] as const;

/**
 * The video stream that players show: FFmpeg's choice (by default flag, number of frames, bit rate), unless that is a
 * cover picture beside a video.
 * @returns its place among all streams, −1 without any, and how many video streams there are, covers left out
 */
export function pickStream({ constants }: Av, format: FormatContext): { index: number; videos: number } {
  const stills = new Set<number>(PICTURES.map((name) => constants[name]));
  const videos = format.streams.flatMap(({ codecpar, disposition }, place) =>
    codecpar.codecType === constants.AVMEDIA_TYPE_VIDEO && !(disposition & constants.AV_DISPOSITION_ATTACHED_PIC)
      ? [place]
      : [],
  );
  const moving = videos.filter((place) => !stills.has(format.streams[place]!.codecpar.codecId));
  const candidates = moving.length > 0 ? moving : videos;
  const best = format.findBestStream(constants.AVMEDIA_TYPE_VIDEO);
  return { index: candidates.includes(best) ? best : largest(format, candidates), videos: candidates.length };
}

function largest(format: FormatContext, places: readonly number[]): number {
  const area = (place: number) => format.streams[place]!.codecpar.width * format.streams[place]!.codecpar.height;
  return places.reduce((best, place) => (best < 0 || area(place) > area(best) ? place : best), -1);
}
