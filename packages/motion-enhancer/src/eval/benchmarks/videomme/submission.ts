import type { AnswerRecord } from '../../run/answer-record.js';
import type { Submission } from '../benchmark.js';

/**
 * Replies as the authors of Video-MME score them: a video with its questions, each with its `response`.
 * Source: BradyFU/Video-MME evaluation/output_test_template.json.
 */
export function videoMmeSubmission(answers: ReadonlyMap<string, AnswerRecord>): Submission {
  const videos = new Map<string, { questions: object[] }>();
  for (const { id, type, tags, question, options, letters, right, output } of answers.values()) {
    const video_id = id.replace(/-\d+$/, '');
    const { domain, sub_category, task_type } = tags;
    const video = videos.get(video_id) ?? { video_id, duration: type, domain, sub_category, questions: [] as object[] };
    videos.set(video_id, video);
    const written = options.map((option, i) => `${letters[i]}. ${option}`);
    const entry = { question_id: id, task_type, question, options: written, answer: right, response: output ?? '' };
    video.questions.push(entry);
  }
  return { name: 'videomme_output.json', text: `${JSON.stringify([...videos.values()], null, 1)}\n` };
}
