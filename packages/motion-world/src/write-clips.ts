import { join } from 'node:path';
import { encodePng } from '@motion-enhancer/core/internal/data/image/index.js';
import { writeVideo } from '@motion-enhancer/core/internal/data/video/write-video.js';
import { makeFolder, writeBytes, writeText } from '@motion-enhancer/support';
import { WORLD_FPS } from './fields.js';
import { MOTION_TYPES, TYPE_NAMES, type WorldClip } from './generate/index.js';

/**
 * Writes clips into a folder:
 * - `videos/ID.mov`: lossless;
 * - `masks/ID.png`: the frames' masks below each other, each grey value the index + 1 of the object in front;
 * - `clips.jsonl`: scene, caption with its words, questions;
 * - `train.json`: a row a question for `motion-enhancer train`, the caption beside it as text of the diffusion model;
 * - `video_info.meta.jsonl`: the questions in MotionBench's schema.
 * Lists come last: where they are, the videos are.
 */
export async function writeClips(
  dir: string,
  clips: Iterable<WorldClip>,
  onClip: (done: number) => void = () => {},
): Promise<void> {
  for (const folder of ['videos', 'masks']) makeFolder(join(dir, folder));
  const lines: { clips: string[]; bench: string[] } = { clips: [], bench: [] };
  const rows: unknown[] = [];
  for (const clip of clips) {
    const { frames, masks, count, size, id, ...text } = clip;
    const video = `videos/${id}.mov`;
    await writeVideo(join(dir, video), { frames, count, width: size, height: size }, WORLD_FPS);
    const grey = new Uint8Array(masks.length * 3);
    masks.forEach((label, i) => void grey.fill(label, i * 3, i * 3 + 3));
    writeBytes(join(dir, `masks/${id}.png`), encodePng({ width: size, height: size * count, data: grey }));
    lines.clips.push(JSON.stringify({ id, video, masks: `masks/${id}.png`, count, size, ...text }));
    lines.bench.push(...benchLines(clip));
    rows.push(...trainRows(clip, video));
    onClip(lines.clips.length);
  }
  writeText(join(dir, 'video_info.meta.jsonl'), lines.bench.map((line) => `${line}\n`).join(''));
  writeText(join(dir, 'train.json'), `${JSON.stringify(rows, null, 1)}\n`);
  writeText(join(dir, 'clips.jsonl'), lines.clips.map((line) => `${line}\n`).join(''));
}

const isMotion = (type: string): type is keyof typeof TYPE_NAMES => (MOTION_TYPES as readonly string[]).includes(type);

/** One line a question, as question_type stands beside the video there. */
function benchLines({ id, questions, count, size }: WorldClip): string[] {
  return questions.flatMap(({ type, text, answer }, i) =>
    isMotion(type)
      ? [
          JSON.stringify({
            question_type: TYPE_NAMES[type],
            video_type: 'motion world',
            key: `${id}-${i}`,
            video_path: `${id}.mov`,
            video_info: { duration: count / WORLD_FPS, fps: WORLD_FPS, resolution: { width: size, height: size } },
            qa: [{ uid: `${id}-${i}`, question: text, answer: 'ABCD'[answer], start: null, end: null }],
          }),
        ]
      : [],
  );
}

const trainRows = ({ id, questions, caption }: WorldClip, video: string): unknown[] =>
  questions.map(({ text, answer }, i) => ({
    id: `${id}-${i}`,
    video,
    caption,
    conversations: [
      { from: 'human', value: `<video>\n${text}` },
      { from: 'gpt', value: 'ABCD'[answer] },
    ],
  }));
