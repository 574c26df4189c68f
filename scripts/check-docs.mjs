// What the documents and the comments of the repository refer to, for scripts/check-docs.test.mjs.
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const MAX = 120;

/** Names of Markdown files that are no documents of this repository: written by commands, or of other projects. */
const ELSEWHERE = new Set([
  'README.md',
  'DATASET.md',
  'compare.md',
  'parity.md',
  'scores.md',
  'data/README.md',
  'docs/source_en/Customization/Custom-dataset.md',
]);

/** Markdown without its code blocks; lines stay where they are. */
export function withoutCode(markdown) {
  let fence = false;
  let list = false;
  let indented = false;
  let blank = true;
  return markdown.split('\n').map((line) => {
    if (/^\s*(```|~~~)/.test(line)) {
      fence = !fence;
      return '';
    }
    if (fence) return '';
    if (/^\s*([-*+]|\d+\.) /.test(line)) list = true;
    else if (/^\S/.test(line)) list = false;
    // Four blanks begin a code block after an empty line, outside of lists.
    indented = /^ {4}/.test(line) && !list && (blank || indented);
    blank = line.trim() === '';
    return indented ? '' : line;
  });
}

/** Numbers of the lines of prose that are longer than 120 characters; tables and words that cannot be broken may be. */
export function longLines(markdown) {
  return withoutCode(markdown).flatMap((line, i) => {
    const table = /^\s*\|/.test(line);
    const oneWord = !/\S\s+\S/.test(line.replace(/^\s*([-*+>]|\d+\.) /, ''));
    return [...line].length > MAX && !table && !oneWord ? [i + 1] : [];
  });
}

/** Anchors that GitHub gives to a document's headings, and the numbers that headings begin with. */
export function headings(markdown) {
  const anchors = new Set();
  const numbers = new Set();
  const count = new Map();
  for (const line of withoutCode(markdown)) {
    const heading = /^#{1,6} +(.*)$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
    const slug = text
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
      .replaceAll(' ', '-');
    const before = count.get(slug) ?? 0;
    count.set(slug, before + 1);
    anchors.add(before === 0 ? slug : `${slug}-${before}`);
    const number = /^(\d+(?:\.\d+)*)\.? /.exec(text)?.[1];
    if (number) numbers.add(number);
  }
  return { anchors, numbers };
}

/** Text of the comments of a source; a line break where code stands between them. */
export function comments(source, path) {
  const hash = /\.(py|sh)$/.test(path);
  return source
    .split('\n')
    .map((line) => (hash ? /#(.*)$/ : /(?:^\s*\*|\/\*+|(?<!:)\/\/)(.*)$/).exec(line)?.[1] ?? '\n')
    .map((line) => line.replace(/\*\/\s*$/, ''))
    .join(' ');
}

const NUMBER = String.raw`\d+(?:\.\d+)*`;
const AFTER = String.raw`(?:\s+§?(${NUMBER}(?:\s*(?:–|,|and)\s+?${NUMBER}|–${NUMBER})*))?`;
const NAMED = new RegExp(String.raw`(?<![\w./{}$*-])((?:[\w.-]+\/)*[\w-]+\.md)\b(?:#([\w-]+))?${AFTER}`, 'giu');
const LINK = new RegExp(String.raw`\]\(([^)#\s]*)(?:#([^)\s]*))?\)${AFTER}`, 'gu');

const sections = (text) => (text ? text.match(new RegExp(NUMBER, 'g')) : []);

/** Files named in a source: all of docs/ and bench/results/, in comments others too. [{ path, anchor, sections }] */
export function referencesOfSource(source, path) {
  const found = [];
  const add = (text, wanted) => {
    for (const [, file, anchor, after] of text.matchAll(NAMED))
      if (wanted(file)) found.push({ path: file, anchor, sections: sections(after) });
  };
  add(comments(source, path), (file) => !isElsewhere(file));
  add(source, (file) => /^(docs|bench\/results)\//.test(file) && !isElsewhere(file));
  return found;
}

/** In capitals stands what a command's user names: NAME.md, dispatch-HOST.md. */
const isElsewhere = (file) => ELSEWHERE.has(file) || /(^|[-/])(?!README)[A-Z]+\.md$/.test(file);

/** Links of a document, and the Markdown files that it names: [{ path, anchor, sections, link }] */
export function referencesOfMarkdown(markdown) {
  const text = withoutCode(markdown).join('\n');
  const links = [...text.matchAll(LINK)]
    .filter(([, target]) => !/^[a-z]+:/.test(target))
    .map(([, path, anchor, after]) => ({ path, anchor, sections: sections(after), link: true }));
  const prose = text.replace(/\[[^\]]*\]\([^)]*\)/g, ' ').replace(/https?:\S+/g, ' ');
  const named = [...prose.matchAll(NAMED)]
    .filter(([, file]) => !isElsewhere(file))
    .map(([, path, anchor, after]) => ({ path, anchor, sections: sections(after), link: false }));
  return [...links, ...named];
}

/**
 * Why a reference leads nowhere; null where it does.
 * @param from path of the file that refers, relative to `root`
 * @param read text of a document by its path
 */
export function broken(reference, { root, from, read }) {
  const beside = normalize(join(dirname(from), reference.path));
  const target = reference.link
    ? reference.path === ''
      ? from
      : beside
    : [reference.path, ...(from.endsWith('.md') ? [beside] : [])].find((path) => existsSync(join(root, path)));
  if (target === undefined || !existsSync(join(root, target))) return `there is no file ${reference.path}`;
  if (!target.endsWith('.md')) return null;
  const { anchors, numbers } = headings(read(target));
  if (reference.anchor && !anchors.has(reference.anchor)) return `${target} has no heading #${reference.anchor}`;
  if (numbers.size === 0) return null;
  const missing = reference.sections.find((number) => !numbers.has(number));
  return missing === undefined ? null : `${target} has no section ${missing}`;
}
