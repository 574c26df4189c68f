import { readText } from './read-file.js';

/** One subtitle, s. */
export interface Subtitle {
  start: number;
  end: number;
  text: string;
}

const TIMES = /(\d+):(\d\d):(\d\d)[,.](\d{1,3})\s*-->\s*(\d+):(\d\d):(\d\d)[,.](\d{1,3})/;

/** Reads an SRT file; blocks that are none are passed over, formatting tags are taken out. */
export function parseSrt(content: string): Subtitle[] {
  return content
    .replace(/\r\n?/g, '\n')
    .split(/\n\s*\n/)
    .flatMap((block): Subtitle[] => {
      const lines = block.split('\n');
      const at = lines.findIndex((line) => TIMES.test(line));
      if (at < 0) return [];
      const [h0, m0, s0, f0, h1, m1, s1, f1] = TIMES.exec(lines[at]!)!.slice(1) as [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
      ];
      const seconds = (h: string, m: string, s: string, f: string) =>
        Number(h) * 3600 + Number(m) * 60 + Number(s) + Number(f.padEnd(3, '0')) / 1000;
      const text = lines
        .slice(at + 1)
        .join(' ')
        .replace(/<[^>]*>|\{\\[^}]*\}/g, '')
        .replace(/\s+/g, ' ')
        .trim();
      return text === '' ? [] : [{ start: seconds(h0, m0, s0, f0), end: seconds(h1, m1, s1, f1), text }];
    });
}

export const readSrt = (path: string): Subtitle[] => parseSrt(readText(path));

/**
 * The subtitles at the times of the frames that the model sees, each once, a line each.
 * Source: BradyFU/Video-MME README ("with subtitles": those of the chosen frames).
 */
export function subtitlesAt(subtitles: readonly Subtitle[], seconds: readonly number[]): string {
  const seen = subtitles.filter(({ start, end }) => seconds.some((at) => at >= start && at <= end));
  return [...new Set(seen.map(({ text }) => text))].join('\n');
}
