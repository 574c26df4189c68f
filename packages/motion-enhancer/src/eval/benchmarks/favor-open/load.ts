import { UserError } from '@motion-enhancer/support';
import { bareName, favorVideos } from '../favor/videos.js';
import { listOf, objectOf, type Raw, textOf } from '../fields.js';
import type { MediaFinder } from '../find-media.js';
import type { EvalQuestion, LoadedBenchmark } from '../question.js';
import { findFile, RowCollector, readJsonFile } from '../read-file.js';

/**
 * FAVOR-Bench's open part: a caption a video, compared with FAVOR_gt_annotations.json (or with video_perspective.json,
 * which holds the same fields but for the number of subjects).
 * @throws UserError ERR_DATA
 */
export function loadFavorOpen(data: string): LoadedBenchmark {
  const file = findFile(
    data,
    ['FAVOR_gt_annotations.json', 'LLM-free/FAVOR_gt_annotations.json', 'video_perspective.json'],
    'FAVOR-Bench’s open part',
  );
  const content = readJsonFile(file);
  const videos = favorVideos(file.replace(/LLM-free[\\/]([^\\/]+)$/, '$1'));
  const rows = new RowCollector();
  const entries: [string, unknown][] = Array.isArray(content)
    ? content.map((row) => [String((row as Raw | null)?.video_name), row])
    : Object.entries(contentOf(content, file));
  for (const [i, [name, value]] of entries.entries()) {
    rows.count(String((value as Raw | null)?.num_subjects ?? 'unsaid'));
    rows.add(i + 1, () => {
      const annotation = objectOf(value);
      textOf(annotation, 'motion_list');
      if (typeof annotation.chronological_motion_list !== 'string') listOf(annotation, 'chronological_motion_list');
      return [caption(bareName(name), annotation, videos, i + 1)];
    });
  }
  return rows.end('favor-open', 'all', file);
}

/** @throws UserError ERR_DATA */
function contentOf(content: unknown, file: string): Raw {
  try {
    return objectOf(content);
  } catch (cause) {
    throw new UserError(
      `Expected an object of annotations or a list of videos in ${file} but received ${JSON.stringify(content).slice(0, 40)}. Give FAVOR_gt_annotations.json or video_perspective.json as published.`,
      { code: 'ERR_DATA', cause },
    );
  }
}

function caption(id: string, annotation: Raw, videos: MediaFinder, line: number): EvalQuestion {
  return {
    id,
    benchmark: 'favor-open',
    type: 'caption',
    tags: typeof annotation.num_subjects === 'string' ? { num_subjects: annotation.num_subjects } : {},
    medium: { type: 'video', path: videos.find(id, ['.mp4', '']) },
    question: '',
    options: [],
    letters: [],
    answer: null,
    subtitles: null,
    annotation,
    line,
  };
}
