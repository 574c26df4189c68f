// What `probe` finds in every video of folders that have a manifest.json by PyAV, held against it:
//   node bench/probe-videos.mjs [--out FILE] FOLDER…        exit code 1 where anything differs
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { probeVideo } from '../packages/motion-enhancer/dist/data/video/index.js';

const words = process.argv.slice(2);
const at = words.indexOf('--out');
const out = at < 0 ? null : words.splice(at, 2)[1];
const fraction = (text) => {
  const [over, under = '1'] = text.split('/');
  return Number(over) / Number(under);
};
/** PyAV names the decoder, we name the coding. */
const CODECS = { libdav1d: 'av1' };

/** Facts that differ from the manifest's, by name. */
function differences(info, entry) {
  if (entry.open_error) return info.verdict === 'unreadable' ? [] : ['verdict'];
  const tick = fraction(entry.time_base);
  const stamps = info.timestamps.map((time) => Math.round(time / tick));
  const { pts_first: first = [], pts_last: last = [], pts } = entry;
  const equal = (a, b) => a.length === b.length && a.every((value, i) => value === b[i]);
  const facts = {
    codec: info.codec === (CODECS[entry.codec] ?? entry.codec),
    size: info.storedWidth === entry.width && info.storedHeight === entry.height,
    rotation: info.rotation === (entry.rotation ?? 0),
    headerFrames: info.headerFrames === (entry.header_frames || null),
    decodedFrames: info.decodedFrames === entry.decoded_frames && stamps.length === entry.decoded_frames,
    fps: entry.average_rate === 'None' || Math.abs(info.fps - fraction(entry.average_rate)) < 1e-9,
    timestamps:
      (pts ? equal(stamps, pts) : true) &&
      equal(stamps.slice(0, first.length), first) &&
      (last.length === 0 || equal(stamps.slice(-last.length), last)),
    verdict:
      entry.decoded_frames === 0
        ? info.verdict === 'unreadable'
        : entry.decode_error
          ? ['truncated', 'corrupt'].includes(info.verdict)
          : info.verdict === 'ok' || info.verdict === 'truncated',
  };
  return Object.keys(facts).filter((fact) => !facts[fact]);
}

const seen = new Set();
const rows = [];
let wrong = 0;
for (const folder of words) {
  const { files } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  for (const [name, entry] of Object.entries(files)) {
    if (name.includes('#') || seen.has(name)) continue;
    seen.add(name);
    const info = await probeVideo(join(folder, name));
    const bad = differences(info, entry);
    wrong += bad.length > 0 ? 1 : 0;
    const none = info.verdict === 'unreadable';
    rows.push(
      [
        name,
        info.codec || '–',
        none ? '–' : `${info.width} × ${info.height}`,
        none ? '–' : info.rotation,
        none ? '–' : info.fps.toFixed(3),
        none ? '–' : info.duration.toFixed(3),
        info.headerFrames ?? '–',
        info.decodedFrames,
        info.verdict,
        info.reason ?? '',
        bad.length > 0 ? `**${bad.join(', ')}**` : 'agrees',
      ].join(' | '),
    );
  }
}
const text = `# What probe finds

| file | codec | shown size | rotation | fps | seconds | header frames | decoded frames | verdict | reason | manifest |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
${rows.map((row) => `| ${row} |`).join('\n')}

${rows.length} files, ${wrong} differ from what PyAV found in them (codec, stored size, rotation, frames that the header claims and that decode, rate, time stamps,
whether decoding fails). A file that PyAV decodes without an error and that ends before its container's claim is \`truncated\` here.
${new Date().toISOString().slice(0, 10)}, commit ${process.env.COMMIT ?? 'unknown'}, command \`node bench/probe-videos.mjs ${words.join(' ')}\`
`;
console.log(text);
if (out) writeFileSync(out, text);
process.exitCode = wrong > 0 ? 1 : 0;
