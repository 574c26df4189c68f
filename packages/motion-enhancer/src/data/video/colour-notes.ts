import type { Frame } from 'node-av/lib';
import type { Av } from './load-av.js';

/**
 * What a frame's tags say of its colours and is not used: values are given as they are stored, which is what PyAV,
 * decord and OpenCV give; a screen that knows the tags would show other colours.
 */
export function colourNotes({ constants }: Av, frame: Frame): string[] {
  const transfers = new Map<number, string>([
    [constants.AVCOL_TRC_SMPTE2084, 'PQ (SMPTE 2084)'],
    [constants.AVCOL_TRC_ARIB_STD_B67, 'HLG (ARIB STD-B67)'],
    [constants.AVCOL_TRC_LINEAR, 'linear light'],
    [constants.AVCOL_TRC_LOG, 'logarithmic'],
    [constants.AVCOL_TRC_LOG_SQRT, 'logarithmic'],
    [constants.AVCOL_TRC_SMPTE428, 'SMPTE 428'],
  ]);
  const primaries = new Map<number, string>([
    [constants.AVCOL_PRI_BT2020, 'BT.2020'],
    [constants.AVCOL_PRI_SMPTE428, 'SMPTE 428'],
    [constants.AVCOL_PRI_SMPTE431, 'DCI-P3'],
    [constants.AVCOL_PRI_SMPTE432, 'Display P3'],
    [constants.AVCOL_PRI_FILM, 'film'],
  ]);
  const transfer = transfers.get(frame.colorTrc);
  const gamut = primaries.get(frame.colorPrimaries);
  return [
    ...(transfer ? [`brightness is tagged ${transfer} and is taken as stored, without tone mapping`] : []),
    ...(gamut ? [`colours are tagged ${gamut} and are taken as stored, without mapping to BT.709`] : []),
  ];
}
