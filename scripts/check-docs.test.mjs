import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { broken, headings, longLines, referencesOfMarkdown, referencesOfSource } from './check-docs.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const read = (path) => readFileSync(join(root, path), 'utf8');

const SKIP = new Set(['node_modules', 'dist', 'build']);

/** Paths of the files of a folder, and below it, that are wanted; none where there is no folder. */
function files(folder, wanted) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return SKIP.has(entry.name) ? [] : files(path, wanted);
    return wanted.test(path) ? [path] : [];
  });
}

const documents = ['README.md', 'CONTRIBUTING.md', ...files('docs', /\.md$/)];
const sources = [
  ...readdirSync(join(root, 'packages')).flatMap((name) => files(`packages/${name}/src`, /\.ts$/)),
  ...files('native', /\.(cc|h)$/),
  ...files('scripts', /\.(mjs|py)$/).filter((path) => !path.startsWith('scripts/check-docs')),
  ...files('bench', /\.(mjs|py|sh)$/),
];

/** Reports all that is wrong at once. */
const none = (faults) => assert.equal([...new Set(faults)].join('\n'), '');
const leadsNowhere = (path, references) =>
  references.flatMap((reference) => {
    const why = broken(reference, { root, from: path, read });
    return why === null ? [] : [`${path}: ${why}`];
  });

test('no line of prose is longer than 120 characters', () => {
  assert.ok(documents.length > 20);
  none(documents.flatMap((path) => longLines(read(path)).map((line) => `${path}:${line}`)));
});

test('links of documents, and documents that they name, are there', () => {
  none(documents.flatMap((path) => leadsNowhere(path, referencesOfMarkdown(read(path)))));
});

test('documents that sources name are there, and have the sections', () => {
  assert.ok(sources.length > 300);
  const found = sources.map((path) => [path, referencesOfSource(read(path), path)]);
  assert.ok(found.flatMap(([, references]) => references).length > 30);
  none(found.flatMap(([path, references]) => leadsNowhere(path, references)));
});

test('every note of docs/decisions is in its index', () => {
  const index = read('docs/decisions/README.md');
  const notes = files('docs/decisions', /\d{4}-\d\d-\d\d-[\w-]+\.md$/);
  assert.ok(notes.length > 10);
  none(notes.filter((path) => !index.includes(`](${path.slice('docs/decisions/'.length)})`)));
});

test('the check finds what is wrong', () => {
  const long = 'word '.repeat(30);
  const text = [
    long,
    `| ${long} |`,
    '```',
    long,
    '```',
    '',
    `    ${long}`,
    '',
    '- item',
    '',
    `    ${long}`,
    'w'.repeat(130),
  ];
  assert.deepEqual(longLines(text.join('\n')), [1, 11]);

  const { anchors, numbers } = headings('# Two, `words`\n## 1.2 Two words\n## Two words\n## Two words\n```\n# no\n```');
  assert.deepEqual([...anchors], ['two-words', '12-two-words', 'two-words-1', 'two-words-2']);
  assert.deepEqual([...numbers], ['1.2']);

  const source = [
    "const x = 'docs/a.md'; // see lost.md §5.1, 5.2",
    '/** (docs/method.md',
    ' * 1–3): README.md, NAME.md */',
    "const y = 'beside.md';",
  ].join('\n');
  assert.deepEqual(
    referencesOfSource(source, 'x.ts').map(({ path, sections }) => [path, sections]),
    [
      ['lost.md', ['5.1', '5.2']],
      ['docs/method.md', ['1', '3']],
      ['docs/a.md', []],
      ['docs/method.md', []],
    ],
  );
  const markdown = '[a](b.md#c) 2 and 3.1, `docs/d.md`, [e](https://f.md)';
  assert.deepEqual(referencesOfMarkdown(markdown), [
    { path: 'b.md', anchor: 'c', sections: ['2', '3.1'], link: true },
    { path: 'docs/d.md', anchor: undefined, sections: [], link: false },
  ]);
  const why = (path, anchor, sections = []) =>
    broken({ path, anchor, sections, link: false }, { root, from: 'scripts/x.mjs', read });
  assert.equal(why('docs/method.md', undefined, ['1.3', '5.6']), null);
  assert.match(why('docs/method.md', undefined, ['1.3', '9.9']), /no section 9\.9/);
  assert.match(why('docs/setup.md', 'nothing'), /no heading/);
  assert.equal(why('docs/setup.md', 'threads'), null);
  assert.match(why('docs/none.md'), /no file/);
  assert.match(why('method.md'), /no file/);
});
