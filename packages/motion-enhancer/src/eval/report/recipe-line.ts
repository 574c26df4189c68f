import { vlmFamilyById } from '../../vlm/index.js';
import type { RunScore } from './score-run.js';

/** Everything that a score depends on, in one line: it stands at every published number. */
export function recipeLine({ run, left, errors, malformed, damaged, unchecked, surplus, own }: RunScore): string {
  const { settings, vlm, data } = run;
  const { video, decoding, changed } = settings;
  const frames =
    video.frames > 0 ? `${video.frames} frames` : `${video.fps} fps (${video.minFrames} to ${video.maxFrames} frames)`;
  const clock = vlmFamilyById(vlm.family)?.ownSettings.includes('secondPerGrid')
    ? `, second-per-grid ${video.secondPerGrid}, m-RoPE ${video.mropeRounding}`
    : '';
  const pixels = `at most ${video.maxPixels} pixels${video.totalPixels > 0 ? `, ${video.totalPixels} in all` : ''}`;
  const parts = [
    `${settings.benchmark} ${settings.split}${settings.types.length > 0 ? ` (${settings.types.join(', ')})` : ''}${settings.limit > 0 ? `, first ${settings.limit}` : ''}`,
    `protocol ${settings.protocol} v${settings.protocolVersion}`,
    own?.rule ?? `judge ${settings.judge ?? 'least loss'}`,
    `${frames}, rule ${video.frameRule}, ${pixels}${clock}, system ${video.system}`,
    decodingText(decoding, vlm.repetitionPenalty),
    ...(settings.subtitles ? ['with subtitles'] : []),
    ...(changed.length > 0 ? [`changed from the protocol: ${changed.join(', ')}`] : []),
    `${settings.dtype}${vlm.weights === 'random' ? ', untrained random weights' : ''}`,
    `${data.questions} questions${left > 0 ? `, ${left} without answer: a part only` : ''}${errors > 0 ? `, ${errors} in error and counted wrong` : ''}${malformed > 0 ? `, ${malformed} malformed rows left out` : ''}`,
    ...(damaged > 0 ? [`${damaged} damaged lines of answers left out`] : []),
    ...(unchecked > 0 ? [`${unchecked} answers of an earlier version, without checksums`] : []),
    ...(surplus > 0 ? [`${surplus} answers more than questions: run eval again, which drops them`] : []),
    ...run.notes,
    `questions ${settings.data.slice(0, 12)}, model ${settings.model.slice(0, 12)}`,
    run.code,
  ];
  return parts.join(' · ');
}

function decodingText(decoding: RunScore['run']['settings']['decoding'], ownPenalty?: number): string {
  const { maxNewTokens, temperature, repetitionPenalty, topK, topP, seed, stop } = decoding;
  if (maxNewTokens === undefined && temperature === undefined) return 'nothing generated';
  const said = [
    `at most ${maxNewTokens ?? '?'} new tokens`,
    temperature === undefined
      ? 'sampling as generation_config.json says'
      : temperature === 0
        ? 'greedy'
        : `temperature ${temperature}`,
    repetitionPenalty === undefined
      ? `repetition penalty ${ownPenalty === undefined ? '' : `${ownPenalty} `}as generation_config.json says`
      : `repetition penalty ${repetitionPenalty}`,
    ...(topK === undefined ? [] : [`top-k ${topK}`]),
    ...(topP === undefined ? [] : [`top-p ${topP}`]),
    ...(seed === undefined ? [] : [`seed ${seed}`]),
    ...(stop && stop.length > 0 ? [`stop ${JSON.stringify(stop)}`] : []),
  ];
  return said.join(', ');
}
