import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnswerRecord } from '../run/answer-record.js';
import { seedBenchSubmission } from './seedbench/submission.js';
import { videoMmeSubmission } from './videomme/submission.js';

const record = (id: string, more: Partial<AnswerRecord>): [string, AnswerRecord] => [
  id,
  {
    ...{ id, type: 'short', tags: { domain: 'D', sub_category: 'S', task_type: 'T' }, question: 'Why?' },
    ...{ options: ['left', 'right'], letters: ['A', 'B'], right: 'B', output: 'B.', chosen: 'B' },
    ...more,
  } as AnswerRecord,
];

test('SEED-Bench: a line a question, those without an answer left out', () => {
  const answers = new Map([record('101669', {}), record('v1', { chosen: null }), record('v2', { chosen: 'D' })]);
  assert.equal(
    seedBenchSubmission(answers).text,
    '{"question_id":"101669","prediction":"B"}\n{"question_id":"v2","prediction":"D"}\n',
  );
});

test('Video-MME: the authors’ template, a video with its questions', () => {
  const answers = new Map([record('001-1', {}), record('002-1', { type: 'long' }), record('001-2', { output: null })]);
  const videos = JSON.parse(videoMmeSubmission(answers).text);
  assert.deepEqual(videos[0], {
    ...{ video_id: '001', duration: 'short', domain: 'D', sub_category: 'S' },
    questions: [
      ...[
        {
          question_id: '001-1',
          task_type: 'T',
          question: 'Why?',
          options: ['A. left', 'B. right'],
          answer: 'B',
          response: 'B.',
        },
      ],
      ...[
        {
          question_id: '001-2',
          task_type: 'T',
          question: 'Why?',
          options: ['A. left', 'B. right'],
          answer: 'B',
          response: '',
        },
      ],
    ],
  });
  assert.deepEqual([videos[1].video_id, videos[1].duration, videos[1].questions.length], ['002', 'long', 1]);
});
