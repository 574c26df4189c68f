import { pySplit, pyStrip } from '../../../parsers/python-text.js';
import type { SubjectActions } from './types.js';

/**
 * Subjects and actions of a motion list: `Subject n: description [a, b]`, else `Subject n [a, b]`, else line by line, else
 * the first bracket as subject 1.
 * Source: FAVOR-Bench LLM-free_step2_compare.py (extract_subjects_and_actions_from_motion_list).
 */
export function readMotionList(text: string): SubjectActions {
  const subjects = new Map<number, string>();
  const actions = new Map<number, string[]>();
  const add = (id: number, description: string, list: string): void => {
    subjects.set(id, description);
    actions.set(id, splitActions(list));
  };
  const described = [...text.matchAll(/Subject (\d+):?\s+(.*?)\s*\[(.*?)\]/g)];
  const bare = described.length > 0 ? [] : [...text.matchAll(/Subject (\d+)\s*\[(.*?)\]/g)];
  for (const [, id, description, list] of described) add(Number(id), pyStrip(description!), pyStrip(list!));
  for (const [, id, list] of bare) add(Number(id), `Subject ${Number(id)}`, pyStrip(list!));
  if (described.length + bare.length === 0)
    for (const line of text.split('\n')) {
      const id = /subject\s+(\d+)/.exec(line.toLowerCase())?.[1];
      const list = /\[(.*?)\]/.exec(line)?.[1];
      if (id === undefined || list === undefined) continue;
      const description = /subject\s+\d+:\s*(.*?)\s*\[/.exec(line.toLowerCase())?.[1];
      add(Number(id), description === undefined ? `Subject ${Number(id)}` : pyStrip(description), pyStrip(list));
    }
  if (subjects.size === 0) {
    const list = /\[(.*?)\]/.exec(text)?.[1];
    if (list !== undefined) add(1, 'Subject 1', pyStrip(list));
  }
  return { subjects, actions };
}

/** At commas; only where there is none, at semicolons and "and". One closing mark of each action is cut. */
function splitActions(list: string): string[] {
  if (list === '') return [];
  return list
    .split(list.includes(',') ? ',' : /;|\s+and\s+/)
    .map(pyStrip)
    .filter((action) => action !== '')
    .map(withoutMark)
    .filter((action) => pySplit(action).length > 0);
}

const withoutMark = (action: string): string => pyStrip(action.replace(/[,.;!?]$/, ''));

/**
 * Actions with their subjects. As upstream, every action but the first keeps the comma before it.
 * Source: FAVOR-Bench LLM-free_step2_compare.py (extract_actions_from_chronological_list).
 */
export function readChronologicalList(text: string): (readonly [action: string, subject: number])[] {
  const found: (readonly [string, number])[] = [];
  const matches = [...text.matchAll(/(.*?)\s*\(Subject (\d+)\)/g)];
  for (const [, action, id] of matches) if (pyStrip(action!) !== '') found.push([pyStrip(action!), Number(id)]);
  if (matches.length === 0)
    for (const item of text.split(/,\s*/).map(pyStrip)) {
      const [open, close] = [item.lastIndexOf('('), item.lastIndexOf(')')];
      if (open < 0 || close < 0) continue;
      const subject = pyStrip(item.slice(open + 1, close));
      const id = subject.toLowerCase().startsWith('subject') ? pySplit(subject)[1] : undefined;
      const action = pyStrip(item.slice(0, open));
      if (id !== undefined && /^[+-]?\d+$/.test(id) && action !== '') found.push([action, Number(id)]);
    }
  return found.map(([action, subject]) => [withoutMark(action), subject]);
}

/**
 * Segments of a camera text, each with the word "camera". An empty text is the one segment "Camera ".
 * Source: FAVOR-Bench LLM-free_step2_compare.py (extract_camera_motion_segments).
 */
export function readCameraMotion(text: string): string[] {
  const plain = pyStrip(text).replace(/\s+/g, ' ');
  const segments = cameraSegments(plain);
  return (segments.length === 0 ? [plain] : segments).map((segment) =>
    segment.toLowerCase().includes('camera') ? segment : `Camera ${segment}`,
  );
}

function cameraSegments(text: string): string[] {
  const kept = (parts: string[]): string[] => parts.map(pyStrip).filter((part) => part !== '');
  if (text.includes(',')) return text.split(',').map(pyStrip);
  if (text.includes('.')) return kept(text.split('.'));
  if (!text.toLowerCase().includes('camera')) return kept(text.split(/;|\s+then\s+|\s+and\s+/));
  const segments: string[] = [];
  let current = '';
  for (const part of text.toLowerCase().split(/(camera\s+)/)) {
    if (/^camera\s/.test(part)) {
      if (current !== '') segments.push(pyStrip(current));
      current = part;
    } else current += part;
  }
  if (current !== '') segments.push(pyStrip(current));
  return segments;
}
