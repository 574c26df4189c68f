import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ContainerClaim, type DecodeTally, judgeVideo } from './judge-video.js';

const tally = (changes: Partial<DecodeTally> = {}): DecodeTally => ({
  packets: 50,
  discardedPackets: 0,
  corruptPackets: 0,
  emptyPackets: 0,
  decodedFrames: 50,
  concealedFrames: 0,
  decodeError: null,
  readError: null,
  videoEnd: 5,
  fileEnd: 5,
  largestStep: 0.1,
  ...changes,
});
const claim = (changes: Partial<ContainerClaim> = {}): ContainerClaim => ({
  headerFrames: 50,
  streamEnd: 5,
  containerEnd: 5,
  countsSkipped: false,
  missingBytes: 0,
  ...changes,
});
const uncounted = (changes: Partial<ContainerClaim> = {}) => claim({ headerFrames: null, streamEnd: null, ...changes });

describe('judgeVideo', () => {
  const cases: [string, DecodeTally, ContainerClaim, string, RegExp | null][] = [
    ['all that was claimed', tally(), claim(), 'ok', null],
    ['no claim at all', tally(), uncounted({ containerEnd: null }), 'ok', null],
    ['frames hidden by an edit list', tally({ discardedPackets: 5, decodedFrames: 45 }), claim(), 'ok', null],
    ['sound longer than the picture', tally({ videoEnd: 4, fileEnd: 5 }), uncounted(), 'ok', null],
    ['an end within rounding', tally({ fileEnd: 4.9, videoEnd: 4.9 }), uncounted(), 'ok', null],
    [
      'fewer packets than claimed',
      tally({ packets: 20, decodedFrames: 20, videoEnd: 2 }),
      claim(),
      'truncated',
      /20 of 50/,
    ],
    [
      'a lost tail that failed too',
      tally({ packets: 21, decodedFrames: 20, decodeError: 'bad' }),
      claim(),
      'truncated',
      /20 of 50/,
    ],
    ['an end before the duration', tally({ videoEnd: 2, fileEnd: 2 }), uncounted(), 'truncated', /3\.00 s missing/],
    [
      'a stream shorter than its own tag',
      tally({ videoEnd: 2 }),
      uncounted({ streamEnd: 5 }),
      'truncated',
      /3\.00 s missing/,
    ],
    ['an element that is cut', tally(), uncounted({ containerEnd: null, missingBytes: 7 }), 'truncated', /ends early/],
    [
      'a failure midway',
      tally({ decodedFrames: 28, decodeError: 'bad' }),
      claim(),
      'corrupt',
      /after 28 of 50 frames \(bad\)/,
    ],
    ['a read failure', tally({ packets: 30, decodedFrames: 30, readError: 'I/O' }), claim(), 'corrupt', /I\/O/],
    ['covered-up damage', tally({ concealedFrames: 2 }), claim(), 'corrupt', /2 of 50 frames are damaged/],
    ['frames lost without a word', tally({ decodedFrames: 49 }), claim(), 'corrupt', /only 49 of 50/],
    [
      'nothing decoded',
      tally({ decodedFrames: 0, decodeError: 'bad' }),
      claim(),
      'unreadable',
      /no frame could be decoded \(bad\)/,
    ],
  ];
  for (const [name, found, claimed, verdict, reason] of cases) {
    it(`calls ${name} ${verdict}`, () => {
      const judged = judgeVideo(found, claimed);
      assert.equal(judged.verdict, verdict);
      if (reason) assert.match(judged.reason ?? '', reason);
      else assert.equal(judged.reason, null);
    });
  }
});
