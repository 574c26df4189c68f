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
  const described = describedSubjects(text);
  const bare = described.length > 0 ? [] : [...text.matchAll(/Subject (\d+)\s*\[(.*?)\]/g)];
  for (const { id, description, list } of described) add(id, pyStrip(description), pyStrip(list));
  for (const [, id, list] of bare) add(Number(id), `Subject ${Number(id)}`, pyStrip(list!));
  if (described.length + bare.length === 0)
    for (const line of text.split('\n')) {
      const id = /subject\s+(\d+)/.exec(line.toLowerCase())?.[1];
      const list = firstBracket(line);
      if (id === undefined || list === undefined) continue;
      const before = /subject\s+\d+:([^[]*)\[/.exec(line.toLowerCase())?.[1];
      add(Number(id), before === undefined ? `Subject ${Number(id)}` : pyStrip(before.trim()), pyStrip(list));
    }
  if (subjects.size === 0) {
    const list = text
      .split(LINE_END)
      .map(firstBracket)
      .find((one) => one !== undefined);
    if (list !== undefined) add(1, 'Subject 1', pyStrip(list));
  }
  return { subjects, actions };
}

/** What `.` of a regular expression does not match. */
const LINE_END = /[\n\r\u2028\u2029]/;

/** What stands in the first brackets of a line that close. */
function firstBracket(line: string): string | undefined {
  const open = line.indexOf('[');
  const close = line.indexOf(']', open);
  return open >= 0 && close >= 0 ? line.slice(open + 1, close) : undefined;
}

/**
 * Matches of upstream's `Subject (\d+):?\s+(.*?)\s*\[(.*?)\]`, each in time that grows with its length alone: the
 * expression itself takes the third power of a run of blanks.
 */
function describedSubjects(text: string): { id: number; description: string; list: string }[] {
  const found: { id: number; description: string; list: string }[] = [];
  const head = /Subject (\d+):?\s+/g;
  for (let match = head.exec(text); match; match = head.exec(text)) {
    const bracket = bracketAfter(text, head.lastIndex);
    if (!bracket) continue;
    const { open, close } = bracket;
    const description = text.slice(head.lastIndex, open).trimEnd();
    found.push({ id: Number(match[1]), description, list: text.slice(open + 1, close) });
    head.lastIndex = close + 1;
  }
  return found;
}

/** The first brackets that close on their line and before which, but for blanks, no line ends. */
function bracketAfter(text: string, from: number): { open: number; close: number } | null {
  for (let open = text.indexOf('[', from); open >= 0; ) {
    if (LINE_END.test(text.slice(from, open).trimEnd())) return null;
    const end = lineEnd(text, open);
    const close = text.indexOf(']', open);
    if (close >= 0 && close < end) return { open, close };
    open = text.indexOf('[', end);
  }
  return null;
}

function lineEnd(text: string, from: number): number {
  const end = /[\n\r\u2028\u2029]/g;
  end.lastIndex = from;
  return end.exec(text)?.index ?? text.length;
}

/** At commas; only where there is none, at semicolons and "and". One closing mark of each action is cut. */
function splitActions(list: string): string[] {
  if (list === '') return [];
  return list
    .split(list.includes(',') ? ',' : /;|(?<!\s)\s+and\s+/)
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
  const matches = [...text.matchAll(/\(Subject (\d+)\)/g)];
  let from = 0;
  for (const { index, 0: whole, 1: id } of matches) {
    // Upstream's `(.*?)\s*\(Subject (\d+)\)`: an action is the line before its subject; blanks between may be line ends.
    const action = pyStrip(text.slice(from, index).trimEnd().split(LINE_END).at(-1)!);
    if (action !== '') found.push([action, Number(id)]);
    from = index + whole.length;
  }
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
