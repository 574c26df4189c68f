import { readFileSync, statSync } from 'node:fs';
import { expected, UserError } from '@motion-enhancer/support';
import { type Document, parseDocument } from 'yaml';

const camel = (name: string) => name.replace(/-([a-z])/g, (_, c: string) => c.toUpperCase());

/**
 * Settings of a YAML file: one map, names as in the Fields tables or as the options are written (`batch-size`).
 * @throws UserError ERR_CONFIG naming file, line and remedy; names and values are checked by `resolve`
 */
export function readRunFile(path: string): Record<string, unknown> {
  const refuse = (problem: string, remedy: string, cause?: unknown) =>
    new UserError(`The run file ${path} cannot be read: ${problem}. ${remedy}`, { code: 'ERR_CONFIG', cause });
  // Reading a device has no end.
  const entry = statSync(path, { throwIfNoEntry: false });
  if (entry && !entry.isFile()) throw refuse('it is not a regular file', 'Give the path of a file.');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw refuse((cause as Error).message, 'Check its name.', cause);
  }
  // Node puts U+FFFD where bytes are no character; a path or a name would be another one.
  if (text.includes('\uFFFD'))
    throw new UserError(`The run file ${path} is not UTF-8. Convert it: iconv -f ENCODING -t UTF-8.`, {
      code: 'ERR_CONFIG',
    });
  const document = parseDocument(text);
  const [mistake] = document.errors;
  if (mistake)
    throw new UserError(`The run file ${path} is not valid YAML: ${mistake.message.trim()}`, {
      code: 'ERR_CONFIG',
      cause: mistake,
    });
  const content = plainValue(document, path) ?? {};
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw expected('a map of settings (name: value)', path, Array.isArray(content) ? 'a list' : content);
  const settings: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(content)) {
    const known = camel(name);
    if (known in settings)
      throw new UserError(`${known} stands twice in ${path}. Keep one of them.`, { code: 'ERR_CONFIG' });
    settings[known] = value ?? undefined;
  }
  return settings;
}

/** A few lines of aliases of aliases can stand for gigabytes: the library stops there. */
function plainValue(document: Document, path: string): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    throw new UserError(
      `The run file ${path} cannot be read: ${(cause as Error).message.split('\n')[0]}. Write values out instead of repeating them by alias (*name).`,
      { code: 'ERR_CONFIG', cause },
    );
  }
}
